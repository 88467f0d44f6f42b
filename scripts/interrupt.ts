/**
 * The first Ctrl-C (or SIGTERM) aborts the signal, so that what is under way can be saved; the second ends the
 * process. When nobody reads what is printed any more, the signal is aborted too: a Ctrl-C for `farstep train | tee log`
 * ends `tee` as well, and is no second one. `done` takes the handlers off again.
 */
export function interrupt(): { readonly signal: AbortSignal; readonly done: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new Error('interrupted'));
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  process.stdout.on('error', abort);
  return {
    signal: controller.signal,
    done: () => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      process.stdout.off('error', abort);
    },
  };
}
