import { type WorkOptions, workOf } from '../base/progress.ts';
import { type JointSpace, refine } from '../cca/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { joinRows, type Matrix32 } from '../linalg/matrix.ts';
import { imageRows } from '../model/model.ts';
import type { Recipe } from '../model/recipe.ts';
import type { TextEncoder } from '../text/index.ts';
import { featuresWhere, type PairSource } from './pairs.ts';

/** Pictures that refinement learns from at most: their features are all in memory, and few steps see more. */
const LARGEST = 60_000;

/**
 * Refines a space by contrastive steps on the pictures that it was learned from, or an even selection of them.
 * @param isUsed whether the picture at a position was learned from
 * @param options `seed`: of the order of pairs and of what is left out
 */
export async function refineSpace(
  space: JointSpace,
  pairs: PairSource,
  isUsed: (position: number) => boolean,
  recipe: Recipe,
  text: TextEncoder,
  options: WorkOptions & { readonly engine: Engine; readonly seed: number },
): Promise<JointSpace> {
  const every = Math.ceil(pairs.captions.length / LARGEST);
  const isTaken = (position: number) => position % every === 0 && isUsed(position);
  const parts: Matrix32[] = [];
  for await (const features of featuresWhere(pairs.features(), isTaken))
    parts.push(imageRows(recipe, features));
  const captions = pairs.captions.filter((_, i) => isTaken(i));
  const refined = await refine(
    space,
    {
      images: [joinRows(parts)],
      texts: await text.encode(captions.flat()),
      of: Uint32Array.from(captions.flatMap((some, picture) => some.map(() => picture))),
    },
    {
      ...workOf(options),
      engine: options.engine,
      seed: options.seed,
      scaling: recipe.scaling,
      steps: recipe.refine!.steps,
    },
  );
  return refined.space;
}
