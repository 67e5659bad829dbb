import type { RetrievalMetrics } from '../evaluation/index.ts';
import type { Quality } from '../pipeline/index.ts';
import { table } from './terminal.ts';

/** One row a system: Recall@K and median rank in both directions, precision, recall and mAP of tags, and of words. */
export function qualityTable(systems: readonly { name: string; quality: Quality }[]): string {
  const recalls = (metrics: RetrievalMetrics) => [
    metrics['recall@1'].toFixed(1),
    metrics['recall@5'].toFixed(1),
    metrics['recall@10'].toFixed(1),
    metrics.medianRank.toFixed(0),
  ];
  const part = (title: string, header: string[], cells: (quality: Quality) => string[]) =>
    table(
      [title.padEnd(14), ...header],
      systems.map(({ name, quality }) => [name, ...cells(quality)]),
    );
  const retrieval = ['R@1', 'R@5', 'R@10', 'median rank'];
  return [
    part('text to image', retrieval, (quality) => recalls(quality.textToImage)),
    part('image to text', retrieval, (quality) => recalls(quality.imageToText)),
    part('image to tag', ['P@5', 'R@5', 'mAP'], ({ imageToTag }) => [
      imageToTag['precision@5'].toFixed(1),
      imageToTag['recall@5'].toFixed(1),
      imageToTag.map.toFixed(1),
    ]),
    part('tag to image', ['P@10', 'mAP'], ({ tagToImage }) => [
      Number.isNaN(tagToImage['precision@10']) ? '-' : tagToImage['precision@10'].toFixed(1),
      tagToImage.map.toFixed(1),
    ]),
  ].join('\n\n');
}
