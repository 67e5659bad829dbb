import type { ReportSetting, ReportSystem } from '../evaluation/index.ts';
import type { Quality } from './evaluate.ts';
import type { Model } from './model.ts';

const BLOCK_NAMES = {
  vectors: 'TF-IDF mean of word vectors',
  words: 'TF-IDF bag of words',
  sentence: 'sentence encoder',
} as const;

/** What a report says of how a model was made. */
export function modelSettings({ encoder, recipe, space }: Model): ReportSetting[] {
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
          ? `vote of all training captions, temperature ${recipe.tags.temperature}`
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
    { name: 'Covista', role: 'main', ...pick(ours) },
    ...(article ? [{ name: 'Plain recipe', role: 'baseline' as const, ...pick(article) }] : []),
    { name: 'Chance', role: 'chance', ...pick(ours.chance) },
  ];
}

const pick = ({ imageToText, textToImage, imageToTag }: Quality): Quality => ({
  imageToText,
  textToImage,
  imageToTag,
});
