import { CovistaError } from '../base/errors.ts';
import type { JointSpace } from '../cca/index.ts';
import type { TensorFile } from '../linalg/index.ts';
import { type SentenceEncoder, TextEncoder, type WordVectors } from '../text/index.ts';

/**
 * A stored text encoder, made again.
 * @param file where it was stored, for messages
 * @throws CovistaError as `TextEncoder.fromJSON`, naming the file
 */
export function readTextEncoder(
  file: TensorFile,
  stored: unknown,
  options: { wordVectors?: WordVectors | undefined; sentences?: SentenceEncoder | undefined },
): TextEncoder {
  const { wordVectors, sentences } = options;
  try {
    return TextEncoder.fromJSON(stored, {
      ...(wordVectors && { wordVectors }),
      ...(sentences && { sentences }),
    });
  } catch (error) {
    if (!(error instanceof CovistaError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new CovistaError(error.code, `${file.name}: ${error.message}`, { ...hint, cause: error });
  }
}

/**
 * That a space is one of an image encoder's features and a text encoder's.
 * @throws CovistaError `bad-format` naming the file and the sizes that differ
 */
export function requireFit(file: TensorFile, space: JointSpace, size: number, text: TextEncoder): void {
  if (space.views.length !== 2) file.fail(`its space has ${space.views.length} views in place of 2`);
  const [image, words] = space.views;
  const total = image!.blocks.reduce((sum, block) => sum + block, 0);
  if (total !== size)
    file.fail(`its space is of image features of ${total} numbers, but its encoder makes ${size}`);
  const [found, wanted] = [words!.blocks, text.blocks.map((block) => block.size)];
  if (found.join() !== wanted.join())
    file.fail(`its space is of text features of [${found}] numbers, but its text encoder makes [${wanted}]`);
}
