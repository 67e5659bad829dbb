/**
 * Every error that Covista raises on purpose: a stable `code` for programs, a message that names the file or
 * shape at fault for people, and in `hint` what to do about it.
 */
export class CovistaError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  /**
   * @param code what kind of thing went wrong, stable between versions
   * @param message what went wrong, naming the file, item or shape
   * @param options `hint`: what to do about it; `cause`: the error underneath
   */
  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CovistaError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** The kinds of error; the command line maps each to an exit code. */
export type ErrorCode =
  /** An option or argument is missing or outside its range. */
  | 'usage'
  /** A file or folder that was named does not exist, or is not of the kind that is needed. */
  | 'not-found'
  /** A file or folder may not or cannot be read or written: no permission, no space left, a disk that fails. */
  | 'file-system'
  /** A file exists but its content is not what its format says. */
  | 'bad-format'
  /** Numbers that cannot be used: NaN, infinity, shapes that do not fit. */
  | 'bad-values'
  /** Nothing to work on: an empty folder, an empty training set. */
  | 'no-data'
  /** A matrix is not positive definite, or an iteration did not converge. */
  | 'numeric'
  /** Something could not be fetched. */
  | 'network'
  /** A download does not match its pinned integrity. */
  | 'integrity'
  /** A library or model was written by another version. */
  | 'version'
  /** The caller's AbortSignal fired. */
  | 'aborted'
  /** A picture cannot be decoded. */
  | 'bad-picture';

/**
 * Throws a CovistaError of code `aborted` once the signal has fired.
 * @param signal the caller's signal, if there is one
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CovistaError('aborted', 'Stopped on request.', { cause: signal.reason });
}

/** A reason that another library gives in several lines, as it stands in a message. */
export const inOneLine = (text: string) => text.replaceAll(/\s*\n\s*/g, ' ');
