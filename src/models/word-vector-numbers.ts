const SPACE = 0x20;
const TAB = 0x09;
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const SMALL_E = 0x65;

/** Digits beyond these change nothing in float32, but would leave the range where a double counts exactly. */
const LARGEST_EXACT = 2 ** 53 / 10 - 1;

const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);

/**
 * Reads decimal numbers between spaces, tabs or commas straight from bytes, many times faster than by way of
 * strings; correct to the last bit but one of a double.
 * @param into receives the numbers
 * @returns how many there are, also when that is more than `into` holds; -1 when something is no finite number
 */
export function parseNumbers(bytes: Uint8Array, start: number, end: number, into: Float32Array): number {
  let count = 0;
  let i = start;
  for (;;) {
    while (i < end && (bytes[i] === SPACE || bytes[i] === COMMA || bytes[i] === TAB)) i++;
    if (i >= end) return count;
    const negative = bytes[i] === MINUS;
    if (negative || bytes[i] === PLUS) i++;
    let mantissa = 0;
    let exponent = 0;
    let digits = 0;
    let digit = bytes[i]! - ZERO;
    while (i < end && digit >= 0 && digit <= 9) {
      if (mantissa <= LARGEST_EXACT) mantissa = mantissa * 10 + digit;
      else exponent++;
      digits++;
      digit = bytes[++i]! - ZERO;
    }
    if (i < end && bytes[i] === POINT) {
      digit = bytes[++i]! - ZERO;
      while (i < end && digit >= 0 && digit <= 9) {
        if (mantissa <= LARGEST_EXACT) {
          mantissa = mantissa * 10 + digit;
          exponent--;
        }
        digits++;
        digit = bytes[++i]! - ZERO;
      }
    }
    if (digits === 0) return -1;
    if (i < end && (bytes[i]! | SPACE) === SMALL_E) {
      let sign = 1;
      i++;
      if (bytes[i] === MINUS || bytes[i] === PLUS) sign = bytes[i++] === MINUS ? -1 : 1;
      let power = 0;
      const first = i;
      digit = bytes[i]! - ZERO;
      while (i < end && digit >= 0 && digit <= 9) {
        power = Math.min(power * 10 + digit, 10_000);
        digit = bytes[++i]! - ZERO;
      }
      if (i === first) return -1;
      exponent += sign * power;
    }
    if (i < end && bytes[i] !== SPACE && bytes[i] !== COMMA && bytes[i] !== TAB) return -1;
    const value = scale(mantissa, exponent);
    if (value > 3.4028234663852886e38) return -1;
    if (count < into.length) into[count] = negative ? -value : value;
    count++;
  }
}

function scale(mantissa: number, exponent: number): number {
  if (exponent === 0 || mantissa === 0) return mantissa;
  if (exponent < 0) return exponent >= -22 ? mantissa / POWERS[-exponent]! : mantissa * 10 ** exponent;
  return exponent <= 22 ? mantissa * POWERS[exponent]! : mantissa * 10 ** exponent;
}
