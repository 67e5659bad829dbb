import { table } from './terminal.ts';

/** A step that is done. */
interface Lap {
  readonly step: string;
  /** Milliseconds since the process began. */
  readonly clock: number;
  /** Milliseconds of processor time of all threads. */
  readonly cpu: number;
}

const isAsked = !['', '0', undefined].includes(process.env.COVISTA_TIMINGS);
const laps: Lap[] = [];

/** Notes what all time since the last lap went into. It costs nothing unless `COVISTA_TIMINGS` asks for times. */
export function lap(step: string): void {
  if (!isAsked) return;
  const { user, system } = process.cpuUsage();
  laps.push({ step, clock: performance.now(), cpu: (user + system) / 1000 });
}

/** Writes to standard error how long each step took, by the clock and in processor time, and the peak of memory. */
export function reportTimings(): void {
  const last = laps.at(-1);
  if (last === undefined) return;
  const rows = laps.map(({ step, clock, cpu }, i) => {
    const before = laps[i - 1] ?? { clock: 0, cpu: 0 };
    return [step, milliseconds(clock - before.clock), milliseconds(cpu - before.cpu)];
  });
  rows.push(['in all', milliseconds(last.clock), milliseconds(last.cpu)]);
  // In kB on all platforms.
  const memory = process.resourceUsage().maxRSS / 1000;
  process.stderr.write(`${table(['step', 'ms', 'CPU ms'], rows)}\nPeak memory: ${memory.toFixed(0)} MB\n`);
}

const milliseconds = (value: number) => value.toFixed(0);
