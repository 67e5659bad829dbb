import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { CovistaError, inOneLine } from '../base/errors.ts';
import type { Decision, Library } from '../library/index.ts';
import type { Tag } from '../model/tagging.ts';

/** What is to be decided on one picture. */
export interface Teaching {
  /** Absolute path. */
  readonly path: string;
  readonly accept: readonly string[];
  readonly reject: readonly string[];
  /** Tags that are neither any more; `all` for every tag of the picture. */
  readonly forget: readonly string[] | 'all';
}

/** What was stored. */
export interface TeachResult {
  /** What now holds of the pictures that were named. */
  readonly decisions: readonly Decision[];
  /** Pictures that are not in the library, on which nothing was stored. */
  readonly unknown: readonly string[];
  /** Of how many pictures something is decided in all. */
  readonly total: number;
}

/**
 * Stores which tags of pictures were accepted and rejected, in one commit; the last word on a tag counts.
 * What was decided is learned from when the library is fitted next.
 */
export async function teach(library: Library, teachings: readonly Teaching[]): Promise<TeachResult> {
  const known = await library.files();
  const before = await library.decisions();
  const changed = new Map<string, Decision>();
  const unknown: string[] = [];
  for (const { path, accept, reject, forget } of teachings) {
    if (!known.has(path)) {
      unknown.push(path);
      continue;
    }
    const old = changed.get(path) ?? before.get(path) ?? { path, accepted: [], rejected: [] };
    const [yes, no] = [accept.map(tagOf), reject.map(tagOf)];
    const both = yes.find((tag) => no.includes(tag));
    if (both !== undefined)
      throw new CovistaError('usage', `"${both}" of ${path} cannot be both accepted and rejected.`);
    const gone = new Set(forget === 'all' ? [...old.accepted, ...old.rejected] : forget.map(tagOf));
    const merge = (tags: readonly string[], added: readonly string[], others: readonly string[]) => [
      ...new Set([...tags.filter((tag) => !gone.has(tag) && !others.includes(tag)), ...added]),
    ];
    changed.set(path, {
      path,
      accepted: merge(old.accepted, yes, no),
      rejected: merge(old.rejected, no, yes),
    });
  }
  await library.putDecisions([...changed.values()]);
  return { decisions: [...changed.values()], unknown, total: (await library.decisions()).size };
}

const tagOf = (text: string) => text.trim().toLowerCase();

const texts = z
  .union([z.string().transform((text) => text.split(',')), z.array(z.string())])
  .transform((some) => some.map((text) => text.trim()).filter((text) => text !== ''));

const entry = z
  .object({
    path: z.string().optional(),
    picture: z.string().optional(),
    accept: texts.optional(),
    accepted: texts.optional(),
    reject: texts.optional(),
    rejected: texts.optional(),
    forget: z.union([z.literal('all'), texts]).optional(),
  })
  .refine(({ path, picture }) => (path ?? picture) !== undefined, { message: 'there is no "path"' });

/**
 * Reads decisions: one JSON object a line, or a list of them, as `covista teach --list --json` prints them:
 * `{"path": "beach.jpg", "accept": ["dog"], "reject": ["cat"]}`.
 * @param content of the file
 * @param file its name, for messages; relative paths start at its folder
 * @throws CovistaError `bad-format` naming the line that cannot be read
 */
export function readTeachings(content: string, file: string): Teaching[] {
  const objects = readJson(content, file);
  return objects.map((object, i) => {
    const parsed = entry.safeParse(object);
    if (!parsed.success)
      throw new CovistaError(
        'bad-format',
        `${file}, entry ${i + 1}: ${inOneLine(z.prettifyError(parsed.error))}`,
        {
          hint: 'Write {"path": "beach.jpg", "accept": ["dog"], "reject": ["cat"]}, one a line.',
        },
      );
    const { path, picture, accept, accepted, reject, rejected, forget } = parsed.data;
    return {
      path: resolve(dirname(file), (path ?? picture)!),
      accept: [...(accept ?? []), ...(accepted ?? [])],
      reject: [...(reject ?? []), ...(rejected ?? [])],
      forget: forget ?? [],
    };
  });
}

function readJson(content: string, file: string): unknown[] {
  try {
    const whole: unknown = JSON.parse(content);
    return Array.isArray(whole) ? whole : [whole];
  } catch {
    return content.split(/\r?\n/).flatMap((line, i) => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line) as unknown];
      } catch (cause) {
        throw new CovistaError('bad-format', `${file}, line ${i + 1}: not valid JSON.`, { cause });
      }
    });
  }
}

/**
 * Tags of a picture as somebody decided on them: accepted ones come first and are certain, rejected ones are gone.
 * @param tags best first, as many more than `count` as were rejected
 */
export function decidedTags<T extends Tag>(
  tags: readonly T[],
  decision: Pick<Decision, 'accepted' | 'rejected'> | undefined,
  count: number,
): (T | Tag)[] {
  if (decision === undefined) return tags.slice(0, count);
  const { accepted, rejected } = decision;
  const decided = new Set([...accepted, ...rejected]);
  const sure = tags.some(({ level }) => level !== undefined) ? { level: 'high' as const } : {};
  const certain = accepted.map((word) => ({
    ...tags.find((tag) => tag.word === word),
    word,
    score: 1,
    ...sure,
  }));
  return [...certain, ...tags.filter(({ word }) => !decided.has(word))].slice(
    0,
    Math.max(count, accepted.length),
  );
}
