import { join } from 'node:path';
import { createRandom } from '../../src/base/random.ts';
import { type Experiment, readExperiment } from '../../src/pipeline/index.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/data/flickr8k');

/**
 * Training photos of Flickr8k only: 1,000 drawn at random to test on, the rest to learn from. No choice is thus made
 * on the official validation or test photos.
 * @param features a file of other features than those of the MobileNetV2, in the same order
 */
export async function flickr8kFold(seed: number, features?: string): Promise<Experiment> {
  const file = (name: string) => join(FOLDER, name);
  const experiment = await readExperiment({
    imageFeatures: features ?? file('mobilenet_v2_pool1280.npy'),
    imageNames: file('mobilenet_v2_pool1280.names.txt'),
    captions: file('Flickr8k.token.txt'),
    train: file('Flickr_8k.trainImages.txt'),
    test: file('Flickr_8k.devImages.txt'),
  });
  const rows = [...experiment.train];
  const random = createRandom(seed);
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return { ...experiment, train: rows.slice(1000), test: rows.slice(0, 1000) };
}
