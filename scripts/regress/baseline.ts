/** What earlier runs of a claims file came to: its baseline file, to be kept in version control. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Fingerprint } from './golden.js';

const FORMAT = 1;

export interface Baseline {
  readonly format: typeof FORMAT;
  /** Scores of claims by name: a list a task, a number a seed. */
  readonly claims: Readonly<Record<string, readonly (readonly number[])[]>>;
  /** Fingerprints of envs by what they were made with (`envKey`). */
  readonly envs: Readonly<Record<string, Fingerprint>>;
}

/** The baseline at `path`; an empty one where there is none yet. */
export async function readBaseline(path: string): Promise<Baseline> {
  if (!existsSync(path)) return { format: FORMAT, claims: {}, envs: {} };
  let content: Partial<Baseline> | null;
  try {
    content = JSON.parse(await readFile(path, 'utf8')) as Partial<Baseline> | null;
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (content?.format !== FORMAT) {
    const got = JSON.stringify(content?.format);
    throw new Error(`${path}: expected a baseline file of format ${FORMAT}, got ${got}`);
  }
  return { format: FORMAT, claims: content.claims ?? {}, envs: content.envs ?? {} };
}

/** Writes a baseline in which what was measured now takes the place of what was there. */
export async function updateBaseline(
  path: string,
  before: Baseline,
  { claims, envs }: Omit<Baseline, 'format'>,
): Promise<void> {
  const sorted = <T>(map: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
  const after: Baseline = {
    format: FORMAT,
    claims: sorted({ ...before.claims, ...claims }),
    envs: sorted({ ...before.envs, ...envs }),
  };
  await writeFile(path, `${JSON.stringify(after, null, 2)}\n`);
}
