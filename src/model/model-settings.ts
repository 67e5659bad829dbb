import { z } from 'zod';
import type { Model } from './model.ts';
import { recipeSchema } from './recipe.ts';

const ascends = (numbers: readonly number[]) =>
  numbers.every((number, i) => i === 0 || number >= numbers[i - 1]!);

const curveSchema = z
  .object({
    minimumFrequency: z.number(),
    scores: z.array(z.number()).refine(ascends, 'do not ascend'),
    probabilities: z.array(z.number().min(0).max(1)).refine(ascends, 'do not ascend'),
  })
  .refine(
    ({ scores, probabilities }) => scores.length === probabilities.length,
    'has scores without probabilities',
  );

/** All of a model but its matrices, as stored. */
export const modelSettingsSchema = z
  .object({
    recipe: recipeSchema,
    encoder: z
      .object({
        id: z.string(),
        size: z.number().int().positive(),
        blocks: z.array(z.object({ name: z.string(), size: z.number().int().positive() })),
      })
      .refine(
        ({ size, blocks }) => blocks.reduce((sum, block) => sum + block.size, 0) === size,
        'has blocks that do not add up to its size',
      ),
    text: z.unknown(),
    joined: z.array(z.unknown()),
    vectors: z.string(),
    sentences: z.string().optional(),
    tags: z.array(z.string()),
    tagCounts: z.array(z.number().int().nonnegative()),
    calibration: z
      .object({
        // The bands go from frequent words to rare ones, and the last one takes all that are left.
        bands: z
          .array(curveSchema)
          .refine((bands) => bands.at(-1)?.minimumFrequency === 0, 'leave out the rarest words'),
      })
      .optional(),
    combination: z.object({ weights: z.array(z.number()).length(2), intercept: z.number() }).optional(),
    trained: z.object({
      pictures: z.number().int().nonnegative(),
      captions: z.number().int().nonnegative(),
    }),
  })
  .refine(({ tags, tagCounts }) => tags.length === tagCounts.length, 'has tags without counts')
  .refine(
    ({ recipe, joined }) => (recipe.joined ?? []).length === joined.length,
    'has not the members that its recipe asks for',
  );

/** All of a model but its matrices, as JSON that {@link modelSettingsSchema} checks. */
export function modelSettings(model: Model): string {
  const { recipe, encoder, text, vectors, sentences, tags, tagCounts, calibration, direct, trained } = model;
  return JSON.stringify({
    recipe,
    encoder,
    text: text.toJSON(),
    joined: model.joined.map((one) => one.text.toJSON()),
    vectors,
    sentences,
    tags,
    tagCounts,
    calibration,
    combination: direct?.combination,
    trained,
  });
}
