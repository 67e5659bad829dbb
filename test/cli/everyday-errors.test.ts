import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { covista, scratch } from './covista.ts';
import { writeShapes } from './shapes.ts';

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');
const DATASETS = resolve(import.meta.dirname, '../../src/datasets/index.ts');
const ROOT = resolve(import.meta.dirname, '../..');
const posix = process.platform !== 'win32';
const linux = process.platform === 'linux';

let folder: string;
let photos: string;
let library: string;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await scratch();
  photos = at('photos');
  library = at('library');
  const { captions } = await writeShapes(photos);
  expect((await covista(['index', photos, '-c', captions, '-l', library])).code).toBe(0);
  expect((await covista(['fit', '-l', library, '--starter', 'none'])).code).toBe(0);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs with its output where a shell would send it. */
function run(args: readonly string[], stdout: 'pipe' | number, stderr: 'pipe' | number): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', stdout, stderr] });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stderr: string; stdout: string }> {
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    said.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    said.stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, ...said };
}

describe('output that nobody reads', () => {
  it.each(['stdout', 'stderr', 'both'])('does not stop or change the work: %s', async (closed) => {
    const made = at(`read-by-nobody-${closed}`);
    const child = run(['index', photos, '-l', made], 'pipe', 'pipe');
    if (closed !== 'stderr') child.stdout!.destroy();
    if (closed !== 'stdout') child.stderr!.destroy();
    expect((await ended(child)).code).toBe(0);
    const again = JSON.parse((await covista(['index', photos, '-l', made, '--json'])).stdout);
    expect(again).toMatchObject({ added: 0, unchanged: 36 });
  });

  it('ends a search quietly, and names tags without a crash', async () => {
    for (const command of [
      ['search', 'red', '-n', '36', '--json'],
      ['tag', photos],
    ]) {
      const child = run([...command, '-l', library], 'pipe', 'pipe');
      child.stdout!.destroy();
      const { code, stderr } = await ended(child);
      expect(code, stderr).toBe(0);
      expect(stderr).not.toContain('error');
    }
  });
});

describe.runIf(existsSync('/dev/full'))('output that a full disk takes nothing of', () => {
  const full = () => openSync('/dev/full', 'w');

  it.each([['search', 'red', '-q'], ['index', 'PHOTOS', '-q'], ['--help'], ['search', '--help']])(
    'is one clear line: %s %s',
    async (...args) => {
      const own = args[0] === '--help' || args[1] === '--help' ? [] : ['-l', library];
      const words = args.map((arg) => (arg === 'PHOTOS' ? photos : arg));
      const { code, stderr } = await ended(run([...words, ...own], full(), 'pipe'));
      expect(stderr).toBe('error: Standard output cannot be written, as no space is left (ENOSPC).\n');
      expect(code).toBe(7);
    },
  );

  it('does not matter where only progress and warnings are lost', async () => {
    const { code, stdout } = await ended(run(['search', 'red qqqxz', '-l', library], 'pipe', full()));
    expect(code).toBe(0);
    expect(stdout).toContain('red-');
  });

  it('is an error of the file that was named', async () => {
    const { code, stderr } = await covista(['fit', '-l', library, '--save-starter', '/dev/full']);
    expect(code).toBe(7);
    expect(stderr).toContain('/dev/full cannot be written, as no space is left');
  });
});

describe('a library that cannot be where it should', () => {
  const cases: [string, () => string, RegExp, number][] = [
    ['a file', () => join(photos, 'captions.csv'), /captions\.csv is a file/, 3],
    ['below a file', () => join(photos, 'captions.csv', 'deep', 'er'), /captions\.csv.* is a file/, 3],
    [
      'a link that leads nowhere',
      () => at('dangling'),
      /dangling is a link to .*gone, which does not exist/,
      3,
    ],
    ['below a link that leads nowhere', () => at('dangling', 'x'), /dangling is a link to .*gone/, 3],
    ['a link to itself', () => at('loop'), /loop is a link that leads back to itself/, 3],
    ['a name that is too long', () => at('x'.repeat(300)), /xxx.* has a name that is too long/, 7],
  ];
  if (posix) cases.push(['a device', () => '/dev/null', /\/dev\/null is a file/, 3]);
  if (linux) cases.push(['/proc', () => '/proc/covista/x', /\/proc\/covista cannot be made/, 7]);

  beforeAll(async () => {
    await symlink(at('gone'), at('dangling'));
    await symlink(at('loop'), at('loop'));
  });

  it.each(cases)('%s', async (_, place, message, code) => {
    const indexed = await covista(['index', photos, '-l', place(), '-q']);
    expect(indexed.stderr).toMatch(message);
    expect(indexed.stderr).not.toContain('unexpected');
    expect(indexed.code).toBe(code);
    const searched = await covista(['search', 'red', '-l', place()]);
    expect(searched.stderr).not.toContain('unexpected');
    expect([3, 7]).toContain(searched.code);
  });

  it('may lie behind a link', async () => {
    await mkdir(at('real'));
    await symlink(at('real'), at('link'));
    expect((await covista(['index', photos, '-l', at('link')])).code).toBe(0);
    expect(existsSync(at('real', 'library.json'))).toBe(true);
  });
});

