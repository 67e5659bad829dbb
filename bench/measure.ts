/** Seconds of one run: by the clock, and of processor time over all threads. */
export interface Times {
  readonly wall: number;
  readonly cpu: number;
}

/** Something that is measured beside others. */
export interface Contender {
  readonly name: string;
  /** Does the work once. */
  run(): Promise<Times>;
  /** How often at most; for those that take very long. */
  readonly rounds?: number;
}

/** What a contender took over all rounds. */
export interface Measured {
  readonly name: string;
  readonly wall: { readonly min: number; readonly median: number };
  readonly cpu: { readonly min: number; readonly median: number };
}

/** Times work of this process. */
export async function timed(work: () => Promise<unknown>): Promise<Times> {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - start) / 1e3, cpu: (user + system) / 1e6 };
}

/** Runs contenders in turn, so that what else the machine does hits all alike; one round before is not counted. */
export async function measure(contenders: readonly Contender[], rounds: number): Promise<Measured[]> {
  const times = contenders.map((): Times[] => []);
  for (let round = -1; round < rounds; round++)
    for (const [i, contender] of contenders.entries()) {
      const once = (contender.rounds ?? rounds) <= 1;
      if (once ? round !== 0 : round >= (contender.rounds ?? rounds)) continue;
      const taken = await contender.run();
      if (round >= 0) times[i]!.push(taken);
    }
  return contenders.map(({ name }, i) => ({
    name,
    wall: summary(times[i]!.map(({ wall }) => wall)),
    cpu: summary(times[i]!.map(({ cpu }) => cpu)),
  }));
}

function summary(values: number[]): { min: number; median: number } {
  const sorted = values.toSorted((a, b) => a - b);
  return { min: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]! };
}
