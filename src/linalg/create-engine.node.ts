import '../node-version.ts';
import { CovistaError } from '../base/errors.ts';
import type { Engine } from './engine.ts';
import { nativeEngine } from './native-engine.node.ts';
import { referenceEngine } from './reference-engine.ts';
import { wasmEngine } from './wasm-engine.ts';

/** Engines that can be asked for; `auto` is the fastest that works here. */
export type EngineName = 'auto' | 'native' | 'wasm' | 'reference';

/**
 * Creates an engine. `auto` takes a BLAS of this machine if there is one, else WebAssembly, else plain TypeScript.
 * @throws CovistaError `not-found` or `numeric` when the named engine does not work here; `usage` for another name
 */
export async function createEngine(name: EngineName = 'auto'): Promise<Engine> {
  if (name === 'native') return nativeEngine();
  if (name === 'wasm') return wasmEngine();
  if (name === 'reference') return referenceEngine();
  if (name !== 'auto')
    throw new CovistaError('usage', `There is no engine ${JSON.stringify(name)}.`, {
      hint: 'use auto, native, wasm or reference',
    });
  try {
    return await nativeEngine();
  } catch (error) {
    // A library that the user named must not be passed over in silence.
    const named = process.env.COVISTA_BLAS;
    if (named && named !== 'none') throw error;
  }
  try {
    return await wasmEngine();
  } catch {
    return referenceEngine();
  }
}
