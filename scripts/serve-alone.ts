/** `farstep serve` and nothing else: what is bundled into the Python package. */
import { Command } from 'commander';
import { serveCommand } from './commands/serve.js';

await new Command('farstep').addCommand(serveCommand()).parseAsync();
