import { thumbnail } from '../encoders/image/index.ts';
import {
  mean,
  type ReportPicture,
  type ReportQuery,
  type ReportTaggedPicture,
  renderReport,
} from '../evaluation/index.ts';
import type { Engine } from '../linalg/engine.ts';
import { selectRows } from '../linalg/matrix.ts';
import { tagFeatures } from '../model/tagging.ts';
import { indexRow } from '../retrieval/index.ts';
import { explainHits, explainTags } from '../search/explain.ts';
import { pictureIndex, placePictures, search } from '../search/search.ts';
import type { ComparedResult } from './compare.ts';
import { type Experiment, testRows } from './experiment.ts';
import { modelSettings, qualityOf, reportExplanation, reportReliability } from './report-parts.ts';

/** Queries and pictures in the figures. */
const SHOWN = 8;

/** Results shown for a query. */
const RESULTS = 6;

/** Side of pictures in the figures, in pixels. */
const SIDE = 200;

/**
 * Recipes side by side as one self-contained HTML page: results with intervals, paired tests, settings and timings;
 * and, where the files of the pictures are known and can be read, what the best recipe finds.
 * @param results at least one
 * @param subject what is compared: recipes, or what one learns from, of which the first is shown
 * @param origin what the report was made with and when
 */
export async function compareReport(
  experiment: Experiment,
  results: readonly ComparedResult[],
  origin: readonly string[],
  engine: Engine,
  subject: 'recipes' | 'starter' = 'recipes',
): Promise<string> {
  const best =
    subject === 'starter' ? results[0]! : results.reduce((a, b) => (meanRecall(b) > meanRecall(a) ? b : a));
  const { n, evaluation, model } = best;
  const number = (value: number) => value.toLocaleString('en-US');
  const figures = await pictureFigures(experiment, best, engine);
  return renderReport({
    title: results.length === 1 || subject === 'starter' ? 'Words and pictures' : 'Recipes compared',
    summary: `Learned from ${number(n.train)} pictures, tested on ${number(n.test)} others with ${number(evaluation.tested.captions)} captions.${results.length === 1 ? '' : about(subject, results, best)}`,
    origin,
    evaluations: [
      {
        name: 'Test pictures',
        description: 'Small numbers: 95 % bootstrap intervals.',
        systems: [
          ...results.map((result) => ({
            name: result.name,
            role: result === best ? ('main' as const) : ('baseline' as const),
            ...qualityOf(result.evaluation),
            intervals: result.intervals,
          })),
          { name: 'chance', role: 'chance', ...qualityOf(evaluation.chance) },
        ],
      },
    ],
    comparisons: results.flatMap(({ name, tests }) =>
      tests === undefined ? [] : [{ name, baseline: results[0]!.name, tests }],
    ),
    ...figures,
    correlations: model.space.correlations,
    reliability: reportReliability(evaluation),
    settings: modelSettings(model),
    timings: results.flatMap(({ name, seconds }) => [
      { step: `learn: ${name}`, seconds: seconds.fit },
      { step: `test: ${name}`, seconds: seconds.total - seconds.fit },
    ]),
    credits: [],
    method: [
      'Nothing of the test pictures was learned from. Every test caption is one query against all test pictures; every test picture is one query against all test captions, of which its own best-ranked one counts.',
      'True tags of a picture are the words in at least two of its captions, or in its only one, stop words left out.',
      'Single words: every category, or else every tag, is one query against all test pictures, of which those that have it are right; P@10 is the mean over words that are true of 10 pictures or more.',
      'Intervals are percentile bootstrap intervals of 2,000 resamples of the test pictures, each with all of its captions. Tests exchange the results of two recipes at random, picture by picture.',
    ],
  });
}

function about(
  subject: 'recipes' | 'starter',
  results: readonly ComparedResult[],
  best: ComparedResult,
): string {
  if (subject === 'recipes')
    return ` Figures, correlations and settings are those of the recipe "${best.recipe}", which has the highest mean recall.`;
  const tags = results.map(({ name, model }) => `${name} ${model.tags.length.toLocaleString('en-US')}`);
  return ` Figures, correlations and settings are those of what covista fit would learn. Tags and single words are judged on the tags that each can give: ${tags.join(', ')}.`;
}

function meanRecall({ evaluation: { imageToText, textToImage } }: ComparedResult): number {
  return mean([imageToText, textToImage].flatMap((m) => [m['recall@1'], m['recall@5'], m['recall@10']]));
}

/** What an even selection of test captions finds among the test pictures, and the tags of some of these. */
async function pictureFigures(
  experiment: Experiment,
  { model, evaluation }: ComparedResult,
  engine: Engine,
): Promise<{ queries: ReportQuery[]; taggedPictures: ReportTaggedPicture[] }> {
  const { pictures, captions } = experiment;
  const test = testRows(experiment);
  const none = { queries: [], taggedPictures: [] };
  if (pictures === undefined) return none;
  const features = selectRows(experiment.features, test);
  const paths = test.map((i) => pictures[i]!);
  const index = pictureIndex(await placePictures(model, { paths, vectors: features }, engine), engine);
  const positionOf = new Map(paths.map((path, position) => [path, position]));
  const shown = Array.from({ length: Math.min(SHOWN, test.length) }, (_, i) =>
    Math.floor((i * test.length) / Math.min(SHOWN, test.length)),
  );
  const shownFeatures = selectRows(features, shown);
  const tags = await explainTags(
    model,
    shownFeatures,
    await tagFeatures(model, shownFeatures, 5, engine),
    engine,
  );
  const captionOf = (position: number) => captions[test[position]!]![0]!;
  const picture = async (position: number): Promise<ReportPicture> => ({
    bytes: await thumbnail(paths[position]!, SIDE),
    mime: 'image/jpeg',
    alt: captionOf(position),
  });
  try {
    const queries = shown.map(async (position): Promise<ReportQuery> => {
      // A caption is no query with signs of its own: quotes keep it as it is.
      const words = captionOf(position).replaceAll(/["“”]/g, ' ');
      const query = { words: `"${words}"` };
      const hits =
        model.text.known(words) === 0
          ? []
          : await explainHits(
              index,
              model,
              query,
              await search(index, model, query, RESULTS, engine),
              engine,
            );
      return {
        words: captionOf(position),
        results: await Promise.all(
          hits.map(async (hit) => ({
            picture: await picture(positionOf.get(hit.path)!),
            score: hit.score,
            explanation: reportExplanation(hit),
            ...(positionOf.get(hit.path) === position && { right: true }),
          })),
        ),
      };
    });
    const tagged = shown.map(async (position, i): Promise<ReportTaggedPicture> => {
      const right = new Set(Array.from(indexRow(evaluation.truth, position), (word) => model.tags[word]!));
      return {
        picture: await picture(position),
        tags: tags[i]!.map(({ word, score, captions }) => ({
          word,
          probability: score,
          right: right.has(word),
          captions: captions.map(({ text }) => text),
        })),
      };
    });
    return { queries: await Promise.all(queries), taggedPictures: await Promise.all(tagged) };
  } catch {
    // Pictures may have been moved since they were indexed; the numbers stand without them.
    return none;
  }
}
