import type { Annotation } from './annotation.ts';
import { Warnings } from './warnings.ts';

/** Which annotation belongs to which file. */
export interface Match {
  /** For each picture file its annotation, or undefined when there is none. */
  readonly annotations: readonly (Annotation | undefined)[];
  /** Annotated pictures without a file. */
  readonly missing: readonly string[];
  /** Names that cannot be told apart, and pictures that are missing. */
  readonly warnings: readonly string[];
}

/**
 * Matches annotations to picture files by relative path; then by file name, where that is unambiguous; then by
 * file name without its extension, since copies are often in another picture format.
 * @param pictures relative paths with `/` between folders, as `listPictures` gives them
 */
export function matchAnnotations(pictures: readonly string[], annotations: readonly Annotation[]): Match {
  const warnings = new Warnings();
  const matched = new Array<Annotation | undefined>(pictures.length).fill(undefined);
  const keys = [(path: string) => path, baseName, stem];
  const files = keys.map((key) => indexBy(pictures, key));
  const missing: string[] = [];
  // Exact paths first, so that a looser match never takes a file from the annotation that names it fully.
  let open = annotations;
  for (const [level, key] of keys.entries()) {
    const rest: Annotation[] = [];
    const names =
      level === 0
        ? undefined
        : indexBy(
            open.map(({ picture }) => normal(picture)),
            key,
          );
    for (const annotation of open) {
      const name = key(normal(annotation.picture));
      const candidates = (files[level]!.get(name) ?? []).filter((i) => matched[i] === undefined);
      if (candidates.length === 1 && (names?.get(name)?.length ?? 1) === 1)
        matched[candidates[0]!] = annotation;
      else if (candidates.length > 0) {
        const [first, second] = candidates.map((i) => pictures[i]);
        warnings.add(
          'ambiguous names',
          second === undefined
            ? `${annotation.picture}: other annotations could mean ${first} too; left out.`
            : `${annotation.picture} could be ${first} or ${second}; left out.`,
        );
      } else rest.push(annotation);
    }
    open = rest;
  }
  for (const { picture } of open) {
    missing.push(picture);
    warnings.add(
      'annotated pictures without a file',
      `${picture} has captions or tags, but there is no such file.`,
    );
  }
  return { annotations: matched, missing, warnings: warnings.list() };
}

function indexBy(paths: readonly string[], key: (path: string) => string): Map<string, number[]> {
  const index = new Map<string, number[]>();
  for (const [i, path] of paths.entries()) {
    const name = key(normal(path));
    const same = index.get(name);
    if (same === undefined) index.set(name, [i]);
    else same.push(i);
  }
  return index;
}

/** File systems differ in how they write accented letters. */
function normal(path: string): string {
  return path
    .replaceAll('\\', '/')
    .replace(/^(?:\.\/)+/, '')
    .normalize('NFC');
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function stem(path: string): string {
  const name = baseName(path);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
