import { writeFile } from 'node:fs/promises';
import { CovistaError, type ErrorCode } from '../errors.ts';
import type { WorkOptions } from '../progress.ts';
import { closeOpened } from './opened.ts';
import { ProgressBar, paint } from './terminal.ts';
import { lap } from './timings.ts';

/** What a script can tell from the exit code; `covista --help` lists them. */
const EXIT_CODES: Record<ErrorCode, number> = {
  usage: 2,
  'not-found': 3,
  'no-data': 3,
  'bad-format': 4,
  'bad-values': 4,
  'bad-picture': 4,
  version: 4,
  network: 5,
  integrity: 5,
  numeric: 6,
  aborted: 130,
};

/** What every command takes. */
export interface CommonOptions {
  /** `true`: one JSON document on standard output in place of text; a string: also into this file. */
  readonly json?: boolean | string;
  readonly quiet?: boolean;
}

/** What a command produces: text for people, and the same as data for programs. */
export interface CommandResult {
  readonly text: string;
  readonly json: unknown;
}

/**
 * Runs one command: progress on standard error, the result on standard output, errors as one clear line and an
 * exit code. The first Ctrl-C asks the work to stop where nothing is half-written; the second ends at once.
 */
export async function runCommand(
  options: CommonOptions,
  command: (work: Required<WorkOptions>) => Promise<CommandResult>,
): Promise<void> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write('\nStopping; press Ctrl-C again to end at once.\n');
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const bar = new ProgressBar({ quiet: options.quiet ?? false });
  try {
    const result = await command({ signal: controller.signal, onProgress: bar.report });
    lap('run what remains');
    bar.finish();
    const json = () => `${JSON.stringify(result.json, null, 2)}\n`;
    if (typeof options.json === 'string') await writeFile(options.json, json());
    process.stdout.write(options.json === true ? json() : `${result.text.trimEnd()}\n`);
  } catch (error) {
    process.exitCode = reportError(error);
  } finally {
    await closeOpened();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/** Prints an error for people and returns the exit code; only the unexpected shows its stack. */
export function reportError(error: unknown): number {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  if (error instanceof CovistaError) {
    say(`${paint('red', 'error:', process.stderr)} ${error.message}`);
    if (error.hint !== undefined) say(error.hint);
    return EXIT_CODES[error.code];
  }
  say(
    `${paint('red', 'unexpected error:', process.stderr)} ${error instanceof Error ? error.stack : String(error)}`,
  );
  say('This should not happen. Please report it with the command that you ran.');
  return 1;
}
