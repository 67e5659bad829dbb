import { HUMAN, WINK_EMBEDDINGS } from '../encoders/index.ts';
import { type ReportData, type ReportPicture, renderReport } from '../evaluation/index.ts';
import { modelSettings, reportReliability, reportSystems } from '../experiments/report-parts.ts';
import type { DemoEvaluation, DemoResult } from './demo.ts';

/** The demo's results as one self-contained HTML page. */
export function demoReport(demo: DemoResult, origin: readonly string[]): string {
  const { emoji, evaluations, timings } = demo;
  const [artist] = evaluations;
  const { space, trained } = artist!.ours.model;
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
    reliability: reportReliability(artist!.ours.evaluation),
    settings: [
      ...modelSettings(artist!.ours.model),
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
      'Queries of figure 1 search the fourth artist’s drawings; a picture whose words include all words of the query is marked as right; others may be right too. Pictures of figure 2 show concepts that were never learned from.',
    ],
  };
  return renderReport(data);
}

function reportEvaluation({ name, description, ours, article }: DemoEvaluation) {
  return { name, description, systems: reportSystems(ours.evaluation, article?.evaluation) };
}
