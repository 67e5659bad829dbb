import { CovistaError } from '../../base/errors.ts';
import type { NpyArray } from './npy.ts';

/** A file that holds several arrays by name. */
export interface NamedArrays {
  readonly keys: readonly string[];
  /** @throws CovistaError `bad-format` or `bad-values` naming the file */
  read(key: string): Promise<NpyArray>;
}

const usualKeys =
  'features feature feats embeddings embedding image_features image_embeddings image_embedding img_features vectors vector x data'.split(
    ' ',
  );

/**
 * Which array holds the features: the one that is asked for, the only one, or the one with a usual name.
 * @throws CovistaError `usage` listing the names when it cannot be told
 */
export function chooseKey(keys: readonly string[], key: string | undefined, path: string): string {
  const chosen =
    key === undefined
      ? keys.length === 1
        ? keys[0]
        : usualKeys.flatMap((usual) => keys.filter((name) => name.toLowerCase() === usual))[0]
      : keys.find((name) => name === key);
  if (chosen !== undefined) return chosen;
  const list = keys.length === 0 ? 'nothing that can be read' : keys.join(', ');
  throw new CovistaError(
    'usage',
    key === undefined
      ? `${path} holds ${list}: which of these are the features cannot be told.`
      : `${path} holds no array ${key}, but ${list}.`,
    { hint: 'Name one of them.' },
  );
}