/** Whether commands can be run as a user who may write nowhere but in the temporary folder. */
const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
const canBeNobody =
  linux &&
  process.getuid?.() === 0 &&
  spawnSync('setpriv', [...asNobody, process.execPath, '-v']).status === 0;

describe.runIf(canBeNobody)('files that a user may not read or write', () => {
  it.each([
    [['search', 'red'], 'secret', /library\.json may not be read by this user/],
    [['index', 'PHOTOS'], 'secret', /may not be (?:read|written) by this user/],
    [['index', 'PHOTOS'], 'secret/new', /may not be (?:read|written) by this user/],
    [['index', 'secret'], 'new', /secret may not be read by this user/],
  ])('%s -l %s', async (args, where, message) => {
    await mkdir(at('secret'), { recursive: true, mode: 0o700 });
    await rm(at('new'), { recursive: true, force: true });
    execFileSync('chmod', ['a+rx', folder]);
    const own = args.map((arg) => (arg === 'PHOTOS' ? photos : arg.startsWith('secret') ? at(arg) : arg));
    const command = [MAIN, ...own, '-l', at(where), '-q'];
    // Its cache is its own, so that only what is tried here can be refused.
    const env = { ...process.env, COVISTA_CACHE: process.env.COVISTA_CACHE ?? at('cache') };
    const { status, stderr } = spawnSync('setpriv', [...asNobody, process.execPath, ...command], {
      encoding: 'utf8',
      env,
    });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('unexpected');
    expect(status).toBe(7);
    expect(existsSync(at('new'))).toBe(false);
  });
});

