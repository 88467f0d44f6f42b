/** The process behind `startRun`: makes one run, plays what it learned, and tells its parent everything on the way. */
import type { ProgressStream } from '../agents/run/output/progress.js';
import { RunDirectory } from '../agents/run/output/run-directory.js';
import { evaluateRun } from './evaluation.js';
import type { RunMessage, RunOrder, RunResult } from './runs.js';
import { resumeTraining, startTraining } from './training.js';

const tell = (message: RunMessage): void => {
  if (process.connected) process.send!(message);
};

const controller = new AbortController();
const stop = (): void => controller.abort(new Error('interrupted'));

// Signals reach the whole group; it is the parent that decides when a run stops. One whose parent is gone is saved.
process.on('SIGINT', () => {}).on('SIGTERM', () => {});
process.once('disconnect', stop);
process.once('message', (order: RunOrder) => {
  process.once('message', stop);
  make(order)
    .then((result) => tell({ result }))
    .catch((error: Error) => tell({ error: error.message }))
    .finally(() => process.disconnect());
});

async function make(order: RunOrder): Promise<RunResult> {
  const { signal } = controller;
  const { isTTY = false, columns = 80 } = order.terminal;
  const stream: ProgressStream = { isTTY, columns, write: (text) => tell({ text }) };
  const terminal = { stream, signal };
  const { status, step, best, evaluated, directory } =
    'resume' in order.run
      ? await resumeTraining(order.run.resume, order.run.steps, terminal)
      : await startTraining(order.run.config, order.run.root, terminal);
  const run = await RunDirectory.open(directory.path);
  const reports = [];
  for (const request of status === 'finished' && evaluated ? order.evaluations : []) {
    reports.push(await evaluateRun(run, { ...request, signal }));
  }
  return { status, step, best, path: directory.path, reports };
}
