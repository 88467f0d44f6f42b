/**
 * Something the person who started the run can put right: a directory that cannot be written, a checkpoint that is
 * damaged. The message is one sentence that stands on its own; a command line prints it without the stack.
 */
export class RunError extends Error {
  override readonly name = 'RunError';
}

/** What the operating system refused, in words: `permission denied (EACCES)`. */
export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : `${REASONS[code] ?? message} (${code})`;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'a file of that name is in the way',
  EISDIR: 'it is a directory',
  ENOENT: 'it does not exist',
  ENOSPC: 'no space is left on the device',
  ENOTDIR: 'a part of the path is not a directory',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
};
