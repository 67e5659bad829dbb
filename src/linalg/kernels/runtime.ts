// What all kernels share: where the engine leaves the arguments of a call, and how threads wait for each other.
// One call runs on every thread at once, in one shared memory; the addresses below are the same for all instances
// and for the TypeScript side (src/linalg/wasm/layout.ts).

/** How many threads have arrived at the barrier. */
const ARRIVED: usize = 64;
/** Which barrier it is: waiting threads watch it change. */
const PHASE: usize = 128;
/** The next piece of work, drawn by whichever thread is free. */
const NEXT: usize = 192;
/** Not zero once the caller asked to stop. */
const STOP: usize = 256;
/** The same as of the last barrier, so that all threads decide alike. */
const AGREED: usize = 264;
/** What went wrong, 0 when nothing did. */
const STATUS: usize = 320;
/** Arguments of a call, 64-bit slots that hold an integer or a float each. */
const ARGUMENTS: usize = 1024;

/** Number of this thread, and how many there are; each instance has its own. */
export let thread: i32 = 0;
export let threads: i32 = 1;

/** Scratch of this thread: room for one tile of a micro-kernel. */
export let scratch: usize = 0;

export function setThread(index: i32, count: i32): void {
  thread = index;
  threads = count;
  scratch = 4096 + <usize>index * 256;
}

// @ts-ignore: decorator
@inline
export function integer(slot: i32): i32 {
  return load<i32>(ARGUMENTS + (<usize>slot << 3));
}

// @ts-ignore: decorator
@inline
export function address(slot: i32): usize {
  return load<u32>(ARGUMENTS + (<usize>slot << 3));
}

// @ts-ignore: decorator
@inline
export function float(slot: i32): f64 {
  return load<f64>(ARGUMENTS + (<usize>slot << 3));
}

export function setStatus(value: i32): void {
  atomic.store<i32>(STATUS, value);
}

export function status(): i32 {
  return atomic.load<i32>(STATUS);
}

/** Whether to stop; all threads get the same answer between two barriers. */
export function stopped(): bool {
  return atomic.load<i32>(threads == 1 ? STOP : AGREED) != 0;
}

/** Waits until every thread is here. Spins for a moment, since the others are usually about to arrive. */
export function barrier(): void {
  if (threads == 1) return;
  const phase = atomic.load<i32>(PHASE);
  if (atomic.add<i32>(ARRIVED, 1) == threads - 1) {
    atomic.store<i32>(ARRIVED, 0);
    atomic.store<i32>(AGREED, atomic.load<i32>(STOP));
    atomic.store<i32>(PHASE, phase + 1);
    atomic.notify(PHASE, threads);
    return;
  }
  for (let spin = 0; spin < 4000; spin++) if (atomic.load<i32>(PHASE) != phase) return;
  while (atomic.load<i32>(PHASE) == phase) atomic.wait<i32>(PHASE, phase, 1_000_000_000);
}

/** The first of `count` pieces that belongs to thread `index`. */
// @ts-ignore: decorator
@inline
export function share(count: i32, index: i32): i32 {
  return <i32>((<i64>count * <i64>index) / <i64>threads);
}

/** Makes `draw` start from 0 again; a barrier must lie between the last draw and this, and between this and the next. */
export function restartDraw(): void {
  if (thread == 0) atomic.store<i32>(NEXT, 0);
}

/** The next piece of work that no thread has taken yet. */
// @ts-ignore: decorator
@inline
export function draw(): i32 {
  return atomic.add<i32>(NEXT, 1);
}

/** a * b + c, rounded once where the runtime has it. */
// @ts-ignore: decorator
@inline
export function madd32(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return f32x4.relaxed_madd(a, b, c);
  } else {
    return f32x4.add(f32x4.mul(a, b), c);
  }
}

/** a * b + c, rounded once where the runtime has it. */
// @ts-ignore: decorator
@inline
export function madd64(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return f64x2.relaxed_madd(a, b, c);
  } else {
    return f64x2.add(f64x2.mul(a, b), c);
  }
}
