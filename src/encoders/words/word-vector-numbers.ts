const SPACE = 0x20;
const TAB = 0x09;
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const SMALL_E = 0x65;

/** More digits than float32 can tell apart, and few enough for 32-bit integers. */
const COUNTED_DIGITS = 9;
const LARGEST_FLOAT32 = 3.4028234663852886e38;

const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);

/**
 * Reads decimal numbers between spaces, tabs or commas straight from bytes, many times faster than by way of
 * strings. The first nine digits of a number count, the rest only for its magnitude.
 * @param end the byte there, if any, is none of a number
 * @param into receives the numbers
 * @returns how many there are, also when that is more than `into` holds; -1 when something is no finite number
 */
export function parseNumbers(bytes: Uint8Array, start: number, end: number, into: Float32Array): number {
  let count = 0;
  let i = start;
  for (;;) {
    let byte = bytes[i]!;
    while (i < end && (byte === SPACE || byte === COMMA || byte === TAB)) byte = bytes[++i]!;
    if (i >= end) return count;
    const negative = byte === MINUS;
    if (negative || byte === PLUS) byte = bytes[++i]!;
    const first = i;
    let mantissa = 0;
    let exponent = 0;
    let counted = 0;
    let point = 0;
    for (; ; byte = bytes[++i]!) {
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        if (counted < COUNTED_DIGITS) {
          mantissa = (mantissa * 10 + digit) | 0;
          // Zeros in front take no room.
          if (mantissa !== 0) counted++;
          exponent -= point;
        } else {
          exponent += 1 - point;
        }
      } else if (byte === POINT && point === 0) {
        point = 1;
      } else {
        break;
      }
    }
    if (i - first - point < 1) return -1;
    if ((byte | SPACE) === SMALL_E && i < end) {
      byte = bytes[++i]!;
      const sign = byte === MINUS ? -1 : 1;
      if (byte === MINUS || byte === PLUS) byte = bytes[++i]!;
      let power = 0;
      const firstOfPower = i;
      for (; byte >= ZERO && byte <= ZERO + 9; byte = bytes[++i]!)
        power = Math.min(power * 10 + byte - ZERO, 9999);
      if (i === firstOfPower) return -1;
      exponent += sign * power;
    }
    if (i < end && byte !== SPACE && byte !== COMMA && byte !== TAB) return -1;
    let value: number = mantissa;
    if (exponent < 0) value = exponent >= -22 ? value / POWERS[-exponent]! : value * 10 ** exponent;
    else if (exponent > 0 && value !== 0) value *= exponent <= 22 ? POWERS[exponent]! : 10 ** exponent;
    if (value > LARGEST_FLOAT32) return -1;
    if (count < into.length) into[count] = negative ? -value : value;
    count++;
  }
}
