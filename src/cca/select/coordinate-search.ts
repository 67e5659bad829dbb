/** One number that is searched for. */
export interface Axis {
  readonly lowest: number;
  readonly highest: number;
  /** How far the first trials are from the start. */
  readonly step: number;
  /** The search of this axis ends with smaller steps. */
  readonly smallestStep: number;
}

/** Steps in one direction at most, in one visit of an axis. */
const longestWalk = 4;

/**
 * Searches for the point of highest score along one axis after another: a step to either side, further steps where
 * that pays, and where neither side is better the vertex of the parabola through the three; then the axis' step is
 * halved (coordinate search with the parabolic interpolation of Brent, "Algorithms for minimization without
 * derivatives", 1973). Made for few trials of a noisy score.
 * @param tryPoint scores a point against the best one so far, which a point of positive gain replaces; undefined
 *   ends the search
 * @returns whether the steps became small, rather than `tryPoint` ending the search
 */
export async function coordinateSearch(
  start: readonly number[],
  axes: readonly Axis[],
  tryPoint: (point: readonly number[]) => Promise<number | undefined>,
): Promise<boolean> {
  const steps = axes.map((axis) => axis.step);
  let best = start;
  /** Tries the best point moved along an axis; out of range gains nothing. */
  const tryMove = async (a: number, move: number): Promise<number | undefined> => {
    const { lowest, highest } = axes[a]!;
    const value = Math.min(Math.max(best[a]! + move, lowest), highest);
    if (value === best[a]) return Number.NEGATIVE_INFINITY;
    const point = best.with(a, value);
    const gain = await tryPoint(point);
    if (gain !== undefined && gain > 0) best = point;
    return gain;
  };
  while (axes.some(({ smallestStep }, a) => steps[a]! >= smallestStep)) {
    for (const [a, { smallestStep }] of axes.entries()) {
      const step = steps[a]!;
      if (step < smallestStep) continue;
      const up = await tryMove(a, step);
      if (up === undefined) return false;
      let walked = up > 0 ? step : 0;
      if (walked === 0) {
        const down = await tryMove(a, -step);
        if (down === undefined) return false;
        if (down > 0) walked = -step;
        else {
          const vertex = (step * (up - down)) / (2 * (-up - down));
          if (Math.abs(vertex) > step / 8 && (await tryMove(a, vertex)) === undefined) return false;
        }
      }
      if (walked === 0) steps[a] = step / 2;
      for (let walk = 1; walked !== 0 && walk < longestWalk; walk++) {
        const gain = await tryMove(a, walked);
        if (gain === undefined) return false;
        if (!(gain > 0)) break;
      }
    }
  }
  return true;
}
