import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, resultOfPage } from '../chromium.ts';
import { scratch } from '../cli/covista.ts';
import { writeExampleFiles } from './example-files.ts';
import { type Finished, pack, run, succeed, tsc, writeExamples } from './installed.ts';

/** A project that has nothing but the package. */
let project: string;
let installed: string;
let folder: string;
let examples: string[];
/** What the installed command left that encoded the pictures. */
let indexed: Finished;

beforeAll(async () => {
  folder = await scratch();
  await mkdir(join(folder, 'packed'));
  const file = await pack(join(folder, 'packed'));
  project = join(folder, 'project');
  installed = join(project, 'node_modules/covista');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  // What it is asked to fetch does not exist, so that the script of onnxruntime-node fails wherever this runs.
  await succeed(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', file, '@types/node@24'],
    project,
    {
      ONNXRUNTIME_NODE_INSTALL: 'nothing',
    },
  );
  await writeExampleFiles(project);
  examples = await writeExamples(project);
  await copyFile(join(import.meta.dirname, 'browser-program.js'), join(project, 'browser-program.js'));
  const encoder = ['--encoder', 'onnx:vgg16.onnx,preprocessing=unit'];
  indexed = await covista('index', 'photos', '--captions', 'Flickr8k.token.txt', ...encoder, '--json');
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A cache of its own, so that nothing comes from what was fetched or measured before. */
const cache = () => ({ COVISTA_CACHE: join(folder, 'cache') });

/** Runs the installed command. */
const covista = (...args: string[]) =>
  run(process.execPath, [join(installed, 'dist/cli/main.js'), ...args], project, cache());

async function compile(name: string, compilerOptions: object, files: readonly string[]): Promise<string> {
  const strict = { target: 'ES2024', strict: true, noEmit: true, skipLibCheck: false, ...compilerOptions };
  await writeFile(join(project, name), JSON.stringify({ compilerOptions: strict, files }));
  return (await tsc(['-p', name], project)).stdout;
}

describe('the package', () => {
  test('holds what its pages link', async () => {
    const pages = ['README.md', 'CONTRIBUTING.md', ...(await readdir(join(installed, 'docs')))]
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(installed, existsSync(join(installed, name)) ? name : join('docs', name)));
    expect(pages.length).toBeGreaterThan(8);
    for (const page of pages)
      for (const [, link] of (await readFile(page, 'utf8')).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
        expect(existsSync(resolve(dirname(page), link!)), `${page} links ${link}`).toBe(true);
  });

  test('holds the sources of its source maps', async () => {
    const files = await readdir(join(installed, 'dist'), { recursive: true });
    const maps = files.filter((name) => name.endsWith('.js.map'));
    expect(maps.length).toBe(files.filter((name) => name.endsWith('.js')).length);
    for (const name of maps) {
      const { sources, sourcesContent } = JSON.parse(await readFile(join(installed, 'dist', name), 'utf8'));
      expect(sourcesContent?.length, name).toBe(sources.length);
    }
  });

  test('has types of its browser parts that do not need those of Node', async () => {
    const options = {
      module: 'ESNext',
      moduleResolution: 'bundler',
      types: [],
      allowJs: true,
      checkJs: true,
    };
    const lib = ['ES2024', 'DOM'];
    const compiled = await compile('tsconfig.browser.json', { ...options, lib, noImplicitAny: false }, [
      'browser-program.js',
    ]);
    expect(compiled).toBe('');
  });
});

describe('where onnxruntime-node could not be installed', () => {
  test('pictures are encoded all the same, and it is said once how they are encoded faster', () => {
    expect(existsSync(join(project, 'node_modules/onnxruntime-node'))).toBe(false);
    expect(JSON.parse(indexed.stdout)).toMatchObject({ added: 36, withWords: 36 });
    expect(indexed.stderr.match(/ONNXRUNTIME_NODE_INSTALL=skip npm install/g)).toHaveLength(1);
  });

  test('covista doctor says so', async () => {
    const { code, stdout } = await covista('doctor');
    expect(code).toBe(0);
    expect(stdout).toContain('ONNXRUNTIME_NODE_INSTALL=skip npm install');
  });
});

describe('the examples of the documentation', () => {
  test('and everything else compile with no other types than those of Node', async () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
    const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    const parts = Object.keys(exports).filter((name) => name !== './package.json');
    await writeFile(
      join(project, 'everything.ts'),
      parts.map((name, i) => `export * as part${i} from 'covista${name.slice(1)}';`).join('\n'),
    );
    const options = { lib: ['ES2024'], types: ['node'], module: 'NodeNext' };
    expect(await compile('tsconfig.node.json', options, ['everything.ts', ...examples])).toBe('');
  });

  test('run', async () => {
    for (const example of examples) {
      const { code, stderr } = await run(process.execPath, [example], project, cache());
      expect({ example, code, stderr }).toMatchObject({ code: 0 });
    }
  });
});

/** Bundlers as their users start them, each with what it complains about. */
const bundlers: Record<string, (outDir: string) => Promise<string[]>> = {
  esbuild: async (outdir) => {
    const { warnings } = await esbuild({
      absWorkingDir: project,
      entryPoints: ['page.js'],
      bundle: true,
      minify: true,
      format: 'esm',
      outdir,
      logLevel: 'silent',
    });
    return warnings.map(({ text }) => text);
  },
  vite: async (outDir) => {
    const warnings: string[] = [];
    await vite({
      root: project,
      configFile: false,
      logLevel: 'silent',
      build: {
        outDir,
        emptyOutDir: true,
        rolldownOptions: {
          input: join(project, 'page.js'),
          output: { entryFileNames: 'page.js' },
          onwarn: ({ message }) => warnings.push(message),
        },
      },
    });
    return warnings;
  },
};

describe.each(Object.keys(bundlers))('bundled by %s', (name) => {
  let warnings: string[];
  const out = () => join(folder, name);

  beforeAll(async () => {
    const page = "import { compute } from './browser-program.js';\nglobalThis.result = compute();\n";
    await writeFile(join(project, 'page.js'), page);
    warnings = await bundlers[name]!(out());
  });

  test('the browser parts ask for nothing of Node', async () => {
    expect(warnings).toEqual([]);
    // What Vite puts in the place of a module of Node.
    expect((await readFile(join(out(), 'page.js'), 'utf8')).includes('__vite-browser-external')).toBe(false);
  });

  test.skipIf(CHROMIUM === undefined)('they compute in Chromium what they compute in Node', async () => {
    const inNode =
      "import { compute } from './browser-program.js'; console.log(JSON.stringify(await compute()));";
    const { stdout } = await succeed(process.execPath, ['--input-type=module', '-e', inNode], project);
    const { threads: _, correlations: expected, ...rest } = JSON.parse(stdout);
    const serve = async (path: string) => {
      if (path === '/') return { type: 'text/html', body: '<script type="module" src="page.js"></script>' };
      const file = join(out(), path);
      if (!existsSync(file)) return undefined;
      return { type: 'text/javascript', body: await readFile(file) };
    };
    const { threads, correlations, ...others } = (await resultOfPage(serve, { isolated: true })) as {
      threads: number;
      correlations: number[];
    };
    expect(threads).toBeGreaterThan(0);
    expect(others).toEqual(rest);
    expect(correlations).toHaveLength(expected.length);
    // Threads share the rows differently: sums of 300 float32 products, 4 √300 2^-24.
    for (const [i, correlation] of correlations.entries())
      expect(Math.abs(correlation - expected[i])).toBeLessThan(5e-6);
  });
});
