import { CovistaError, throwIfAborted } from '../errors.ts';
import { readText } from './text-file.ts';
import type { Warnings } from './warnings.ts';

/**
 * Reads a whole JSON file.
 * @throws CovistaError `bad-format` naming the file when it is not JSON
 */
export async function readJson(path: string, warnings: Warnings, signal?: AbortSignal): Promise<unknown> {
  throwIfAborted(signal);
  const text = await readText(path, warnings);
  throwIfAborted(signal);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CovistaError('bad-format', `${path} is not valid JSON: ${(error as Error).message}.`, {
      hint: 'It may be truncated: fetch or export it again.',
      cause: error,
    });
  }
}
