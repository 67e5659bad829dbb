import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { env, execPath, platform } from 'node:process';
import { CovistaError, throwIfAborted } from '../base/errors.ts';

/** Of what npm writes to stderr, as much as a message needs. */
const KEPT_CHARACTERS = 4000;

/**
 * Fetches the tarball of a published package with the npm client, which brings the user's registry, proxy,
 * certificates, credentials and cache.
 * @param specifier `name@version`
 * @param folder an empty folder to put it in
 * @returns the path of the tarball
 * @throws CovistaError `network` with npm's own words when npm is missing or fails; `aborted`
 */
export async function npmPack(specifier: string, folder: string, signal?: AbortSignal): Promise<string> {
  const [command, ...first] = npmCommand();
  const rest = ['pack', specifier, '--pack-destination', folder];
  // Retries within seconds: npm's own pauses would leave somebody without a network waiting for over a minute.
  const settings = [
    '--prefer-offline',
    '--ignore-scripts',
    '--loglevel=error',
    '--fetch-retry-mintimeout=1000',
  ];
  const { code, stderr } = await run(command, [...first, ...rest, ...settings], signal);
  if (code !== 0) throw new CovistaError('network', `npm could not fetch ${specifier}: ${reason(stderr)}`);
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined)
    throw new CovistaError('network', `npm fetched ${specifier}, but left no tarball.`);
  return join(folder, tarball);
}

/** The npm that belongs to this Node.js, or the one on the PATH; never through a shell. */
function npmCommand(): [string, ...string[]] {
  const script = join('node_modules', 'npm', 'bin', 'npm-cli.js');
  const beside = dirname(execPath);
  const candidates = [
    // Set by npm for the scripts that it runs; other package managers put themselves here.
    ...(env.npm_execpath && basename(env.npm_execpath) === 'npm-cli.js' ? [env.npm_execpath] : []),
    join(beside, script),
    join(beside, '..', 'lib', script),
    // npm.cmd needs a shell, but stands beside the script that it starts.
    ...(platform === 'win32' ? (env.PATH ?? '').split(delimiter).map((folder) => join(folder, script)) : []),
  ];
  const found = candidates.find((path) => existsSync(path));
  return found === undefined ? ['npm'] : [execPath, found];
}

function run(
  command: string,
  args: string[],
  signal?: AbortSignal,
): Promise<{ code: number; stderr: string }> {
  throwIfAborted(signal);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true, signal });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-KEPT_CHARACTERS);
    });
    child.once('error', (cause) => {
      // Also raised by the signal, while npm still runs: that ends at `close`, when its files can be removed.
      if (child.pid !== undefined) return;
      reject(new CovistaError('network', `npm cannot be started: ${cause.message}`, { cause }));
    });
    child.once('close', (code) => {
      if (signal?.aborted)
        reject(new CovistaError('aborted', 'Stopped on request.', { cause: signal.reason }));
      else resolve({ code: code ?? 1, stderr });
    });
  });
}

/** The lines of npm's complaint that say what went wrong. */
function reason(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.replace(/^npm (?:error|ERR!)\s*/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('npm warn') && !/complete log|\.log$/.test(line));
  return lines.slice(0, 3).join(' ') || 'it gave no reason.';
}
