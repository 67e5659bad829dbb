// Exact search: inner products of queries with gallery rows, and the best `count` of each query, in one pass.
//
// Every thread goes through its part of the gallery and keeps a heap a query, the worst candidate on top; a score is
// only looked at again when it beats that. Heaps lie one after the other, thread by thread: scores, then indices.

import { HEIGHT, micro32 } from './micro';
import { packAcross } from './pack';
import { barrier, madd32, scratch, share, thread, threads } from './runtime';

/** Gallery rows that are packed at a time: they stay in the second-level cache for all queries. */
const BLOCK: i32 = 126;

/** Up to so many queries the gallery is read as it lies, since reading it is what takes the time. */
const FEW: i32 = 4;

let scoresAt: usize = 0;
let indicesAt: usize = 0;
let queryCount: i32 = 0;
let keep: i32 = 0;

export function setHeaps(scores: usize, indices: usize, queries: i32, count: i32): void {
  scoresAt = scores;
  indicesAt = indices;
  queryCount = queries;
  keep = count;
}

/** Empties the heaps of this thread. */
export function clearHeaps(): void {
  const from = <usize>thread * <usize>queryCount * <usize>keep;
  const count = <usize>queryCount * <usize>keep;
  for (let i: usize = 0; i < count; i++) {
    store<f32>(scoresAt + ((from + i) << 2), -Infinity);
    store<u32>(indicesAt + ((from + i) << 2), u32.MAX_VALUE);
  }
}

/** Packs queries (queryCount x d), all threads together. */
export function packQueries(queries: usize, d: i32, to: usize): void {
  const panels = (queryCount + 7) >> 3;
  packAcross(queries, <usize>d << 2, queryCount, 4, 8, d, to, share(panels, thread), share(panels, thread + 1));
  barrier();
}

/** Scores `rows` gallery rows, the first of which has number `base`; `room` holds BLOCK packed rows a thread. */
export function search(queries: usize, packed: usize, gallery: usize, rows: i32, d: i32, base: u32, room: usize): void {
  const from = share(rows, thread);
  const to = share(rows, thread + 1);
  if (queryCount <= FEW) {
    searchFew(queries, gallery, from, to, d, base);
    return;
  }
  const mine = room + <usize>thread * <usize>(BLOCK * d) * 4;
  for (let start = from; start < to; start += BLOCK) {
    const height = min(BLOCK, to - start);
    const panels = (height + HEIGHT - 1) / HEIGHT;
    packAcross(gallery + ((<usize>start * <usize>d) << 2), <usize>d << 2, height, 4, HEIGHT, d, mine, 0, panels);
    for (let q = 0; q < queryCount; q += 8) {
      const width = min(8, queryCount - q);
      const panel = packed + <usize>(q >> 3) * (<usize>d << 5);
      for (let i = 0; i < height; i += HEIGHT) {
        micro32(d, mine + ((<usize>i * <usize>d) << 2), panel, scratch);
        offer(q, width, min(HEIGHT, height - i), base + <u32>(start + i));
      }
    }
  }
}

/** Looks through a 6 x 8 tile of scores in `scratch`: gallery rows by queries. */
function offer(query: i32, width: i32, height: i32, first: u32): void {
  const heap = heapOf(query);
  for (let j = 0; j < width; j++) {
    const at = (heap + <usize>j * <usize>keep) << 2;
    let worst = load<f32>(scoresAt + at);
    for (let i = 0; i < height; i++) {
      const score = load<f32>(scratch + (<usize>i << 5) + (<usize>j << 2));
      if (score > worst) {
        replaceWorst(at, keep, score, first + <u32>i);
        worst = load<f32>(scoresAt + at);
      }
    }
  }
}

