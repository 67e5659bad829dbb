import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fitRows } from '../../src/cca/index.ts';
import { referenceEngine } from '../../src/linalg/index.ts';
import { CHROMIUM, resultOfPage } from '../chromium.ts';
import { distance, random32 } from './plain.ts';

const root = join(import.meta.dirname, '../..');

/** What the page does; the server below hands it over as a module. */
const program = `
import { fitRows } from '/src/cca/index.ts';
import { wasmEngine } from '/src/linalg/index.ts';
import { random32 } from '/test/linalg/plain.ts';
globalThis.result = (async () => {
  const engine = await wasmEngine();
  const { correlations } = await fitRows([random32(500, 30, 1), random32(500, 20, 2)], { engine });
  return { threads: engine.threads, cores: navigator.hardwareConcurrency, correlations: [...correlations] };
})();`;

interface Result {
  readonly threads: number;
  readonly cores: number;
  readonly correlations: number[];
}

/** Where the page finds the one package that the sources need. */
const packages = JSON.stringify({ imports: { zod: '/node_modules/zod/index.js' } });

/** Serves the sources, types stripped. */
async function serve(path: string) {
  if (path === '/')
    return {
      type: 'text/html',
      body: `<script type="importmap">${packages}</script><script type="module">${program}</script>`,
    };
  if (!/\.[tj]s$/.test(path)) return undefined;
  const source = await readFile(join(root, path), 'utf8');
  return { type: 'text/javascript', body: path.endsWith('.ts') ? stripTypeScriptTypes(source) : source };
}

describe.skipIf(!CHROMIUM)('in Chromium', () => {
  for (const isolated of [true, false])
    it(`fits ${isolated ? 'on all cores in a cross-origin isolated page' : 'on one thread in any other page'}`, async () => {
      const result = (await resultOfPage(serve, { isolated })) as Result;
      expect(result.threads).toBe(isolated ? result.cores : 1);
      const { correlations } = await fitRows([random32(500, 30, 1), random32(500, 20, 2)], {
        engine: referenceEngine(),
      });
      // Sums of 500 float32 products: 4 √500 2^-24.
      expect(distance(result.correlations, correlations)).toBeLessThan(6e-6);
    });
});
