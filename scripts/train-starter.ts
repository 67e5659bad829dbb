import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { OnProgress } from '../src/base/progress.ts';
import { listPictures, matchAnnotations, readAnnotations } from '../src/datasets/index.ts';
import { defaultImageEncoder } from '../src/encoders/image/index.ts';
import { defaultWordVectors } from '../src/encoders/index.ts';
import { BUILT_IN_STARTER, saveStarter } from '../src/learning/starter/starter-file.ts';
import { trainStarter } from '../src/learning/starter/train-starter.ts';
import { createEngine } from '../src/linalg/create-engine.node.ts';
import { captionsOf, recipeByName } from '../src/pipeline/index.ts';
import { cachedFeatures } from '../src/showcases/cached-features.ts';

/**
 * Trains the starter that comes with Covista, from folders of pictures with captions files:
 *
 *     node scripts/train-starter.ts --pictures photos --captions captions.txt [--pictures ... --captions ...] [--out file]
 *
 * Features are kept in the cache folder: what takes minutes is done once.
 */
const { values } = parseArgs({
  options: {
    pictures: { type: 'string', multiple: true, default: [] },
    captions: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: BUILT_IN_STARTER },
  },
});
if (values.pictures.length === 0 || values.pictures.length !== values.captions.length)
  throw new Error('Name one captions file for each folder of pictures.');

let stage = '';
const onProgress: OnProgress = (event) => {
  if (event.stage !== stage) console.log(event.stage);
  stage = event.stage;
};
const encoder = await defaultImageEncoder();
const engine = await createEngine();
try {
  const pictures: { name: string; file: string; captions: readonly string[] }[] = [];
  for (const [i, folder] of values.pictures.entries()) {
    const listed = await listPictures(folder);
    const names = [...listed.pictures].sort();
    const { annotations } = matchAnnotations(names, (await readAnnotations(values.captions[i]!)).pictures);
    names.forEach((name, row) => {
      const captions = captionsOf(annotations[row]);
      if (captions.length > 0) pictures.push({ name, file: join(folder, name), captions });
    });
  }
  const hash = createHash('sha256').update(JSON.stringify(pictures.map(({ name }) => name)));
  const set = `starter-${hash.digest('hex').slice(0, 12)}`;
  const features = await cachedFeatures(set, pictures, encoder, { onProgress });
  const starter = await trainStarter(
    {
      encoder: { id: encoder.id, size: encoder.size, blocks: encoder.blocks },
      captions: pictures.map(({ captions }) => captions),
      features: () => [features],
    },
    recipeByName('default'),
    { engine, wordVectors: await defaultWordVectors(), name: values.out, onProgress },
  );
  await saveStarter(values.out, starter);
  const { size } = await stat(values.out);
  const { trained, tags, space } = starter.model;
  console.log(
    `${values.out}: ${(size / 1e6).toFixed(1)} MB, ${trained.pictures} pictures with ${trained.captions} captions, ` +
      `${space.correlations.length} dimensions, ${tags.length} tags.`,
  );
} finally {
  await encoder.close();
  await engine.close();
}
