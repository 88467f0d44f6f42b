#!/usr/bin/env node
import { Command } from 'commander';
import { VERSION } from '../protocol/version.js';

/** Each is loaded when it is asked for: all of them take half a second. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.js')).serveCommand(),
  key: async () => (await import('./commands/key.js')).keyCommand(),
  top: async () => (await import('./commands/top.js')).topCommand(),
  envs: async () => (await import('./commands/envs.js')).envsCommand(),
  agents: async () => (await import('./commands/agents.js')).agentsCommand(),
  train: async () => (await import('./commands/train.js')).trainCommand(),
  eval: async () => (await import('./commands/eval.js')).evalCommand(),
  plot: async () => (await import('./commands/plot.js')).plotCommand(),
  play: async () => (await import('./commands/play.js')).playCommand(),
  regress: async () => (await import('./commands/regress.js')).regressCommand(),
  expert: async () => (await import('./commands/expert.js')).expertCommand(),
  bench: async () => (await import('./commands/bench.js')).benchCommand(),
  conform: async () => (await import('./commands/conform.js')).conformCommand(),
  fuzz: async () => (await import('./commands/fuzz.js')).fuzzCommand(),
  soak: async () => (await import('./commands/soak.js')).soakCommand(),
  demo: async () => (await import('./commands/demo.js')).demoCommand(),
};

const program = new Command('farstep')
  .description('Reinforcement-learning environments behind a WebSocket, and agents that learn through it.')
  .version(VERSION)
  .showHelpAfterError('(add --help for what this command takes)');

// Whoever read what is printed may have gone, such as `head`: what is under way stops (interrupt.ts), nothing breaks off.
process.stdout.on('error', () => {});
try {
  const [word = ''] = process.argv.slice(2);
  for (const [name, load] of Object.entries(COMMANDS)) {
    if (name === word || !Object.hasOwn(COMMANDS, word)) program.addCommand(await load());
  }
  await program.parseAsync();
} catch (error) {
  // What a user can mend has a sentence; the trace is for those who ask for it.
  const { message, stack } = error as Error;
  console.error(process.env.FARSTEP_DEBUG ? (stack ?? error) : `error: ${message}`);
  process.exitCode = 1;
}
