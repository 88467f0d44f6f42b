/** What a server hosts, and what it says of an env that was made. */
import type { Contract } from '../../../protocol/messages.js';
import { type Leaf, spaceFromJSON } from '../../../protocol/spaces/index.js';
import { scenario } from '../stage.js';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The leaves that follow from a space, with their fields in one order. */
const leaves = (list: readonly Leaf[]) => list.map(({ path, dtype, shape }) => ({ path, dtype, shape }));

/** What `check` says, or why a space that it met is none. */
function spaceFault(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    return (error as Error).message;
  }
}

/** What is wrong with the leaves of a contract; undefined where nothing is. */
const faultOf = (contract: Contract) => spaceFault(() => leavesFault(contract));
/** The same of the spaces of all envs together. */
const batchFaultOf = (contract: Contract) => spaceFault(() => batchFault(contract));

function leavesFault(contract: Contract): string | undefined {
  for (const name of ['observation', 'action'] as const) {
    const space = spaceFromJSON(contract[`${name}Space`], `${name}Space`);
    const told = leaves(contract[`${name}Leaves`]);
    if (!same(told, leaves(space.leaves))) {
      return `${name}Leaves: expected ${JSON.stringify(leaves(space.leaves))}, got ${JSON.stringify(told)}`;
    }
  }
  for (const { name, space, leaves: told } of contract.infos) {
    const expected = leaves(spaceFromJSON(space, `infos.${name}`).leaves);
    if (!same(leaves(told), expected)) return `infos.${name}.leaves: expected ${JSON.stringify(expected)}`;
  }
  return undefined;
}

function batchFault(contract: Contract): string | undefined {
  for (const name of ['Observation', 'Action'] as const) {
    const one = spaceFromJSON(contract[name === 'Action' ? 'actionSpace' : 'observationSpace']);
    const batched = spaceFromJSON(contract[`batched${name}Space`], `batched${name}Space`);
    const expected = one.batch(contract.numEnvs);
    if (!expected.equals(batched))
      return `batched${name}Space: expected ${expected.toString()}, got ${batched.toString()}`;
  }
  return undefined;
}

