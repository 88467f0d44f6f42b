/** What comes of a call in another thread or process, as plain values. */
import { type ErrorCode, FarstepError } from '../../protocol/errors.js';

interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  /** For the log. */
  readonly cause?: string;
}

export type Outcome = { readonly value: unknown } | { readonly error: PlainError };

/** An error as an outcome. One without a code is a fault of ours. */
export function failure(thrown: unknown): Outcome {
  const error =
    thrown instanceof FarstepError
      ? thrown
      : new FarstepError('internal', 'a fault of the server, where envs step', { cause: thrown });
  const { code, message, cause } = error;
  return { error: { code, message, ...(cause !== undefined && { cause: text(cause) }) } };
}

const text = (cause: unknown): string =>
  cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);

/** The value of an outcome; throws its error. */
export function unwrap(outcome: Outcome): unknown {
  if ('value' in outcome) return outcome.value;
  const { code, message, cause } = outcome.error;
  throw new FarstepError(code, message, { cause });
}

/** Does `run`. What is thrown there without a code is the env's: `env_failed`, with `where` before its message. */
export function guarded<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof FarstepError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new FarstepError('env_failed', `${where} threw: ${reason}`, { cause: error });
  }
}
