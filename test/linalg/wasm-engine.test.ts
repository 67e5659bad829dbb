import { vi } from 'vitest';
import { wasmEngine } from '../../src/linalg/wasm-engine.ts';
import { engineSuite } from './engine-suite.ts';

engineSuite('wasm on one thread', () => wasmEngine({ threads: 1 }));
engineSuite('wasm on three threads', () => wasmEngine({ threads: 3 }));

engineSuite('wasm without relaxed SIMD', async () => {
  const validate = vi.spyOn(WebAssembly, 'validate').mockReturnValueOnce(false);
  try {
    return await wasmEngine({ threads: 2 });
  } finally {
    validate.mockRestore();
  }
});

engineSuite('wasm without SharedArrayBuffer', async () => {
  vi.stubGlobal('SharedArrayBuffer', undefined);
  try {
    return await wasmEngine();
  } finally {
    vi.unstubAllGlobals();
  }
});
