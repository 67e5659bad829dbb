import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/linalg/index.ts';
import { covista, scratch } from './covista.ts';
import { writeShapes } from './shapes.ts';

/** Writes every package and folder of src/ that a command loads into the file that MODULES names. */
const TRACER = `
import { registerHooks } from 'node:module';
import { writeFileSync } from 'node:fs';
const loaded = new Set();
registerHooks({
  load(url, context, next) {
    const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)(?!.*node_modules)/.exec(url) ?? /(src\\/[^/]+)/.exec(url) ?? [];
    if (name !== undefined) loaded.add(name);
    return next(url, context);
  },
});
process.on('exit', () => writeFileSync(process.env.MODULES, JSON.stringify([...loaded])));
`;

let folder: string;
let library: string;

beforeAll(async () => {
  folder = await scratch();
  library = join(folder, 'library');
  await writeFile(join(folder, 'tracer.mjs'), TRACER);
  await writeShapes(join(folder, 'shapes'));
  await rm(join(folder, 'shapes', 'captions.csv'));
  expect((await covista(['index', join(folder, 'shapes'), '-l', library])).code).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function modulesOf(...args: string[]): Promise<string[]> {
  const file = join(folder, 'modules.json');
  const tracer = pathToFileURL(join(folder, 'tracer.mjs')).href;
  await covista(args, { env: { NODE_OPTIONS: `--import ${tracer}`, MODULES: file } });
  return JSON.parse(await readFile(file, 'utf8'));
}

/** What networks, photos, captions files and archives are read with. */
const HEAVY = [
  'onnxruntime-node',
  'onnxruntime-common',
  'protobufjs',
  '@huggingface/tokenizers',
  'sharp',
  'csv-parse',
  'hyparquet',
  '@xmldom/xmldom',
  'yauzl',
  'tar',
  'src/datasets',
];

describe('a command loads what it uses', () => {
  it('which is next to nothing for help', async () => {
    expect((await modulesOf('--help')).sort()).toEqual(['commander', 'src/base', 'src/cli', 'src/files']);
    expect(await modulesOf('help', 'search')).not.toContain('sharp');
  });

  it('and for a search by words neither networks nor readers of photos and captions', async () => {
    for (const attempt of ['first', 'second']) {
      const loaded = await modulesOf('search', 'a red circle', '-l', library);
      expect(loaded, attempt).toContain('@lancedb/lancedb');
      expect(loaded.filter((name) => HEAVY.includes(name))).toEqual([]);
    }
  });

  it('while help lists every command with what it does', async () => {
    const { stdout } = await covista(['--help']);
    const program = await createProgram();
    for (const command of program.commands) {
      expect(stdout).toContain(`  ${command.name()} `);
      expect(stdout).toContain(command.description().split(' ').slice(0, 5).join(' '));
      // Complete, as documentation needs it.
      expect(command.options.length, command.name()).toBeGreaterThan(0);
    }
    const { stdout: one } = await covista(['help', 'teach']);
    expect(one).toContain('Usage: covista teach [options] [picture...]');
    expect(one).toContain('--accept <tags...>');
  });
});

describe('a library that was never fitted', () => {
  it('is searched without placing a caption, and again with the same result', async () => {
    const fresh = join(folder, 'fresh');
    expect((await covista(['index', join(folder, 'shapes'), '-l', fresh])).code).toBe(0);
    const search = () => covista(['search', 'a red ball', '-n', '36', '-l', fresh, '--json']);
    const first = await search();
    expect(first.stderr).toContain('searching with the starter');
    expect(first.stderr).not.toContain('captions ...');
    const second = await search();
    expect(second.stderr).toBe('');
    expect(second.stdout).toBe(first.stdout);
  });

  it('keeps what it placed by a model whose file tells no id, as earlier versions wrote it', async () => {
    const file = join(library, 'model.safetensors');
    const before = await covista(['search', 'a red ball', '-l', library, '--json']);
    const { tensors, metadata } = decodeSafetensors(await readFile(file));
    const { id, checksums: _, ...others } = metadata;
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    await writeFile(file, encodeSafetensors(tensors, others));
    const placed = await covista(['search', 'a red ball', '-l', library, '--json']);
    expect(placed.stderr).toContain('place pictures');
    expect(placed.stdout).toBe(before.stdout);
    expect((await covista(['search', 'a red ball', '-l', library, '--json'])).stderr).toBe('');
  });
});

describe('COVISTA_TIMINGS', () => {
  it('says where the time of a command went, on standard error', async () => {
    const args = ['search', 'a red ball', '-l', library, '--json', '-q'];
    const { stdout, stderr } = await covista(args, { env: { COVISTA_TIMINGS: '1' } });
    const lines = stderr.trim().split('\n');
    expect(lines[0]).toMatch(/^step +ms +CPU ms$/);
    for (const step of ['start Node', 'load the command', 'open the model', 'search', 'in all'])
      expect(stderr).toMatch(new RegExp(`^${step} +\\d+ +\\d+$`, 'm'));
    expect(lines.at(-1)).toMatch(/^Peak memory: \d+ MB$/);
    expect(JSON.parse(stdout).hits.length).toBeGreaterThan(0);
  });

  it('is silent when it is not set, and comes with an error too', async () => {
    const args = ['search', 'a red ball', '-l', join(folder, 'nowhere')];
    expect((await covista(args, { env: { COVISTA_TIMINGS: '0' } })).stderr).not.toContain('in all');
    const { code, stderr } = await covista(args, { env: { COVISTA_TIMINGS: '1' } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^in all +\d+ +\d+$/m);
  });
});
