import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** What a finished program left. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with nothing of this process's settings of npm, and waits for its end. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_|^onnxruntime|^node_options$/i.test(name),
  );
  return new Promise((done) => {
    execFile(
      command,
      args,
      {
        cwd,
        env: { ...Object.fromEntries(own), ...env },
        maxBuffer: 1 << 26,
        shell: process.platform === 'win32',
      },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
}

/** Runs a program that has to succeed. */
export async function succeed(...call: Parameters<typeof run>): Promise<Finished> {
  const finished = await run(...call);
  if (finished.code !== 0)
    throw new Error(
      `${call[0]} ${call[1].join(' ')}: ${finished.code}\n${finished.stdout}${finished.stderr}`,
    );
  return finished;
}

/** Runs the TypeScript compiler of this project. */
export const tsc = (args: readonly string[], cwd: string) =>
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...args], cwd);

/**
 * Packs what is in the working tree, built afresh beside it, so that no other test sees files change.
 * @param folder an empty folder
 * @returns the path of the package
 */
export async function pack(folder: string): Promise<string> {
  const { files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  for (const name of ['package.json', ...files].filter((name) => name !== 'dist'))
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  const built = await tsc(['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], ROOT);
  if (built.code !== 0) throw new Error(built.stdout);
  const { stdout } = await succeed('npm', ['pack', '--ignore-scripts', '--json'], folder);
  return join(folder, JSON.parse(stdout)[0].filename);
}

/** The TypeScript examples of the documentation, each with a name that says where it stands. */
export async function writeExamples(folder: string): Promise<string[]> {
  const pages = ['README.md', ...(await readdir(join(ROOT, 'docs'))).map((name) => `docs/${name}`)];
  const names: string[] = [];
  for (const page of pages.filter((name) => name.endsWith('.md'))) {
    const text = await readFile(join(ROOT, page), 'utf8');
    for (const [i, [, code]] of [...text.matchAll(/^```(?:ts|typescript)\n(.*?)^```/gms)].entries()) {
      const name = `examples/${page.replaceAll(/[/.]/g, '-')}-${i + 1}.ts`;
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), code!);
      names.push(name);
    }
  }
  return names;
}
