import { join } from 'node:path';
import { loadEmoji, readAnnotations } from '../../src/datasets/index.ts';
import { defaultImageEncoder } from '../../src/encoders/image/index.ts';
import { joinRows, matrix, selectRows } from '../../src/linalg/matrix.ts';
import type { PairSource } from '../../src/pipeline/index.ts';
import { emojiExperiments, emojiFeatures } from '../../src/showcases/emoji-experiment.ts';
import { flickr8kFold } from './flickr8k-fold.ts';

const SHARED = join(import.meta.dirname, '../../../shared/data');

/** The official training photos of Flickr8k. */
export async function flickr8k(): Promise<PairSource> {
  const { encoder, features, captions, train, test } = await flickr8kFold(1);
  const rows = [...train, ...test];
  return { encoder, captions: rows.map((i) => captions[i]!), features: () => [selectRows(features, rows)] };
}

/** Both halves of the small selection, as one collection. */
export async function cocoMini(): Promise<PairSource> {
  const encoder = await defaultImageEncoder();
  const found: { feature: Float32Array; captions: readonly string[] }[] = [];
  for (const half of ['train2017', 'val2017']) {
    const { pictures } = await readAnnotations(
      join(SHARED, 'coco-mini/annotations', `captions_${half}.json`),
    );
    const paths = pictures.map(({ picture }) => join(SHARED, 'coco-mini', half, picture));
    for await (const one of encoder.encode(paths))
      if ('feature' in one) found.push({ feature: one.feature, captions: pictures[one.index]!.captions });
  }
  await encoder.close();
  const features = joinRows(found.map(({ feature }) => matrix(1, encoder.size, feature)));
  return { encoder, captions: found.map(({ captions }) => captions), features: () => [features] };
}

/** The drawings of three artists; those of the fourth are the demo's test. */
export async function emoji(): Promise<PairSource> {
  const set = await loadEmoji();
  const encoder = await defaultImageEncoder();
  const features = await emojiFeatures(set, encoder, {});
  await encoder.close();
  const { captions, train } = emojiExperiments(set, features, encoder, 1).unseenArtist;
  return { encoder, captions: train.map((i) => captions[i]!), features: () => [selectRows(features, train)] };
}