describe.runIf(canBeNobody)('words that a user may not read', () => {
  it('cost only themselves, beside pictures and in lists', async () => {
    execFileSync('chmod', ['a+rx', folder]);
    await mkdir(at('closed-words'));
    const names = ['a', 'b', 'c'];
    for (const name of names) {
      await copyFile(join(photos, 'red-circle0.png'), at('closed-words', `${name}.png`));
      await writeFile(at('closed-words', `${name}.txt`), 'A red circle .');
    }
    await writeFile(at('closed-words', 'a.xmp'), '<x/>');
    await writeFile(at('closed-words', 'captions.csv'), 'image,caption\na.png,A circle\n');
    for (const name of ['a.txt', 'a.xmp', 'captions.csv']) await chmod(at('closed-words', name), 0o000);
    const program = `import { listPictures, readFolderWords } from ${JSON.stringify(DATASETS)};
      const { pictures } = await listPictures(process.argv[1]);
      const { annotations, warnings, hints } = await readFolderWords(process.argv[1], pictures);
      console.log(JSON.stringify({ captions: annotations.map((one) => one?.captions), said: [...warnings, ...hints] }));`;
    const args = [process.execPath, '--input-type=module', '-e', program, at('closed-words')];
    const { stdout, stderr } = spawnSync('setpriv', [...asNobody, ...args], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const { captions, said } = JSON.parse(stdout);
    expect(captions).toEqual([null, ['A red circle .'], ['A red circle .']]);
    for (const name of ['a.txt', 'a.xmp', 'captions.csv'])
      expect(said).toContainEqual(expect.stringMatching(`${name} may not be read by this user`));
  });
});

describe('an index that fails', () => {
  it('leaves no empty library, nor the folders made for it', async () => {
    await mkdir(at('damaged'));
    await writeFile(at('damaged', 'a.png'), 'not a picture');
    const failed = await covista(['index', at('damaged'), '-l', at('deep', 'er', 'library')]);
    expect(failed.code).toBe(4);
    expect(existsSync(at('deep'))).toBe(false);
    await mkdir(at('empty'));
    expect((await covista(['index', at('empty'), '-l', at('deep', 'library')])).code).toBe(3);
    expect(existsSync(at('deep'))).toBe(false);
  });

  it('leaves a library that was there, and what else was in its folder', async () => {
    await mkdir(at('kept'));
    await writeFile(at('kept', 'notes.txt'), 'mine');
    expect((await covista(['index', at('damaged'), '-l', at('kept')])).code).toBe(4);
    expect(await readdir(at('kept'))).toEqual(['notes.txt']);
    expect((await covista(['index', at('damaged'), '-l', library])).code).toBe(4);
    expect((await covista(['search', 'red', '-l', library])).code).toBe(0);
  });
});

describe.runIf(linux)('names that a terminal would obey, or that are not UTF-8', () => {
  const HOSTILE = 'red\x1b[2J\x07\nerror: none\u202e\u009b.png';

  beforeAll(async () => {
    await mkdir(at('names'));
    await copyFile(join(photos, 'red-circle0.png'), at('names', HOSTILE));
    writeFileSync(at('names', `broken${HOSTILE}`), 'not a picture');
    const latin = Buffer.concat([Buffer.from(at('names', 'caf')), Buffer.from([0xe9]), Buffer.from('.png')]);
    writeFileSync(latin, 'x');
  });

  it('are printed escaped, and are whole in JSON', async () => {
    const here = ['-l', at('names-library')];
    const indexed = await covista(['index', at('names'), ...here]);
    const outputs = [
      indexed,
      await covista(['search', 'red', ...here]),
      await covista(['tag', at('names'), ...here]),
      await covista(['tag', at('names', `no${HOSTILE}`), ...here]),
      await covista(['search', 'red', ...here, '--explain']),
    ];
    for (const { stdout, stderr } of outputs) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
      expect(stdout + stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
      expect(stdout + stderr).toContain('\\x1b[2J\\x07\\nerror: none\\u202e\\x9b');
    }
    const json = (await covista(['search', 'red', ...here, '--json'])).stdout;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
    expect(json).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(JSON.parse(json).hits[0].path).toBe(at('names', HOSTILE));
    expect(indexed.stderr.match(/caf\\xe9\.png is left out, as its name is not UTF-8/g)).toHaveLength(1);
  });

  it.each([
    ['', /the name of the library is empty/i],
    ['  ', /the name of the library is empty/i],
    ['new\nlibrary', /new\\nlibrary has control characters in its name/],
    ['tab\tlibrary', /tab\\tlibrary has control characters in its name/],
    ['\x1b[31m', /control characters/],
  ])('of libraries are refused: %j', async (name, message) => {
    for (const command of [['index', photos], ['search', 'red'], ['fit']]) {
      const { code, stderr } = await covista([
        ...command,
        '-l',
        name === '' || name === '  ' ? name : at(name),
      ]);
      expect(code, stderr).toBe(2);
      expect(stderr).toMatch(message);
    }
    expect(existsSync(at(name, 'library.json'))).toBe(false);
  });

  it('of libraries are quoted in the command that is named next', async () => {
    const { code, stdout } = await covista(['index', photos, '-l', at("my 'library' & $more")]);
    expect(code).toBe(0);
    const command = /--library (.*)$/m.exec(stdout)![1]!;
    const read = spawnSync('sh', ['-c', `printf %s ${command}`], { encoding: 'utf8' });
    expect(read.stdout).toBe(at("my 'library' & $more"));
  });

  it('are named where there is no other picture', async () => {
    await mkdir(at('latin'));
    writeFileSync(
      Buffer.concat([Buffer.from(at('latin', 'x')), Buffer.from([0xe9]), Buffer.from('.jpg')]),
      'x',
    );
    const { code, stderr } = await covista(['index', at('latin'), '-l', at('latin-library')]);
    expect(code).toBe(3);
    expect(stderr).toContain('x\\xe9.jpg');
    expect(stderr).toContain('not UTF-8');
  });
});

/** A Node on the search path that is too old. */
const oldNode = (process.env.PATH ?? '')
  .split(delimiter)
  .map((place) => join(place, 'node'))
  .find((node) => {
    const { stdout, status } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
    return status === 0 && Number.parseInt(stdout, 10) < 24;
  });

/** To the language version that tsconfig.json names. */
const compile = (code: string) =>
  ts.transpileModule(code, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText;

/** Compiles the package as it is published, as an older Node cannot read TypeScript. */
function build(target: string): void {
  const source = join(ROOT, 'src');
  for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!/\.c?ts$/.test(name) || name.startsWith(join('linalg', 'kernels', sep)) || name.endsWith('.d.ts'))
      continue;
    const file = join(target, 'dist', name.replace(/ts$/, 'js'));
    const code = compile(readFileSync(join(source, name), 'utf8'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code.replace(/(['"]\.[^'"\n]*\.c?)ts(?=['"])/g, '$1js'));
  }
  copyFileSync(join(ROOT, 'package.json'), join(target, 'package.json'));
}

describe('the Node that is needed', () => {
  it.runIf(oldNode)('is named by the command and by the package under an older one', () => {
    const built = join(ROOT, 'node_modules', '.cache', `old-node-${process.pid}`);
    try {
      build(built);
      const command = spawnSync(oldNode!, [join(built, 'dist', 'cli', 'covista.cjs'), 'search', 'dog'], {
        encoding: 'utf8',
      });
      expect(command.stderr).toMatch(/^error: Covista needs Node 24 or newer; this is Node \d+/);
      expect(command.stderr).not.toContain('SyntaxError');
      expect(command.status).toBe(1);
      for (const entry of ['index.js', 'encoders/index.js', 'pipeline/index.js', 'encoders/image/index.js']) {
        const script = `import(${JSON.stringify(join(built, 'dist', entry))}).catch((error) => console.log(error.message))`;
        const { stdout } = spawnSync(oldNode!, ['-e', script], { encoding: 'utf8' });
        expect(stdout).toMatch(/^Covista needs Node 24 or newer; this is Node \d+/);
      }
    } finally {
      rmSync(built, { recursive: true, force: true });
    }
  });

  it('is at hand here, and starts the command', async () => {
    const entry = join(ROOT, 'src', 'cli', 'covista.cts');
    const { status, stdout } = spawnSync(process.execPath, [entry, '--version'], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});