function searchFew(queries: usize, gallery: usize, from: i32, to: i32, d: i32, base: u32): void {
  for (let i = from; i < to; i++) {
    const row = gallery + ((<usize>i * <usize>d) << 2);
    for (let q = 0; q < queryCount; q++) {
      const score = dot32(row, queries + ((<usize>q * <usize>d) << 2), d);
      const at = heapOf(q) << 2;
      if (score > load<f32>(scoresAt + at)) replaceWorst(at, keep, score, base + <u32>i);
    }
  }
}

// @ts-ignore: decorator
@inline
function heapOf(query: i32): usize {
  return (<usize>thread * <usize>queryCount + <usize>query) * <usize>keep;
}

function dot32(a: usize, b: usize, d: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let i = 0;
  for (; i + 16 <= d; i += 16) {
    s0 = madd32(v128.load(a), v128.load(b), s0);
    s1 = madd32(v128.load(a, 16), v128.load(b, 16), s1);
    s2 = madd32(v128.load(a, 32), v128.load(b, 32), s2);
    s3 = madd32(v128.load(a, 48), v128.load(b, 48), s3);
    a += 64;
    b += 64;
  }
  const s = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  let sum =
    f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
  for (; i < d; i++) {
    sum += load<f32>(a) * load<f32>(b);
    a += 4;
    b += 4;
  }
  return sum;
}

/** Whether one candidate is worse than another: a lower score, or a later row with the same. */
// @ts-ignore: decorator
@inline
function worse(scoreA: f32, indexA: u32, scoreB: f32, indexB: u32): bool {
  return scoreA < scoreB || (scoreA == scoreB && indexA > indexB);
}

/** Puts a candidate in the place of the top of a heap of `size`, and restores the order. */
function replaceWorst(heap: usize, size: i32, score: f32, index: u32): void {
  const scores = scoresAt + heap;
  const indices = indicesAt + heap;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= size) break;
    let childScore = load<f32>(scores + (<usize>child << 2));
    let childIndex = load<u32>(indices + (<usize>child << 2));
    if (child + 1 < size) {
      const otherScore = load<f32>(scores + (<usize>(child + 1) << 2));
      const otherIndex = load<u32>(indices + (<usize>(child + 1) << 2));
      if (worse(otherScore, otherIndex, childScore, childIndex)) {
        child++;
        childScore = otherScore;
        childIndex = otherIndex;
      }
    }
    if (!worse(childScore, childIndex, score, index)) break;
    store<f32>(scores + (<usize>i << 2), childScore);
    store<u32>(indices + (<usize>i << 2), childIndex);
    i = child;
  }
  store<f32>(scores + (<usize>i << 2), score);
  store<u32>(indices + (<usize>i << 2), index);
}

/** Merges the heaps of all threads into those of thread 0 and sorts them, best first. */
export function mergeHeaps(): void {
  barrier();
  const from = share(queryCount, thread);
  const to = share(queryCount, thread + 1);
  for (let q = from; q < to; q++) {
    const heap = (<usize>q * <usize>keep) << 2;
    for (let t = 1; t < threads; t++) {
      const other = ((<usize>t * <usize>queryCount + <usize>q) * <usize>keep) << 2;
      for (let i = 0; i < keep; i++) {
        const score = load<f32>(scoresAt + other + (<usize>i << 2));
        const index = load<u32>(indicesAt + other + (<usize>i << 2));
        if (worse(load<f32>(scoresAt + heap), load<u32>(indicesAt + heap), score, index))
          replaceWorst(heap, keep, score, index);
      }
    }
    for (let size = keep - 1; size > 0; size--) {
      const lastScore = load<f32>(scoresAt + heap + (<usize>size << 2));
      const lastIndex = load<u32>(indicesAt + heap + (<usize>size << 2));
      store<f32>(scoresAt + heap + (<usize>size << 2), load<f32>(scoresAt + heap));
      store<u32>(indicesAt + heap + (<usize>size << 2), load<u32>(indicesAt + heap));
      replaceWorst(heap, size, lastScore, lastIndex);
    }
  }
}
