import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { normalize } from 'node:path';
import { chromium } from 'playwright-core';

/** Where Chromium is on this machine; tests that need it skip where it is nowhere. */
export const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((file) => file !== undefined && existsSync(file));

/** What a server answers for a path of its own. */
export interface Served {
  readonly type: string;
  readonly body: string | Uint8Array;
}

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/**
 * Opens a page of a server of this process in Chromium.
 * @param serve answers for the paths that the page asks for, `/` among them
 * @param options `isolated`: whether the page may share memory between threads
 * @returns what the promise `result`, a global variable of the page, comes to
 * @throws Error that the page raised
 */
export async function resultOfPage(
  serve: (path: string) => Promise<Served | undefined>,
  { isolated }: { isolated: boolean },
): Promise<unknown> {
  const server = createServer(async (request, response) => {
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    const served = await serve(normalize(new URL(request.url!, 'http://localhost').pathname));
    if (served) response.setHeader('Content-Type', served.type).end(served.body);
    else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const browser = await chromium.launch({ executablePath: CHROMIUM!, args: FLAGS });
  try {
    const page = await browser.newPage();
    const failed = new Promise<never>((_, reject) => page.on('pageerror', reject));
    const done = page
      .goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
      .then(() => page.waitForFunction('globalThis.result !== undefined'))
      .then(() => page.evaluate('globalThis.result'));
    return await Promise.race([done, failed]);
  } finally {
    await browser.close();
    server.close();
  }
}
