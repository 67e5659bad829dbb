import { type ReportData, type ReportPicture, renderReport } from '../evaluation/index.ts';
import { HUMAN, WINK_EMBEDDINGS } from '../models/index.ts';
import type { DemoEvaluation, DemoResult } from './demo.ts';
import type { Quality } from './evaluate.ts';

/** The demo's results as one self-contained HTML page. */
export function demoReport(demo: DemoResult, origin: readonly string[]): string {
  const { emoji, evaluations, timings } = demo;
  const [artist] = evaluations;
  const { recipe, space, trained } = artist!.ours.model;
  const picture = (position: number): ReportPicture => {
    const { svg, concept } = emoji.pictures[position]!;
    return { bytes: Buffer.from(svg), mime: 'image/svg+xml', alt: emoji.concepts[concept]!.words[0]! };
  };
  const quality = artist!.ours.evaluation;
  const data: ReportData = {
    title: 'Words find pictures, pictures find words',
    summary: `A joint space of pictures and words, learned by canonical correlation analysis from ${trained.pictures.toLocaleString('en-US')} emoji drawings by three artists. On the drawings of a fourth artist, which it never saw, the words of an emoji find it among the first ten of ${quality.tested.pictures.toLocaleString('en-US')} in ${quality.textToImage['recall@10'].toFixed(0)} % of the cases, and ${quality.imageToTag['precision@5'].toFixed(0)} % of the five words given to a picture are right.`,
    origin,
    evaluations: evaluations.map(reportEvaluation),
    queries: demo.queries.map(({ words, results }) => ({
      words,
      results: results.map((result) => ({
        picture: picture(result.picture),
        score: result.score,
        right: result.right,
      })),
    })),
    taggedPictures: demo.taggings.map((one) => ({
      picture: picture(one.picture),
      tags: one.tags.map(({ word, score, right }) => ({ word, probability: score, right })),
    })),
    correlations: space.correlations,
    settings: [
      { name: 'Image encoder', value: `${demo.encoder.id}, ${demo.encoder.size} numbers a picture` },
      { name: 'Text view', value: recipe.text.map((block) => TEXT_BLOCKS[block]).join(', and ') },
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
      { name: 'Language of the words', value: emoji.language },
    ],
    timings,
    credits: [
      ...emoji.credits.map(({ name, version, licence, credit, use }) => ({
        name: `${name} ${version}`,
        licence,
        note: `${credit}; ${use}`,
      })),
      ...[HUMAN, WINK_EMBEDDINGS].map(({ name, version, licence, credit }) => ({
        name: `${name} ${version}`,
        licence,
        note: credit,
      })),
    ],
    method: [
      'Unseen artist: nothing drawn by the fourth artist was learned from. A query is all words of a concept; each drawing of the fourth artist is one item to be found.',
      'Unseen concepts: a fifth of the concepts, chosen by a seed, was learned from in no artist’s drawing. Their words may be known from other concepts.',
      'Queries of figure 1 search the fourth artist’s drawings; right is a picture whose words include all words of the query. Pictures of figure 2 show concepts that were never learned from.',
    ],
  };
  return renderReport(data);
}

const TEXT_BLOCKS = {
  vectors: 'TF-IDF mean of word vectors',
  words: 'TF-IDF bag of words',
} as const;

function reportEvaluation({ name, description, ours, article }: DemoEvaluation) {
  const systems = [{ name: 'Covista', role: 'main' as const, ...pick(ours.evaluation) }];
  const others = [
    ...(article ? [{ name: 'Plain recipe', role: 'baseline' as const, ...pick(article.evaluation) }] : []),
    { name: 'Chance', role: 'chance' as const, ...pick(ours.evaluation.chance) },
  ];
  return { name, description, systems: [...systems, ...others] };
}

const pick = ({ imageToText, textToImage, imageToTag }: Quality) => ({
  imageToText,
  textToImage,
  imageToTag,
});
