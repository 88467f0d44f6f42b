/** What the specification shows of the code is what the code does. */
import t from 'tap';
import { ERRORS } from '../../protocol/errors.js';
import { type FrameLayout, frameLayout } from '../../protocol/frames.js';
import { type Contract, unpackMessage } from '../../protocol/messages.js';
import { holdsBlock } from '../readme-block.js';
import { HELLO, type Message, packed, RawClient, slab, startServer, stepFrame } from '../server/rig.js';
import { dumpMessage, dumpStep, dumpStepped } from './session-dump.js';

const README = 'protocol/README.md';

t.test('the table of errors', async (t) => {
  const rows = Object.entries(ERRORS).map(([code, entry]) => {
    const close = 'close' in entry ? entry.close : '';
    return `| \`${code}\` | ${entry.recoverable ? 'yes' : 'no'} | ${close} | ${entry.meaning} |\n`;
  });
  holdsBlock(
    t,
    README,
    'errors',
    `| code | recoverable | closes with | meaning |\n|-|-|-|-|\n${rows.join('')}`,
  );
});

t.test('the session', async (t) => {
  const server = await startServer(t);
  const client = await RawClient.open(t, server.url);
  const parts: string[] = [];
  const show = (title: string, frame: Uint8Array, lines: readonly string[]) =>
    parts.push(`${title} (${frame.length} bytes)\n${lines.join('\n')}\n`);

  /** Sends one frame and shows it and the answer. */
  const exchange = (name: string, request: Buffer, dump: (frame: Buffer) => string[]): Promise<Buffer> => {
    show(`client: ${name}`, request, dump(request));
    client.send(request);
    return client.frame();
  };
  const control = async (request: Message, layout?: FrameLayout): Promise<Buffer> => {
    const reply = await exchange(request.type as string, packed(request), dumpMessage);
    const { type, session, resume } = unpackMessage(reply);
    if (type === 'welcome') {
      // Name and token of a session are drawn at random: here they are always the same.
      reply.write('5fXw-1aZ.8hxSDkQx3cYBKxU0dnVoq1Gm2RvTfA6L', reply.indexOf(resume as string));
      reply.write('5fXw-1aZ', reply.indexOf(session as string));
    }
    show(`server: ${type}`, reply, dumpMessage(reply, layout));
    return reply;
  };

  await control({ ...HELLO, client: 'example' });
  const made = await control({
    type: 'make',
    id: 1,
    env: 'CartPole-v1',
    numEnvs: 2,
    seed: 7,
    autoreset: 'same_step',
    maxEpisodeSteps: 2,
  });
  const contract = unpackMessage(made).contract as Contract;
  const layout = frameLayout(contract.observationLeaves, contract.infos);
  await control({ type: 'reset', id: 2, env: 1 }, layout);

  const step = async (id: number, actions: readonly number[], ids?: readonly number[]) => {
    const frame = stepFrame(id, 1, [slab(Int32Array.from(actions))], ids && slab(Uint32Array.from(ids)));
    const reply = await exchange('step', frame, (bytes) => dumpStep(bytes, 'int32'));
    const refused = reply[0]! < 0x90;
    show(
      refused ? 'server: error' : 'server: stepped',
      reply,
      refused ? dumpMessage(reply) : dumpStepped(reply, layout),
    );
  };
  await step(3, [0, 1]);
  await step(4, [1], [1]);
  await step(5, [0, 2]);
  await control({ type: 'close', id: 6, env: 1 });

  holdsBlock(t, README, 'session', `\`\`\`text\n${parts.join('\n')}\`\`\`\n`);
});
