import type { Annotations } from './annotation.ts';

/** Pictures to learn from, to make choices on, and to test on. */
export interface OfficialSplits {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/**
 * The splits of a data set by their use. `restval`, the part of MS COCO's validation set that Karpathy and Fei-Fei (CVPR
 * 2015) left over, is learned from, as papers do.
 * @returns empty lists for what the data set does not have
 */
export function officialSplits({ splits = {} }: Annotations): OfficialSplits {
  const named = (pattern: RegExp) =>
    Object.entries(splits).flatMap(([name, pictures]) => (pattern.test(name) ? pictures : []));
  return {
    train: named(/^(?:train(?:ing)?(?:\d{4})?|restval)$/i),
    validation: named(/^(?:val|valid|validation|dev)(?:\d{4})?$/i),
    test: named(/^test(?:ing)?(?:\d{4})?$/i),
  };
}
