import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scratch } from '../../cli/covista.ts';
import { writeSentenceModel } from '../../encoders/sentence/sentence-model.ts';

let folder: string;

beforeAll(async () => {
  folder = await scratch();
  await writeSentenceModel(folder, ['a', 'dog']);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program in a process of its own, which nothing but the program keeps alive. */
function run(program: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const imports = `
    import sharp from 'sharp';
    import { createOnnxEncoder } from './src/encoders/image/index.ts';
    import { encodeOnnxModel, onnxModel, onnxNode, resolveSentenceEncoder, valueInfo } from './src/encoders/index.ts';
    const folder = ${JSON.stringify(folder)};`;
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', imports + program],
      { cwd: new URL('../../..', import.meta.url) },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('an encoder that is closed while it encodes', () => {
  test.each(['cpu', 'wasm'])('finishes the texts that it was given, on %s', async (provider) => {
    const finished = await run(`
      process.env.COVISTA_ONNX = 'provider=${provider}';
      for (let i = 0; i < 5; i++) {
        const encoder = await resolveSentenceEncoder('hf:' + folder);
        const vectors = encoder.encode(['a dog', 'dog']);
        await encoder.close();
        console.log((await vectors).rows);
      }
      console.log('end');`);
    expect(finished).toEqual({ code: 0, stdout: '2\n'.repeat(5).concat('end\n'), stderr: '' });
  });

  test('finishes or refuses each picture', async () => {
    const finished = await run(`
      const settings = {
        id: 'echo', input: 'image', outputs: ['all'], blocks: [{ name: 'all', size: 12 }],
        model: encodeOnnxModel(onnxModel({
          node: [onnxNode('Flatten', ['image'], ['all'], { axis: 1 })],
          input: [valueInfo('image', ['batch', 3, 2, 2])],
          output: [valueInfo('all', ['batch', 12])],
        })),
        preprocessing: {
          width: 2, height: 2, fit: 'fill', mean: [0, 0, 0], scale: [1, 1, 1], channelOrder: 'rgb', layout: 'nchw',
        },
      };
      const picture = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
        .png()
        .toBuffer();
      for (const sessions of [1, 1, 1, 1, 1, 1, 2, 2]) {
        const encoder = await createOnnxEncoder({ ...settings, run: { sessions } });
        const results = encoder.encode([picture, picture, picture])[Symbol.asyncIterator]();
        await results.next();
        const second = results.next();
        await encoder.close();
        await encoder.close();
        console.log('feature' in (await second).value);
        console.log(await results.next().then(() => true, (error) => error.code === 'usage'));
      }
      console.log('end');`);
    expect(finished).toEqual({ code: 0, stdout: 'true\n'.repeat(16).concat('end\n'), stderr: '' });
  });
});
