import { amount, anEngine, checkOptions, required } from '../../base/check-options.ts';
import type { Engine } from '../../linalg/engine.ts';
import type { Matrix32 } from '../../linalg/matrix.ts';
import type { JointSpace } from '../space/joint-space.ts';
import { project } from '../space/project.ts';
import { normalizeRows, scaleComponents } from '../space/similarity.ts';
import { type CaptionedRows, checkCaptionedRows } from './captioned-rows.ts';

/** Scores computed at a time. */
const BLOCK = 1 << 22;

/**
 * How well pictures and captions find each other in a joint space: the mean of Recall@1, @5 and @10 of both
 * directions, in per cent. Every caption queries all pictures; every picture that has captions queries all
 * captions, of which its best-ranked own one counts. Equal scores count against the space.
 * @param options `scaling`: the power of the canonical correlations that scales components before the cosine; 0 when
 *   left out
 * @throws CovistaError as {@link refine} does for rows that do not fit
 */
export async function meanRecall(
  space: JointSpace,
  rows: CaptionedRows,
  options: { readonly engine: Engine; readonly scaling?: number },
): Promise<number> {
  checkCaptionedRows(space, rows);
  checkOptions('meanRecall', options, { engine: required(anEngine), scaling: amount(0) });
  const { engine, scaling = 0 } = options;
  const embed = async (view: number) => {
    const variates = await project(space, view, view === 0 ? rows.images : rows.texts, { engine });
    return normalizeRows(scaleComponents(variates, space.correlations, scaling));
  };
  const images = await embed(0);
  const texts = await embed(1);
  const own = Uint32Array.from({ length: images.rows }, (_, i) => i);
  const toText = await recalls(engine, images, own, texts, rows.of);
  const toImage = await recalls(engine, texts, rows.of, images, own);
  return (100 * (toText + toImage)) / 2;
}

/**
 * The mean of Recall@1, @5 and @10.
 * @param queryGroups the group of each query: an item is relevant if it is of the same group
 */
async function recalls(
  engine: Engine,
  queries: Matrix32,
  queryGroups: Uint32Array,
  items: Matrix32,
  itemGroups: Uint32Array,
): Promise<number> {
  const { columns } = queries;
  const block = Math.max(1, Math.floor(BLOCK / items.rows));
  let answered = 0;
  let found = 0;
  for (let start = 0; start < queries.rows; start += block) {
    const count = Math.min(block, queries.rows - start);
    const part = {
      rows: count,
      columns,
      data: queries.data.subarray(start * columns, (start + count) * columns),
    };
    const scores = await engine.multiply(part, items, { transposeB: true });
    for (let i = 0; i < count; i++) {
      const row = scores.data.subarray(i * items.rows, (i + 1) * items.rows);
      const rank = firstRank(row, itemGroups, queryGroups[start + i]!);
      if (rank === 0) continue;
      answered++;
      for (const k of [1, 5, 10]) if (rank <= k) found++;
    }
  }
  return answered > 0 ? found / (3 * answered) : 0;
}

/** The rank of the best item of a group, from 1; 0 when there is none. */
function firstRank(scores: Float32Array, groups: Uint32Array, group: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) if (groups[i] === group && scores[i]! > best) best = scores[i]!;
  if (best === Number.NEGATIVE_INFINITY) return 0;
  let rank = 1;
  for (let i = 0; i < scores.length; i++) if (scores[i]! >= best && groups[i] !== group) rank++;
  return rank;
}
