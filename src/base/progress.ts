/** One step of long work, as reported to whoever watches: a progress bar, a log, a page. */
export interface ProgressEvent {
  /** What is being done, a few words that can be shown: `encode pictures`. */
  readonly stage: string;
  /** How many units are done so far. */
  readonly done: number;
  /** How many there are in all, when known. */
  readonly total?: number;
  /** What is counted: `pictures`, `bytes`. */
  readonly unit?: string;
  /** Something the watcher should show and keep: a file left out, say. */
  readonly warning?: string;
}

/** Receives progress; it must not throw. */
export type OnProgress = (event: ProgressEvent) => void;

/** What every long-running function takes. */
export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** These members alone, of options that have others too. */
export function workOf({ signal, onProgress }: WorkOptions): WorkOptions {
  return { ...(signal && { signal }), ...(onProgress && { onProgress }) };
}
