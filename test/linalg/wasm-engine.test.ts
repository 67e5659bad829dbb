import { wasmEngine } from '../../src/linalg/wasm-engine.ts';
import { engineSuite } from './engine-suite.ts';

engineSuite('wasm on one thread', () => wasmEngine({ threads: 1 }));
engineSuite('wasm on three threads', () => wasmEngine({ threads: 3 }));