export const make = scenario({
  name: 'make',
  title: 'Environments are made: what the contract tells, and what is refused.',
  rules: {
    'list/ids': '| `id` | string | what `make` takes |',
    'make/defaults': '| `numEnvs` | integer ≥ 1, optional | N; 1 where absent |',
    'make/autoreset': '`"next_step"` where absent.',
    'make/leaves': 'Its leaves follow from it, and the contract lists them.',
    'make/batched': "of N envs: Gymnasium's `batch_space`, with int32 for discrete values",
    'make/time-limit': "a time limit in steps, in place of the environment's own",
    'make/options': 'the settings in force, defaults included',
    'make/handle': 'the handle; never used again in this session',
    'make/hash':
      'hex; changes if and only if anything else in the contract does. To be compared, not computed',
    'make/unknown-env': 'An id that is unknown is refused with `unknown_env`, naming the nearest ones',
    'make/bad-options':
      'an option that the environment does not have, or a value that it does not allow, with `bad_options`',
    'make/too-many': 'more envs than the limits allow with `too_many_envs`.',
    'make/own': 'Each vector env belongs to the session that made it, and is named by a handle, an integer.',
  },
  needs: ['env'],
  async play(stage) {
    const peer = await stage.connect('first');
    const { limits } = await peer.hello();
    const { envs } = await peer.ask({ type: 'list' }, 'What is there?', 'A spec of each env and world.');
    const id = stage.id('env');
    const ids = envs.map((spec) => spec.id);
    stage.check('list/ids', ids.includes(id), `${id} is not among ${ids.length} envs listed`);

    const one = await peer.make({ env: id }, 'One env, with nothing said.', 'One env, with every default.');
    const { contract } = one;
    stage.same('make/defaults', contract.numEnvs, 1, 'numEnvs');
    stage.same('make/autoreset', contract.autoreset, 'next_step', 'autoreset');
    const settings = Object.keys(contract.spec.options).sort();
    stage.same('make/options', Object.keys(contract.options).sort(), settings, 'options');

    const again = await peer.make({ env: id }, 'The same once more.', 'A contract with the same hash.');
    stage.same('make/hash', again.contract.hash, contract.hash, 'the hash of an equal contract');

    const three = { env: id, numEnvs: 3, autoreset: 'disabled', maxEpisodeSteps: 5 };
    const many = await peer.make(three, 'Three envs, and a time limit.', 'A contract of three envs.');
    const { numEnvs, autoreset, maxEpisodeSteps, hash } = many.contract;
    stage.same('make/time-limit', maxEpisodeSteps, 5, 'maxEpisodeSteps');
    stage.same('make/autoreset', autoreset, 'disabled', 'autoreset');
    stage.same('make/defaults', numEnvs, 3, 'numEnvs');
    stage.check('make/hash', hash !== contract.hash, 'another contract has the same hash');
    for (const made of [one, many]) {
      const fault = faultOf(made.contract);
      stage.check('make/leaves', fault === undefined, fault ?? '');
      const batchFault = batchFaultOf(made.contract);
      stage.check('make/batched', batchFault === undefined, batchFault ?? '');
    }

    await peer.ask({ type: 'close', env: again.env }, 'An env is closed.', 'It is gone.');
    const last = await peer.make({ env: id }, 'Another is made.', 'Its handle is a new one.');
    const used = [one.env, again.env, many.env];
    stage.check(
      'make/handle',
      new Set([...used, last.env]).size === 4,
      `handles ${used.join()}, then ${last.env}`,
    );

    const bad = { type: 'make', env: `${id}-of-nowhere` };
    await peer.refused('make/unknown-env', bad, 'unknown_env', 'An env that there is not.');
    const options = { 'no such option': 1 };
    await peer.refused(
      'make/bad-options',
      { type: 'make', env: id, options },
      'bad_options',
      'An option that there is not.',
    );
    const tooMany = { type: 'make', env: id, numEnvs: limits.envs + 1 };
    await peer.refused('make/too-many', tooMany, 'too_many_envs', 'One env more than limits.envs.');

    const other = await stage.welcomed('second');
    await other.refused(
      'make/own',
      { type: 'reset', env: one.env },
      'no_such_env',
      'A handle of somebody else.',
    );
    other.close();
    peer.close();
  },
});

export const spaces = scenario({
  name: 'spaces',
  title: 'Observations of several parts: a Tuple, and a Dict whose leaves come by sorted name.',
  rules: {
    'spaces/tuple':
      '| `Tuple` | `spaces`, an array | those of each space in turn; the path begins with its index |',
    'spaces/dict':
      '| `Dict` | `spaces`, a map | those of each space, by sorted name; the path begins with its name |',
  },
  needs: ['tuple', 'goals'],
  async play(stage) {
    const peer = await stage.welcomed();
    for (const [rule, role] of [
      ['spaces/tuple', 'tuple'],
      ['spaces/dict', 'goals'],
    ] as const) {
      const env = await peer.make(
        { env: stage.id(role), numEnvs: 2, seed: 3 },
        `A ${role === 'tuple' ? 'Tuple' : 'Dict'} to observe.`,
        'Its leaves are listed.',
      );
      const fault = faultOf(env.contract) ?? batchFaultOf(env.contract);
      stage.check(
        rule,
        fault === undefined && env.contract.observationLeaves.length > 1,
        fault ?? 'a single leaf',
      );
      await peer.reset(env, {}, 'Episodes begin.', 'One slab a leaf, two rows each.');
      await peer.step(env, env.actions(0), 'A step.', 'One slab a leaf, two rows each.');
    }
    peer.close();
  },
});
