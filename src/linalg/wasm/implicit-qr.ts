import { CovistaError } from '../../base/errors.ts';
import type { RotationList } from './rotation-list.ts';

/** An iteration needs under two sweeps a value; this many a value on average means that it does not converge. */
const MOST_SWEEPS = 30;

/**
 * Singular values of an upper bidiagonal matrix by the implicit QR method, with a zero shift where the shift would
 * cost digits (Demmel and Kahan, "Accurate singular values of bidiagonal matrices", 1990; LAPACK dbdsqr). `d` becomes
 * the values, in no order and of either sign; the rotations of the rows of Qᵀ go to `left`, those of Pᵀ to `right`.
 * Yields whenever both lists are to be applied and cleared.
 * @param d diagonal
 * @param e above the diagonal: e[i] is in row i; overwritten
 * @throws CovistaError `numeric` when it does not converge
 */
export function* implicitQr(
  d: Float64Array,
  e: Float64Array,
  left: RotationList,
  right: RotationList,
): Generator<void> {
  const n = d.length;
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]!) + (i < n - 1 ? Math.abs(e[i]!) : 0));
  // What is this small against the whole matrix changes no singular value by more than rounding does.
  const negligible = (norm * Number.EPSILON) / 2;
  let down = true;
  let oldFirst = -1;
  let oldLast = -1;
  let sweeps = 0;
  for (let last = n - 1; last > 0; ) {
    let first = last;
    for (; first > 0; first--) {
      const size = Math.abs(e[first - 1]!);
      if (size <= negligible || size <= Number.EPSILON * (Math.abs(d[first - 1]!) + Math.abs(d[first]!))) {
        e[first - 1] = 0;
        break;
      }
    }
    if (first === last) {
      last--;
      continue;
    }
    if (!(sweeps++ < MOST_SWEEPS * (n + 1)))
      throw new CovistaError('numeric', `The singular values of a ${n} x ${n} matrix did not converge.`);
    // In a new block, chase the bulge from the large end to the small one.
    if (first > oldLast || last < oldFirst || oldFirst < 0) down = Math.abs(d[first]!) >= Math.abs(d[last]!);
    oldFirst = first;
    oldLast = last;
    if (!left.fits(last - first)) yield;
    const large = Math.abs(d[down ? first : last]!);
    let shift = down
      ? smallerSingularValue(d[last - 1]!, e[last - 1]!, d[last]!)
      : smallerSingularValue(d[first]!, e[first]!, d[first + 1]!);
    if (large === 0 || (shift / large) ** 2 < Number.EPSILON) shift = 0;
    left.begin(down ? first : last - 1);
    right.begin(down ? first : last - 1);
    if (down) sweepDown(d, e, first, last, shift, left, right);
    else sweepUp(d, e, first, last, shift, left, right);
    left.end(!down);
    right.end(!down);
  }
  yield;
}

/** The smaller singular value of [f g; 0 h] (LAPACK dlas2). */
function smallerSingularValue(f: number, g: number, h: number): number {
  const small = Math.min(Math.abs(f), Math.abs(h));
  const large = Math.max(Math.abs(f), Math.abs(h));
  const off = Math.abs(g);
  if (small === 0) return 0;
  const sum = 1 + small / large;
  const difference = (large - small) / large;
  if (off < large) {
    const ratio = (off / large) ** 2;
    return (small * 2) / (Math.sqrt(sum * sum + ratio) + Math.sqrt(difference * difference + ratio));
  }
  const ratio = large / off;
  if (ratio === 0) return (small * large) / off;
  return (2 * small * ratio) / (Math.sqrt(1 + (sum * ratio) ** 2) + Math.sqrt(1 + (difference * ratio) ** 2));
}

