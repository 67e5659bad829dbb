import { CovistaError } from '../../base/errors.ts';
import * as kernels from '../kernels.generated.ts';

/**
 * Compiles the fastest kernels that this runtime knows: with fused multiply-add (relaxed SIMD) where it can.
 * @param shared for a memory that several threads share
 * @throws CovistaError `numeric` where WebAssembly with SIMD is missing
 */
export async function compileKernels(shared: boolean): Promise<WebAssembly.Module> {
  const variants = shared ? [kernels.relaxedShared, kernels.plainShared] : [kernels.relaxed, kernels.plain];
  for (const base64 of variants) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    if (WebAssembly.validate(bytes)) return WebAssembly.compile(bytes);
  }
  throw new CovistaError('numeric', 'This runtime has no WebAssembly with SIMD and threads.', {
    hint: 'use the engine "reference"',
  });
}
