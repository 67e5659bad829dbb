// Putting the tiles that micro-kernels compute into C.

/** What becomes of C: the product is added, subtracted, or takes its place. */
export const ADD: i32 = 0;
export const SUBTRACT: i32 = 1;
export const STORE: i32 = 2;

/** C += a 6 x 4 float64 tile, or -= or =. */
export function add64(out: usize, c: usize, stride: usize, height: i32, width: i32, how: i32): void {
  for (let i = 0; i < height; i++) {
    if (width == 4) {
      combine64(c, v128.load(out), how);
      combine64(c + 16, v128.load(out, 16), how);
    } else {
      for (let j = 0; j < width; j++) {
        const value = load<f64>(out + (<usize>j << 3));
        const at = c + (<usize>j << 3);
        store<f64>(at, how == STORE ? value : load<f64>(at) + (how == SUBTRACT ? -value : value));
      }
    }
    out += 32;
    c += stride;
  }
}

/** float32 C += a 6 x 8 float32 tile, or -= or =. */
export function add32(out: usize, c: usize, stride: usize, height: i32, width: i32, how: i32): void {
  for (let i = 0; i < height; i++) {
    if (width == 8) {
      combine32(c, v128.load(out), how);
      combine32(c + 16, v128.load(out, 16), how);
    } else {
      for (let j = 0; j < width; j++) {
        const value = load<f32>(out + (<usize>j << 2));
        const at = c + (<usize>j << 2);
        store<f32>(at, how == STORE ? value : load<f32>(at) + (how == SUBTRACT ? -value : value));
      }
    }
    out += 32;
    c += stride;
  }
}

/** float64 C += a 6 x 8 float32 tile, or -= or =. */
export function add32to64(out: usize, c: usize, stride: usize, height: i32, width: i32, how: i32): void {
  for (let i = 0; i < height; i++) {
    if (width == 8) {
      combine64(c, f64x2.promote_low_f32x4(v128.load64_zero(out)), how);
      combine64(c + 16, f64x2.promote_low_f32x4(v128.load64_zero(out, 8)), how);
      combine64(c + 32, f64x2.promote_low_f32x4(v128.load64_zero(out, 16)), how);
      combine64(c + 48, f64x2.promote_low_f32x4(v128.load64_zero(out, 24)), how);
    } else {
      for (let j = 0; j < width; j++) {
        const value = <f64>load<f32>(out + (<usize>j << 2));
        const at = c + (<usize>j << 3);
        store<f64>(at, how == STORE ? value : load<f64>(at) + (how == SUBTRACT ? -value : value));
      }
    }
    out += 32;
    c += stride;
  }
}

// @ts-ignore: decorator
@inline
function combine64(c: usize, value: v128, how: i32): void {
  if (how == ADD) value = f64x2.add(v128.load(c), value);
  else if (how == SUBTRACT) value = f64x2.sub(v128.load(c), value);
  v128.store(c, value);
}

// @ts-ignore: decorator
@inline
function combine32(c: usize, value: v128, how: i32): void {
  if (how == ADD) value = f32x4.add(v128.load(c), value);
  else if (how == SUBTRACT) value = f32x4.sub(v128.load(c), value);
  v128.store(c, value);
}
