import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covista, scratch } from './covista.ts';
import { writeShapes } from './shapes.ts';

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');

let folder: string;

beforeAll(async () => {
  folder = await scratch();
  // Enough copies that there is time to interrupt.
  for (let i = 0; i < 8; i++) await writeShapes(join(folder, 'photos', `${i}`));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an index run that is interrupted', () => {
  it('stops with exit code 130, and the next run finishes the rest', async () => {
    const library = join(folder, 'library');
    const run = spawn(process.execPath, [MAIN, 'index', join(folder, 'photos'), '-l', library]);
    let said = '';
    let interrupted = false;
    run.stderr.on('data', (chunk) => {
      said += chunk;
      if (interrupted || !said.includes('encode pictures')) return;
      interrupted = true;
      setTimeout(() => run.kill('SIGINT'), 500);
    });
    const [code] = await once(run, 'exit');
    // A fast machine may have finished first; then there is nothing left to test.
    if (code !== 0) {
      expect(code).toBe(130);
      expect(said).toContain('Stopping');
    }
    const left = existsSync(library) ? await readdir(library, { recursive: true }) : [];
    expect(left.filter((name) => name.includes('.partial'))).toEqual([]);
    const again = await covista(['index', join(folder, 'photos'), '-l', library, '--json']);
    expect(again.code).toBe(0);
    const { added, unchanged, failed } = JSON.parse(again.stdout);
    expect(failed).toEqual([]);
    expect(added + unchanged).toBe(8 * 36);
    const third = await covista(['index', join(folder, 'photos'), '-l', library, '--json']);
    expect(JSON.parse(third.stdout)).toMatchObject({ added: 0, unchanged: 8 * 36 });
  });
});
