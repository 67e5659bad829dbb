import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CovistaError } from '../../src/base/errors.ts';
import { download } from '../../src/files/download.ts';

const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255));
const sha256 = createHash('sha256').update(content).digest('hex');

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
let server: Server;
let requests: (string | undefined)[];
let handle: Handler;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'covista-download-'));
  requests = [];
  handle = serve(content);
  server = createServer((request, response) => {
    requests.push(request.headers.range);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** Serves bytes with ranges and an entity tag, as file servers do; `cutAfter` bytes the connection breaks. */
function serve(bytes: Buffer, tag = '"first"', cutAfter = Number.POSITIVE_INFINITY): Handler {
  return (request, response) => {
    const wanted = /bytes=(\d+)-/.exec(request.headers.range ?? '');
    const valid = request.headers['if-range'] === undefined || request.headers['if-range'] === tag;
    const from = wanted && valid ? Number(wanted[1]) : 0;
    if (from >= bytes.length && from > 0) {
      response.writeHead(416).end();
      return;
    }
    const rest = bytes.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, etag: tag });
    if (rest.length <= cutAfter) response.end(rest);
    else response.write(rest.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 50));
  };
}

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/weights.onnx`;
const target = () => join(folder, 'deep', 'weights.onnx');

describe('download', () => {
  test('fetches a file, reports bytes, and leaves nothing beside it', async () => {
    const events: number[] = [];
    const path = await download({ url: url(), sha256, bytes: content.length }, target(), {
      onProgress: ({ done, total, unit }) => {
        expect([total, unit]).toEqual([content.length, 'bytes']);
        events.push(done);
      },
    });
    expect(path).toBe(target());
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    expect(events.at(-1)).toBe(content.length);
    expect(existsSync(`${path}.partial`) || existsSync(`${path}.partial.validator`)).toBe(false);
  });

  test('fetches nothing when the file is there', async () => {
    await download({ url: url() }, target());
    await download({ url: url() }, target());
    expect(requests).toHaveLength(1);
  });

  test('goes on after a cut connection where it stopped', async () => {
    const cut = serve(content, '"first"', 100_000);
    handle = cut;
    await download({ url: url(), sha256 }, target());
    expect(Buffer.compare(await readFile(target()), content)).toBe(0);
    expect(requests).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
  });

  test('a later call resumes what an earlier one had to give up', async () => {
    const first = serve(content, '"first"', 120_000);
    handle = (request, response) => (requests.length === 1 ? first(request, response) : response.destroy());
    await expect(download({ url: url() }, target())).rejects.toMatchObject({ code: 'network' });
    expect((await stat(`${target()}.partial`)).size).toBe(120_000);
    requests = [];
    handle = serve(content);
    await download({ url: url(), sha256 }, target());
    expect(requests).toEqual(['bytes=120000-']);
    expect(Buffer.compare(await readFile(target()), content)).toBe(0);
  });

  test('starts again when the server has another file meanwhile', async () => {
    const other = Buffer.from(content).reverse();
    const first = serve(content, '"first"', 120_000);
    handle = (request, response) =>
      requests.length === 1 ? first(request, response) : serve(other, '"second"')(request, response);
    await download({ url: url() }, target());
    expect(Buffer.compare(await readFile(target()), other)).toBe(0);
  });

  test('does not resume a partial file of unknown origin', async () => {
    await download({ url: url() }, target());
    await rm(target());
    await writeFile(`${target()}.partial`, 'something else entirely');
    await download({ url: url(), sha256 }, target());
    expect(requests).toEqual([undefined, undefined]);
  });

  test('refuses a file with another hash, and does not keep it', async () => {
    const wrong = download({ url: url(), name: 'vgg16', sha256: '0'.repeat(64) }, target());
    await expect(wrong).rejects.toMatchObject({
      code: 'integrity',
      message: expect.stringContaining(sha256),
    });
    expect(existsSync(target()) || existsSync(`${target()}.partial`)).toBe(false);
  });

  test('refuses a file of another size', async () => {
    const wrong = download({ url: url(), bytes: 7 }, target());
    await expect(wrong).rejects.toMatchObject({ code: 'integrity' });
    expect(existsSync(target())).toBe(false);
  });

  test('says what to download and where to put it when there is no such file', async () => {
    handle = (_, response) => response.writeHead(404, 'Not Found').end('no such file');
    const error = await download({ url: url(), name: 'vgg16', bytes: 553437752 }, target()).catch((e) => e);
    expect(error).toBeInstanceOf(CovistaError);
    expect(error.code).toBe('network');
    expect(error.message).toBe('vgg16 (553 MB) could not be fetched: the server answered 404 Not Found.');
    expect(error.hint).toContain(url());
    expect(error.hint).toContain(target());
    expect(requests).toHaveLength(1);
  });

  test('names the reason when nobody answers', async () => {
    const closed = url();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const failed = download({ url: closed }, target());
    await expect(failed).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    server.listen(0, '127.0.0.1');
  });

  test('stops on request', async () => {
    const stop = new AbortController();
    handle = (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 10), () => stop.abort());
    };
    const stopped = download({ url: url() }, target(), { signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    expect(existsSync(target())).toBe(false);
  });
});
