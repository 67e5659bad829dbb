import { CovistaError, type ErrorCode } from '../base/errors.ts';
import type { WorkOptions } from '../base/progress.ts';
import { fileError, systemError } from '../files/system-error.ts';
import { closeOpened } from './opened.ts';
import { printable, printableJson, printableText } from './printable.ts';
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
  'file-system': 7,
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
    const json = () => `${printableJson(result.json)}\n`;
    if (typeof options.json === 'string') {
      const { replaceFile } = await import('../files/replace-file.ts');
      await replaceFile(options.json, json());
    }
    process.stdout.write(options.json === true ? json() : `${printableText(result.text.trimEnd())}\n`);
  } catch (error) {
    process.exitCode = reportError(error);
  } finally {
    await closeOpened();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/**
 * Keeps work going whoever stops to listen: a reader of the output that leaves (`covista index ... | head -1`) is no
 * error, and what cannot be said on standard error is not said. Output that is lost otherwise, as on a full disk, is an
 * error, told once.
 */
export function guardOutput(): void {
  let told = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || told) return;
    told = true;
    const { code, message } = fileError('Standard output', error, 'written');
    process.exitCode = reportError(new CovistaError(code, message));
  });
  process.stderr.on('error', () => {});
}

/** Prints an error for people and returns the exit code; only the unexpected shows its stack. */
export function reportError(thrown: unknown): number {
  const error = thrown instanceof CovistaError ? thrown : (systemError(thrown) ?? thrown);
  const say = (text: string) => process.stderr.write(`${printableText(text)}\n`);
  const title = (text: string) => paint('red', text, process.stderr);
  if (error instanceof CovistaError) {
    say(`${title('error:')} ${printable(error.message)}`);
    if (error.hint !== undefined) say(error.hint);
    return EXIT_CODES[error.code];
  }
  say(`${title('unexpected error:')} ${error instanceof Error ? error.stack : String(error)}`);
  say('This should not happen. Please report it with the command that you ran.');
  return 1;
}
