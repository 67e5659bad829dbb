import { CovistaError } from '../../base/errors.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';

/** @throws CovistaError `bad-values` naming the first element that is not finite */
export function requireFiniteRows(m: Matrix32, what: string): void {
  const { data } = m;
  for (let i = 0; i < data.length; i++)
    if (!Number.isFinite(data[i]!))
      throw new CovistaError(
        'bad-values',
        `Row ${Math.floor(i / m.columns)}, column ${i % m.columns} of the ${what} is ${data[i]}.`,
      );
}
