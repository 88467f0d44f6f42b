import { createRng, type EnvDefinition, resolveOptions } from '../../../envs/index.js';
import type { Box } from '../../../protocol/spaces/index.js';

type Numbers = Record<string, unknown>;

/** A game by single frames, whose state can be looked at and set. */
export interface Bench {
  /** The state by name, as a snapshot has it. */
  state(): Numbers;
  /** Changes some of the state. */
  set(changes: Numbers): void;
  /** Plays a number of frames with an action held and returns the sum of their rewards; a game that is over stays so. */
  play(action: number | Float32Array, frames?: number): number;
  isOver(): boolean;
  /** The state vector. */
  observe(): Float32Array;
  lives(): number;
}

/** `path` leads to the part of the game's snapshot that is meant by its state: none for the whole. */
export function bench(definition: EnvDefinition, given: Numbers = {}, path: string | null = null): Bench {
  const env = definition.create(
    resolveOptions(definition.spec, {
      obs_type: 'state',
      frame_skip: 1,
      repeat_action_probability: 0,
      ...given,
    }),
  );
  env.reset(createRng('pcg64', 1));
  const snapshot = () => env.snapshot() as { game: Numbers };
  const part = (game: Numbers) => (path === null ? game : (game[path] as Numbers));
  const info = { lives: new Int32Array(1), episode_frame_number: new Int32Array(1) };
  return {
    state: () => part(snapshot().game),
    set(changes) {
      const whole = snapshot();
      Object.assign(part(whole.game), changes);
      env.restore(whole);
    },
    play(action, frames = 1) {
      let reward = 0;
      for (let i = 0; i < frames && !env.terminated; i++) {
        env.step(action);
        reward += env.reward;
      }
      return reward;
    },
    isOver: () => env.terminated,
    observe() {
      const out = new Float32Array((env.observationSpace as Box).size);
      env.observe(out);
      return out;
    },
    lives() {
      env.writeInfo!(info);
      return info.lives[0]!;
    },
  };
}
