import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { createRandom, onnxModel, writeOnnxModel } from '../../src/index.ts';
import { writeSentenceModel } from '../encoders/sentence/sentence-model.ts';
import { NetworkBuilder } from '../onnx/graph/onnx-networks.ts';

const COLOURS = ['red', 'green', 'blue', 'black', 'white', 'yellow'];

/** The files that the examples of the documentation name, small ones in place of large ones. */
export async function writeExampleFiles(folder: string): Promise<void> {
  await mkdir(join(folder, 'photos'));
  const captions: string[] = [];
  for (let i = 0; i < 36; i++) {
    const [background, word] = [COLOURS[i % COLOURS.length]!, COLOURS[(i * 5 + 1) % COLOURS.length]!];
    const name = `photo-${i}.jpg`;
    await sharp({ create: { width: 24, height: 24 + i, channels: 3, background } })
      .jpeg()
      .toFile(join(folder, 'photos', name));
    captions.push(`${name}#0\ta ${background} wall`, `${name}#1\tthe ${background} wall of a ${word} house`);
  }
  await writeFile(join(folder, 'Flickr8k.token.txt'), `${captions.join('\n')}\n`);
  await copyFile(join(folder, 'photos/photo-0.jpg'), join(folder, 'a.jpg'));
  await copyFile(join(folder, 'photos/photo-1.jpg'), join(folder, 'b.jpg'));

  const builder = new NetworkBuilder();
  const kernel = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  const maps = builder.node('Conv', ['input', builder.weights([8, 3, 3, 3], 27, 1)], kernel);
  const pooled = builder.node('GlobalAveragePool', [builder.node('Relu', [maps])]);
  const flat = builder.node('Flatten', [pooled], {}, 'flat');
  builder.node('Gemm', [flat, builder.weights([5, 8], 8, 2)], { transB: 1 }, 'output');
  await writeOnnxModel(join(folder, 'vgg16.onnx'), onnxModel(builder.graph(['n', 3, 12, 12], 'output'), 13));

  await writeSentenceModel(join(folder, 'my-model'), ['a', 'the', 'of', 'wall', 'house', ...COLOURS]);

  const { normal } = createRandom(1);
  const vector = (word: string) =>
    [word, ...Array.from({ length: 300 }, () => normal().toFixed(4))].join(' ');
  await writeFile(
    join(folder, 'glove.6B.300d.txt'),
    `${['tennis', 'ball', 'wall'].map(vector).join('\n')}\n`,
  );
}