function sweepDown(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  shift: number,
  left: RotationList,
  right: RotationList,
): void {
  if (shift === 0) {
    let c = 1;
    let cLeft = 1;
    let sLeft = 0;
    for (let i = first; i < last; i++) {
      const f = d[i]! * c;
      let r = radius(f, e[i]!);
      c = cosine(f, e[i]!, r);
      const s = sine(e[i]!, r);
      if (i > first) e[i - 1] = sLeft * r;
      right.push(c, s);
      const fLeft = cLeft * r;
      const gLeft = d[i + 1]! * s;
      r = radius(fLeft, gLeft);
      cLeft = cosine(fLeft, gLeft, r);
      sLeft = sine(gLeft, r);
      d[i] = r;
      left.push(cLeft, sLeft);
    }
    const h = d[last]! * c;
    d[last] = h * cLeft;
    e[last - 1] = h * sLeft;
    return;
  }
  let f = (Math.abs(d[first]!) - shift) * (Math.sign(d[first]!) + shift / d[first]!);
  let g = e[first]!;
  for (let i = first; i < last; i++) {
    let r = radius(f, g);
    let c = cosine(f, g, r);
    let s = sine(g, r);
    if (i > first) e[i - 1] = r;
    f = c * d[i]! + s * e[i]!;
    e[i] = c * e[i]! - s * d[i]!;
    g = s * d[i + 1]!;
    d[i + 1]! *= c;
    right.push(c, s);
    r = radius(f, g);
    c = cosine(f, g, r);
    s = sine(g, r);
    d[i] = r;
    f = c * e[i]! + s * d[i + 1]!;
    d[i + 1] = c * d[i + 1]! - s * e[i]!;
    if (i < last - 1) {
      g = s * e[i + 1]!;
      e[i + 1]! *= c;
    }
    left.push(c, s);
  }
  e[last - 1] = f;
}

function sweepUp(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  shift: number,
  left: RotationList,
  right: RotationList,
): void {
  if (shift === 0) {
    let c = 1;
    let cRight = 1;
    let sRight = 0;
    for (let i = last; i > first; i--) {
      const f = d[i]! * c;
      let r = radius(f, e[i - 1]!);
      c = cosine(f, e[i - 1]!, r);
      const s = sine(e[i - 1]!, r);
      if (i < last) e[i] = sRight * r;
      left.push(c, -s);
      const fRight = cRight * r;
      const gRight = d[i - 1]! * s;
      r = radius(fRight, gRight);
      cRight = cosine(fRight, gRight, r);
      sRight = sine(gRight, r);
      d[i] = r;
      right.push(cRight, -sRight);
    }
    const h = d[first]! * c;
    d[first] = h * cRight;
    e[first] = h * sRight;
    return;
  }
  let f = (Math.abs(d[last]!) - shift) * (Math.sign(d[last]!) + shift / d[last]!);
  let g = e[last - 1]!;
  for (let i = last; i > first; i--) {
    let r = radius(f, g);
    let c = cosine(f, g, r);
    let s = sine(g, r);
    if (i < last) e[i] = r;
    f = c * d[i]! + s * e[i - 1]!;
    e[i - 1] = c * e[i - 1]! - s * d[i]!;
    g = s * d[i - 1]!;
    d[i - 1]! *= c;
    left.push(c, -s);
    r = radius(f, g);
    c = cosine(f, g, r);
    s = sine(g, r);
    d[i] = r;
    f = c * e[i - 1]! + s * d[i - 1]!;
    d[i - 1] = c * d[i - 1]! - s * e[i - 1]!;
    if (i > first + 1) {
      g = s * e[i - 2]!;
      e[i - 2]! *= c;
    }
    right.push(c, -s);
  }
  e[first] = f;
}

// The rotation with c f + s g = r and c g - s f = 0 (LAPACK dlartg); its three parts, so that none is allocated.

function radius(f: number, g: number): number {
  return g === 0 ? f : Math.sqrt(f * f + g * g);
}

function cosine(f: number, g: number, r: number): number {
  return g === 0 ? 1 : r === 0 ? 0 : f / r;
}

function sine(g: number, r: number): number {
  return g === 0 ? 0 : r === 0 ? 1 : g / r;
}
