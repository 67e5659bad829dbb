import type { Matrix, Matrix64 } from '../matrix.ts';
import { requireLength, requireShape } from '../shapes.ts';
import { addLower, mirrorLower } from '../triangle.ts';
import { packedBytes, runProduct } from './product.ts';
import type { Scope } from './session.ts';

/** How much of X is handed over at a time; while threads work on one part, the next is copied. */
const PART_BYTES = 8 << 20;

/** As DEPTH in kernels/product.ts: parts of so many rows, or several times that, go through the kernels best. */
const STEPS = 384;

/** See Engine.gram. */
export async function gram(
  scope: Scope,
  x: Matrix,
  into: Matrix64,
  options: { weights?: Float64Array; shift?: Float64Array } = {},
): Promise<void> {
  const d = x.columns;
  requireShape('gram', 'into', into, d, d);
  requireLength('gram', 'weights', options.weights, x.rows);
  requireLength('gram', 'shift', options.shift, d);
  await accumulate(scope, { x, y: undefined, into, ...options, shiftX: options.shift });
}

/** See Engine.crossGram. */
export async function crossGram(
  scope: Scope,
  x: Matrix,
  y: Matrix,
  into: Matrix64,
  options: { shiftX?: Float64Array; shiftY?: Float64Array } = {},
): Promise<void> {
  requireShape('crossGram', 'Y', y, x.rows, y.columns);
  requireShape('crossGram', 'into', into, x.columns, y.columns);
  requireLength('crossGram', 'shiftX', options.shiftX, x.columns);
  requireLength('crossGram', 'shiftY', options.shiftY, y.columns);
  await accumulate(scope, { x, y, into, ...options });
}

interface Accumulation {
  readonly x: Matrix;
  /** X itself when left out. */
  readonly y: Matrix | undefined;
  readonly into: Matrix64;
  readonly weights?: Float64Array | undefined;
  readonly shiftX?: Float64Array | undefined;
  readonly shiftY?: Float64Array | undefined;
}

async function accumulate(
  scope: Scope,
  { x, y, into, weights, shiftX, shiftY }: Accumulation,
): Promise<void> {
  const { memory } = scope;
  const dx = x.columns;
  const dy = y ? y.columns : dx;
  if (x.rows === 0 || dx === 0 || dy === 0) return;
  const wide = x.data instanceof Float64Array || y?.data instanceof Float64Array;
  const size = wide ? 8 : 4;
  const rowBytes = (dx + (y ? dy : 0)) * size;
  const rows = Math.min(x.rows, Math.max(STEPS, Math.floor(PART_BYTES / rowBytes / STEPS) * STEPS));
  const workspace = scope.workspace(packedBytes(dx, dy, Math.min(rows, 1152), size));
  const shiftXAt = shiftX && scope.copy({ rows: 1, columns: dx, data: shiftX });
  const shiftYAt = y ? shiftY && scope.copy({ rows: 1, columns: dy, data: shiftY }) : shiftXAt;
  const held = memory.addressOf(into.data);
  const c = held ?? scope.allocate(into.data.byteLength);
  if (held === undefined) memory.f64(c, into.data.length).fill(0);

  const sourceX = rowSource(scope, x, rows, wide);
  const sourceY = y && rowSource(scope, y, rows, wide);
  const sourceW = weights && rowSource(scope, { rows: x.rows, columns: 1, data: weights }, rows, true);
  let running: Promise<unknown> = Promise.resolve();
  for (let start = 0, turn = 0; start < x.rows; start += rows, turn ^= 1) {
    const count = Math.min(rows, x.rows - start);
    const a = sourceX(start, count, turn);
    const b = sourceY ? sourceY(start, count, turn) : a;
    const w = sourceW?.(start, count, turn);
    await running;
    running = runProduct(scope, workspace, {
      kind: wide ? 'f64' : 'f32Sum64',
      m: dx,
      n: dy,
      k: count,
      a,
      lda: dx,
      transposeA: true,
      b,
      ldb: dy,
      c,
      ldc: dy,
      lower: !y,
      ...(shiftXAt ? { shiftA: shiftXAt } : {}),
      ...(shiftYAt ? { shiftB: shiftYAt } : {}),
      ...(w ? { weights: w } : {}),
    });
  }
  await running;
  if (held === undefined) {
    const sum = memory.f64(c, into.data.length);
    if (y) for (let i = 0; i < sum.length; i++) into.data[i]! += sum[i]!;
    else {
      addLower(sum, into.data, dx);
      mirrorLower(into.data, dx);
    }
  } else if (!y) await scope.run('mirror', workspace, [c, dx]);
}

/**
 * Hands over rows of a matrix, as float64 if `wide`: their address, without a copy where they are held in the
 * engine's memory, or else in one of two places in turn.
 */
export function rowSource(
  scope: Scope,
  m: Matrix,
  rows: number,
  wide: boolean,
): (start: number, count: number, turn: number) => number {
  const { memory } = scope;
  const { columns, data } = m;
  const size = wide ? 8 : 4;
  const held = data.BYTES_PER_ELEMENT === size ? memory.addressOf(data) : undefined;
  if (held !== undefined) return (start) => held + start * columns * size;
  const places = [scope.allocate(rows * columns * size)];
  places.push(rows < m.rows ? scope.allocate(rows * columns * size) : places[0]!);
  return (start, count, turn) => {
    const part = data.subarray(start * columns, (start + count) * columns);
    const place = places[turn]!;
    (wide ? memory.f64(place, part.length) : memory.f32(place, part.length)).set(part);
    return place;
  };
}
