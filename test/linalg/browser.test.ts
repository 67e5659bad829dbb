import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { fitRows } from '../../src/cca/index.ts';
import { referenceEngine } from '../../src/linalg/index.ts';
import { distance, random32 } from './plain.ts';

const chromium = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((file) => file && existsSync(file));
const root = join(import.meta.dirname, '../..');

/** What the page does; the server below hands it over as a module. */
const program = `
import { fitRows } from '/src/cca/index.ts';
import { wasmEngine } from '/src/linalg/index.ts';
import { random32 } from '/test/linalg/plain.ts';
const report = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
try {
  const engine = await wasmEngine();
  const { correlations } = await fitRows([random32(500, 30, 1), random32(500, 20, 2)], { engine });
  await report({ threads: engine.threads, cores: navigator.hardwareConcurrency, correlations: [...correlations] });
} catch (error) {
  await report({ error: String(error) });
}`;

describe.skipIf(!chromium)('in Chromium', () => {
  for (const isolated of [true, false])
    it(`fits ${isolated ? 'on all cores in a cross-origin isolated page' : 'on one thread in any other page'}`, async () => {
      const result = await runInBrowser(isolated);
      expect(result.error).toBeUndefined();
      expect(result.threads).toBe(isolated ? result.cores : 1);
      const { correlations } = await fitRows([random32(500, 30, 1), random32(500, 20, 2)], {
        engine: referenceEngine(),
      });
      // Sums of 500 float32 products: 4 √500 2^-24.
      expect(distance(result.correlations, correlations)).toBeLessThan(6e-6);
    });
});

interface Result {
  readonly error?: string;
  readonly threads: number;
  readonly cores: number;
  readonly correlations: number[];
}

/** Serves the sources, types stripped, and opens a page that runs the program. */
async function runInBrowser(isolated: boolean): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const server = createServer(async (request, response) => {
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    const path = normalize(new URL(request.url!, 'http://localhost').pathname);
    if (path === '/result') {
      resolve(JSON.parse(await text(request)));
      response.end();
    } else if (path === '/') {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<!doctype html><script type="module">${program}</script>`);
    } else if (path.endsWith('.ts')) {
      response.setHeader('Content-Type', 'text/javascript');
      response.end(stripTypeScriptTypes(await readFile(join(root, path), 'utf8')));
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const profile = await mkdtemp(join(tmpdir(), 'browser-'));
  const browser = spawn(
    chromium!,
    [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage'],
      ...[`--user-data-dir=${profile}`, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`],
    ],
    { stdio: 'ignore' },
  );
  browser.on('error', reject);
  const ended = new Promise((exit) => browser.on('exit', exit));
  try {
    return await promise;
  } finally {
    browser.kill();
    await ended;
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
