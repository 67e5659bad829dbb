import type {
  ReportExplanation,
  ReportReliability,
  ReportSetting,
  ReportSystem,
} from '../evaluation/index.ts';
import type { Model } from '../model/model.ts';
import type { ExplainedHit } from '../search/explain.ts';
import type { Evaluation, Quality } from './evaluate.ts';

const BLOCK_NAMES = {
  vectors: 'TF-IDF mean of word vectors',
  words: 'TF-IDF bag of words',
  sentence: 'sentence encoder',
} as const;

/** What a report says of how a model was made. */
export function modelSettings({ encoder, recipe, space, direct }: Model): ReportSetting[] {
  return [
    { name: 'Image encoder', value: `${encoder.id}, ${encoder.size} numbers a picture` },
    { name: 'Text view', value: recipe.text.map((block) => BLOCK_NAMES[block]).join(', and ') },
    {
      name: 'Ridge',
      value: `${recipe.ridge[0]} (pictures), ${recipe.ridge[1]} (words) of the mean variance`,
    },
    { name: 'Canonical dimensions', value: space.correlations.length },
    {
      name: 'Similarity',
      value: `cosine, components scaled by their correlation to the power ${recipe.scaling}`,
    },
    {
      name: 'Tags',
      value:
        recipe.tags.method === 'vote'
          ? `vote of all training captions, temperature ${recipe.tags.temperature}${direct === undefined ? '' : ', and a regression'}`
          : 'nearest word vectors',
    },
  ];
}

/** A table of results: Covista, the plain recipe where it was tested too, and chance. */
export function reportSystems(
  ours: Quality & { readonly chance: Quality },
  article: Quality | undefined,
): ReportSystem[] {
  return [
    { name: 'Covista', role: 'main', ...qualityOf(ours) },
    ...(article ? [{ name: 'Plain recipe', role: 'baseline' as const, ...qualityOf(article) }] : []),
    { name: 'Chance', role: 'chance', ...qualityOf(ours.chance) },
  ];
}

/** The measures alone of what was evaluated. */
export const qualityOf = ({ imageToText, textToImage, imageToTag, tagToImage }: Quality): Quality => ({
  imageToText,
  textToImage,
  imageToTag,
  tagToImage,
});

/** How far the probabilities of tags can be trusted, of all words and by how frequent they are. */
export function reportReliability({ calibration, calibrationByFrequency }: Evaluation): ReportReliability[] {
  if (calibration === undefined) return [];
  return [
    { name: 'all words', reliability: calibration },
    ...calibrationByFrequency.slice(0, 4).map(({ from, reliability }, i, all) => {
      const below = all[i - 1]?.from;
      const name = below === undefined ? `in ${from} and more` : `in ${Math.max(1, from)} to ${below - 1}`;
      return { name, reliability };
    }),
  ];
}

/** What added up to the score of a hit; words of several parts of a query stand one after another. */
export function reportExplanation({ parts, hubness, captions }: ExplainedHit): ReportExplanation {
  const contributions = parts.flatMap(({ text, words, constant }) => [
    ...words.map(({ word, contribution, tag }) => ({
      name: tag ? `${word} (tag ${tag.toFixed(2)})` : word,
      value: contribution,
    })),
    { name: text === undefined ? '(the picture)' : '(any words)', value: constant },
  ]);
  if (hubness !== 0)
    contributions.push({
      name: hubness < 0 ? '(near to words of all kinds)' : '(seldom near to words)',
      value: hubness,
    });
  return { contributions, captions: captions.map(({ text }) => text) };
}
