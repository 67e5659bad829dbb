import { relative } from 'node:path';
import { styleText } from 'node:util';
import type { OnProgress, ProgressEvent } from '../base/progress.ts';
import { printable } from './printable.ts';

type Style = Parameters<typeof styleText>[0];

/** Colour on a terminal only, and none where NO_COLOR asks for none. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

/** 12,345 */
export const count = (n: number) => n.toLocaleString('en-US');

/** 12.3 MB: decimal units, as download sizes are given. */
export function size(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** 1 min 23 s */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A path, relative to here where that is shorter, in characters that can be printed. */
export function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return printable(near.length < path.length && !near.startsWith('..') ? near : path);
}

/** Lines up the columns of a table; numbers (any cell that starts with a digit) to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => (cells[column] ?? '').length)),
  );
  const numeric = header.map((_, column) => rows.every((cells) => /^[-\d]/.test(cells[column] ?? '')));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [paint('bold', line(header)), ...rows.map(line)].join('\n');
}

/**
 * Shows progress on standard error: one bar that is redrawn on a terminal, else one line when a stage begins
 * and one when it ends. Warnings become lines of their own.
 */
export class ProgressBar {
  readonly #stream = process.stderr;
  readonly #quiet: boolean;
  #stage = '';
  #last: ProgressEvent | undefined;
  #started = 0;
  #drawn = 0;

  constructor(options: { quiet?: boolean } = {}) {
    this.#quiet = options.quiet ?? false;
  }

  readonly report: OnProgress = (event) => {
    if (event.warning !== undefined)
      this.#line(paint('yellow', `! ${printable(event.warning)}`, this.#stream));
    if (this.#quiet) return;
    // A word about something that takes no time begins no stage.
    if (event.warning !== undefined && event.done === 0 && event.total === undefined) return;
    if (event.stage !== this.#stage) {
      this.finish();
      this.#stage = event.stage;
      this.#started = performance.now();
      if (!this.#stream.isTTY) this.#stream.write(`${describe(event)} ...\n`);
    }
    this.#last = event;
    if (this.#stream.isTTY && performance.now() - this.#drawn > 80) this.#draw(event);
  };

  /** Ends the current bar with the time that it took. */
  finish(): void {
    if (this.#stage === '' || this.#quiet) return;
    const seconds = (performance.now() - this.#started) / 1000;
    const event = this.#last;
    const amount = event === undefined || event.done === 0 ? '' : ` ${amountOf(event.done, event.unit)}`;
    this.#line(
      `${paint('green', '✓', this.#stream)} ${printable(this.#stage)}${amount}, ${duration(seconds)}`,
    );
    this.#stage = '';
    this.#last = undefined;
  }

  #line(text: string): void {
    this.#stream.write(`${this.#stream.isTTY ? '\r\x1b[2K' : ''}${text}\n`);
  }

  #draw(event: ProgressEvent): void {
    this.#drawn = performance.now();
    const seconds = (this.#drawn - this.#started) / 1000;
    let text = `  ${printable(event.stage)} `;
    if (event.total !== undefined && event.total > 0) {
      const share = Math.min(1, event.done / event.total);
      const filled = Math.round(share * 24);
      text += `${'█'.repeat(filled)}${'░'.repeat(24 - filled)} ${describeAmount(event)}`;
      if (share > 0.02 && seconds > 2) text += `, ${duration((seconds / share) * (1 - share))} left`;
    } else if (event.done > 0) text += amountOf(event.done, event.unit);
    this.#stream.write(`\r\x1b[2K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
  }
}

const amountOf = (n: number, unit: string | undefined) =>
  unit === 'bytes' ? size(n) : `${count(n)}${unit === undefined ? '' : ` ${unit}`}`;

function describeAmount(event: ProgressEvent): string {
  if (event.unit === 'bytes') return `${size(event.done)} of ${size(event.total!)}`;
  return `${count(event.done)} of ${amountOf(event.total!, event.unit)}`;
}

const describe = (event: ProgressEvent) =>
  event.total === undefined
    ? printable(event.stage)
    : `${printable(event.stage)} (${amountOf(event.total, event.unit)})`;
