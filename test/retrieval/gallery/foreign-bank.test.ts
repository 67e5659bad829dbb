import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CovistaError } from '../../../src/base/errors.ts';
import { loadEmoji } from '../../../src/datasets/index.ts';
import { captionRanks, recallAt } from '../../../src/evaluation/index.ts';
import { wasmEngine } from '../../../src/linalg/index.ts';
import { selectRows } from '../../../src/linalg/matrix.ts';
import { embedPictures, embedTexts, RECIPES, readExperiment, train } from '../../../src/pipeline/index.ts';
import { bankCorrection } from '../../../src/retrieval/index.ts';
import { SHARED } from '../../shared.ts';

const folder = join(SHARED, 'data/flickr8k');
const file = (name: string) => join(folder, name);
// Fetched from the npm registry at first use.
const emoji = await loadEmoji().catch((error: unknown) => {
  if (error instanceof CovistaError && error.code === 'network') return undefined;
  throw error;
});
const engine = await wasmEngine();
afterAll(() => engine.close());

it.skipIf(emoji === undefined || !existsSync(folder))(
  'a bank of queries from another domain does no harm (needs ../shared, and the npm registry once)',
  async () => {
    const {
      features,
      captions,
      train: rows,
      encoder,
    } = await readExperiment({
      imageFeatures: file('mobilenet_v2_pool1280.npy'),
      imageNames: file('mobilenet_v2_pool1280.names.txt'),
      captions: file('Flickr8k.token.txt'),
      train: file('Flickr_8k.trainImages.txt'),
      test: file('Flickr_8k.devImages.txt'),
    });
    const [learned, tested] = [rows.slice(0, 1500), rows.slice(1500, 2500)];
    const model = await train(
      {
        encoder,
        captions: learned.map((i) => captions[i]!.slice(0, 2)),
        features: () => [selectRows(features, learned)],
      },
      { ...RECIPES.default!, text: ['words'], tags: { method: 'nearest' } },
      { engine },
    );
    const photos = await embedPictures(model, selectRows(features, tested), engine);
    const queries = await embedTexts(
      model,
      tested.flatMap((i) => captions[i]!),
      engine,
    );
    const pictureOf = Uint32Array.from(tested.flatMap((i, picture) => captions[i]!.map(() => picture)));
    const words = emoji!.concepts.map(({ words }) => words.join(', '));
    const recalls = async (images?: Float32Array) => {
      const { textToImage } = await captionRanks(engine, photos, queries, pictureOf, { images });
      return [1, 5, 10].reduce((sum, k) => sum + recallAt(textToImage, k) / 3, 0);
    };
    const plain = await recalls();
    const own = await recalls(await bankCorrection(engine, photos, model.queries!.captions));
    const foreign = await recalls(
      await bankCorrection(engine, photos, await embedTexts(model, words, engine)),
    );
    expect(own).toBeGreaterThan(plain + 1);
    expect(foreign).toBeGreaterThan(plain - 0.5);
  },
  60_000,
);
