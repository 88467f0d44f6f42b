import { isMap, unpackMessage } from '../../protocol/messages.js';
import { COMMON_RULES } from './common-rules.js';
import { HELLO, packed } from './peer.js';
import { RawClient } from './raw-client.js';
import { type Report, type RuleGroup, reportOf } from './report.js';
import { SCENARIOS } from './scenarios/index.js';
import { play, ROLES, type Role, type Scenario, type Target } from './stage.js';
import { Verdicts } from './verdicts.js';

export interface ServerTrial {
  readonly url: string;
  /** The envs and worlds to try, where not the usual ones. */
  readonly ids?: Target['ids'];
  /** Longest wait for a reply, milliseconds. */
  readonly timeoutMs: number;
  /** Other scenarios than all. */
  readonly scenarios?: readonly Scenario[];
}

const COMMON: RuleGroup = {
  name: 'every message',
  title: 'What holds of all that a server sends.',
  rules: COMMON_RULES,
};

/** Plays the recorded sessions against a server, and judges what it answers by the rules of the specification. */
export async function judgeServer({
  url,
  ids = {},
  timeoutMs,
  scenarios = SCENARIOS,
}: ServerTrial): Promise<Report> {
  const hosted = await listed(url, timeoutMs);
  const roles = Object.keys(ROLES) as Role[];
  const usual = roles.flatMap((role) => (isThere(hosted, ROLES[role].id) ? [[role, ROLES[role].id]] : []));
  const any = hosted?.find(({ players, renderModes }) => players === 1 && String(renderModes) !== '')?.id;
  const target: Target = {
    url,
    ids: { ...(any !== undefined && { env: any }), ...Object.fromEntries(usual), ...ids } as Target['ids'],
    timeoutMs,
  };
  const verdicts = new Verdicts();
  /** Why scenarios were not played, or not to their end. */
  const stops = new Map<string, string>();
  for (const scenario of scenarios) {
    const missing = scenario.needs.filter((role) => target.ids[role] === undefined);
    if (missing.length > 0) {
      stops.set(scenario.name, missing.map(lack).join('; '));
      continue;
    }
    const { stopped } = await play(scenario, target, verdicts);
    if (stopped !== undefined) stops.set(scenario.name, `it ended early: ${stopped}`);
  }
  return reportOf(
    url,
    [COMMON, ...scenarios],
    verdicts,
    ({ name }) => stops.get(name) ?? 'nothing here called for it',
  );
}

const lack = (role: Role): string =>
  `it takes ${ROLES[role].what}, and the server lists no ${ROLES[role].id}: name one with --env ${role}=ID`;

/** Whether a server hosts that; one whose list is not to be read is taken to host everything. */
const isThere = (hosted: readonly Readonly<Record<string, unknown>>[] | undefined, id: string): boolean =>
  hosted?.some((spec) => spec.id === id) ?? true;

/** What a server lists; undefined where it cannot be read. Throws where nothing answers at that address. */
async function listed(
  url: string,
  timeoutMs: number,
): Promise<readonly Readonly<Record<string, unknown>>[] | undefined> {
  const client = await RawClient.open(url).catch((error: Error) => {
    throw new Error(`${url}: ${error.message}. Is a server running there?`);
  });
  try {
    client.send(packed(HELLO));
    await client.next(timeoutMs);
    client.send(packed({ type: 'list', id: 1 }));
    const arrival = await client.next(timeoutMs);
    if (!arrival || !('frame' in arrival)) return undefined;
    const { envs } = unpackMessage(arrival.frame);
    return Array.isArray(envs) ? envs.filter(isMap) : undefined;
  } catch {
    return undefined; // the scenarios will tell what is wrong
  } finally {
    client.terminate();
  }
}
