import { argv } from 'node:process';
import { onnxModel, onnxNode, valueInfo } from '../graph/onnx-build.ts';
import { encodeOnnxModel } from '../graph/onnx-model.ts';
import { openOnnxSession } from './onnx-runtime.ts';

/* A process that runs a tiny network on one execution provider and says whether that works. */

const model = onnxModel({
  node: [onnxNode('Neg', ['x'], ['y'])],
  input: [valueInfo('x', [1, 4])],
  output: [valueInfo('y', [1, 4])],
});
try {
  const { session, runtime } = await openOnnxSession(encodeOnnxModel(model), {
    provider: argv[2]!,
    logSeverityLevel: 4,
  });
  const { y } = await session.run({ x: new runtime.Tensor('float32', Float32Array.of(1, 2, 3, 4), [1, 4]) });
  const right = [...(y!.data as Float32Array)].every((value, i) => value === -(i + 1));
  await session.release();
  console.log(right ? 'works' : 'it computes wrong numbers');
} catch (error) {
  // The last part of what the runtime says is what went wrong; before it come names of its own files.
  const [line = ''] = (error as Error).message.split('\n');
  console.log(line.replace(/^.*was false\. /, '').slice(0, 200));
}
