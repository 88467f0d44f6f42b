/**
 * The first Ctrl-C (or SIGTERM) aborts the signal, so that what is under way can be saved; the second ends the
 * process. `done` takes the handlers off again.
 */
export function interrupt(): { readonly signal: AbortSignal; readonly done: () => void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error('interrupted'));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    done: () => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
    },
  };
}
