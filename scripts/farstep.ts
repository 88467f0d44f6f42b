#!/usr/bin/env node
import { Command } from 'commander';
import { VERSION } from '../protocol/version.js';
import { agentsCommand } from './commands/agents.js';
import { benchCommand } from './commands/bench.js';
import { conformCommand } from './commands/conform.js';
import { demoCommand } from './commands/demo.js';
import { envsCommand } from './commands/envs.js';
import { evalCommand } from './commands/eval.js';
import { expertCommand } from './commands/expert.js';
import { fuzzCommand } from './commands/fuzz.js';
import { keyCommand } from './commands/key.js';
import { playCommand } from './commands/play.js';
import { plotCommand } from './commands/plot.js';
import { regressCommand } from './commands/regress.js';
import { serveCommand } from './commands/serve.js';
import { soakCommand } from './commands/soak.js';
import { topCommand } from './commands/top.js';
import { trainCommand } from './commands/train.js';

const program = new Command('farstep')
  .description('Reinforcement-learning environments behind a WebSocket, and agents that learn through it.')
  .version(VERSION)
  .showHelpAfterError('(add --help for what this command takes)')
  .addCommand(serveCommand())
  .addCommand(keyCommand())
  .addCommand(topCommand())
  .addCommand(envsCommand())
  .addCommand(agentsCommand())
  .addCommand(trainCommand())
  .addCommand(evalCommand())
  .addCommand(plotCommand())
  .addCommand(playCommand())
  .addCommand(regressCommand())
  .addCommand(expertCommand())
  .addCommand(benchCommand())
  .addCommand(conformCommand())
  .addCommand(fuzzCommand())
  .addCommand(soakCommand())
  .addCommand(demoCommand());

try {
  await program.parseAsync();
} catch (error) {
  // What a user can mend has a sentence; the trace is for those who ask for it.
  const { message, stack } = error as Error;
  console.error(process.env.FARSTEP_DEBUG ? (stack ?? error) : `error: ${message}`);
  process.exitCode = 1;
}
