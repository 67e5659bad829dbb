import { homedir } from 'node:os';
import { join } from 'node:path';
import { env, platform } from 'node:process';

/**
 * The folder that holds everything fetched or converted: `COVISTA_CACHE`, or the platform's cache folder.
 * Removing it is safe: what is needed is fetched again.
 */
export function cacheFolder(): string {
  if (env.COVISTA_CACHE) return env.COVISTA_CACHE;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'covista');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'covista');
  return join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'covista');
}
