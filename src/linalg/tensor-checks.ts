/**
 * What must hold of a tensor's numbers besides their type and shape. A check returns what is wrong, to stand behind the
 * tensor's name, or nothing. That numbers are finite is always checked.
 */
export type TensorCheck = (values: ArrayLike<number>) => string | undefined;

/** Numbers from `least` to `most`, with a slack for their rounding. */
export function between(least: number, most: number, slack = 0): TensorCheck {
  const [low, high] = [least - slack, most + slack];
  return (values) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!(value >= low && value <= high))
        return `holds ${value} at position ${i}, which is not within ${least} to ${most}`;
    }
    return undefined;
  };
}

/** Numbers that are 0 or more. */
export const nonNegative: TensorCheck = between(0, Number.POSITIVE_INFINITY);

/** Whole numbers below a bound: positions in a list of that length. */
export function below(bound: number): TensorCheck {
  return (values) => {
    for (let i = 0; i < values.length; i++)
      if (values[i]! >= bound)
        return `holds ${values[i]} at position ${i}, but only ${bound} can be pointed at`;
    return undefined;
  };
}

/** Each number larger than the one before. */
export const ascending: TensorCheck = (values) => {
  for (let i = 1; i < values.length; i++)
    if (!(values[i]! > values[i - 1]!))
      return `does not ascend: ${values[i - 1]} comes before ${values[i]} at position ${i}`;
  return undefined;
};

/** No number larger than the one before. */
export const descending: TensorCheck = (values) => {
  for (let i = 1; i < values.length; i++)
    if (!(values[i]! <= values[i - 1]!))
      return `does not descend: ${values[i - 1]} comes before ${values[i]} at position ${i}`;
  return undefined;
};

/** Where rows begin in a list of a length, and where the last one ends: from 0 to that length, never falling. */
export function offsetsTo(length: number): TensorCheck {
  return (values) => {
    if (values[0] !== 0) return `begins with ${values[0]} in place of 0`;
    for (let i = 1; i < values.length; i++)
      if (values[i]! < values[i - 1]!) return `falls from ${values[i - 1]} to ${values[i]} at position ${i}`;
    const end = values[values.length - 1];
    return end === length ? undefined : `ends with ${end} in place of ${length}`;
  };
}

/** Each number larger than the one before in its row, for rows that {@link offsetsTo} has checked. */
export function ascendingRows(offsets: ArrayLike<number>): TensorCheck {
  return (values) => {
    for (let i = 0; i + 1 < offsets.length; i++)
      for (let p = offsets[i]! + 1; p < offsets[i + 1]!; p++)
        if (!(values[p]! > values[p - 1]!))
          return `does not ascend within row ${i}: ${values[p - 1]} comes before ${values[p]}`;
    return undefined;
  };
}

/** Rows of so many numbers each that have length 1, as far as half precision goes, or are zero. */
export function unitRows(columns: number): TensorCheck {
  return (values) => {
    for (let start = 0; start + columns <= values.length && columns > 0; start += columns) {
      let squares = 0;
      for (let i = start; i < start + columns; i++) squares += values[i]! ** 2;
      if (squares !== 0 && !(Math.abs(squares - 1) < 0.01))
        return `has a row ${start / columns} of length ${Math.sqrt(squares).toPrecision(3)} in place of 1`;
    }
    return undefined;
  };
}
