import type { Annotation } from './annotation.ts';
import { SuffixIndex } from './suffix-index.ts';
import { Warnings } from './warnings.ts';

/** Which annotation belongs to which file. */
export interface Match {
  /** For each picture file its annotation, or undefined when there is none. */
  readonly annotations: readonly (Annotation | undefined)[];
  /** Annotated pictures without a file. */
  readonly missing: readonly string[];
  /** Warnings of names that cannot be told apart. */
  readonly ambiguous: readonly string[];
  /** Names that cannot be told apart, and pictures that are missing. */
  readonly warnings: readonly string[];
}

/** A path as its folders and its name. */
type Path = readonly string[];

/** How names are compared, each a looser way than the one before: copies differ in case, or in the picture format. */
const comparisons: readonly ((path: Path) => Path)[] = [
  (path) => path,
  (path) => path.map(decoded),
  (path) => path.map(lower),
  (path) => path.map((name, i) => (i === path.length - 1 ? stem(lower(name)) : lower(name))),
];

/** Of the files that a name could mean, so many are looked at for the warning. */
const mostNamed = 100;

/**
 * Matches annotations to picture files. An annotation belongs to the file whose path has the longest end in common with
 * its own, in whole names of folders and files: `2023/a.jpg` or `C:\Photos\2023\a.jpg` to `2023/a.jpg` rather than to
 * `2024/a.jpg`. Ends that are the whole path of either go before those after which folders differ; exact names before
 * names that differ in URL encoding, in case, or in their extension. What could mean several files is left out.
 * @param pictures relative paths with `/` between folders, as `listPictures` gives them
 * @param root the folder that they are relative to, where it is known: absolute paths are compared with it
 */
export function matchAnnotations(
  pictures: readonly string[],
  annotations: readonly Annotation[],
  root = '',
): Match {
  const warnings = new Warnings();
  const ambiguous = new Warnings();
  const rootPath = pathOf(root);
  const files = pictures.map(pathOf);
  const names = annotations.map(({ picture }) => pathOf(picture));
  const matched = new Array<Annotation | undefined>(pictures.length).fill(undefined);
  const indexes: { files: SuffixIndex; names: SuffixIndex }[] = [];
  let open = [...annotations.keys()];
  /** Files that an annotation could mean; of one, other annotations could mean it too. */
  const doubts = new Map<number, readonly number[]>();
  /** Looked for once for all the annotations that could mean the same files: there may be many of both. */
  const wholes = new Map<readonly number[], { exact: number | undefined; any: number | undefined }>();
  for (const whole of [true, false]) for (const level of comparisons.keys()) take(level, whole);

  const missing: string[] = [];
  for (const i of open) {
    const { picture } = annotations[i]!;
    const possible = doubts.get(i)?.slice(0, mostNamed) ?? [];
    const [first, second] = possible.map((file) => pictures[file]);
    if (possible.every((file) => matched[file] !== undefined)) {
      missing.push(picture);
      warnings.add(
        'annotated pictures without a file',
        `${picture} has captions or tags, but there is no such file.`,
      );
    } else
      ambiguous.add(
        'ambiguous names',
        second === undefined
          ? `${picture}: other annotations could mean ${first} too; left out.`
          : `${picture} could be ${first} or ${second}; left out.`,
      );
  }
  return {
    annotations: matched,
    missing,
    ambiguous: ambiguous.list(),
    warnings: [...ambiguous.list(), ...warnings.list()],
  };

  /** Gives files to the annotations that name them by one comparison; `whole`: by the whole path of one of the two. */
  function take(level: number, whole: boolean): void {
    if (open.length === 0) return;
    const compare = comparisons[level]!;
    indexes[level] ??= {
      files: new SuffixIndex(files.map((file) => compare([...rootPath, ...file]))),
      names: new SuffixIndex(names.map(compare)),
    };
    const index = indexes[level];
    /** For each file the annotations that name it by the longest end. */
    const claims = new Map<number, { length: number; by: number[] }>();
    for (const i of open) {
      const name = compare(names[i]!);
      const { members, length } = index.files.longest(name);
      if (members.length === 0) continue;
      const file = theFile(members, length, name.length);
      const isWhole = file !== undefined && (length >= files[file]!.length || length === name.length);
      // Where folders differ, both names must be the only ones of their kind.
      const isSure =
        file !== undefined && (isWhole || index.names.longest(name, length).members.length === 1);
      if (!isSure) note(i, members);
      else if (isWhole === whole && matched[file] === undefined) claim(file, i, length);
    }
    const taken = new Set<number>();
    for (const [file, { by }] of claims)
      if (by.length === 1) {
        matched[file] = annotations[by[0]!];
        taken.add(by[0]!);
      } else for (const i of by) note(i, [file]);
    open = open.filter((i) => !taken.has(i));

    function claim(file: number, i: number, length: number): void {
      const before = claims.get(file);
      if (before === undefined || before.length < length) claims.set(file, { length, by: [i] });
      else if (before.length === length) before.by.push(i);
    }
  }

  /** The one of several files with the same end that is meant: the only one, or that whose whole path it is. */
  function theFile(members: readonly number[], length: number, nameLength: number): number | undefined {
    if (members.length === 1) return members[0];
    let whole = wholes.get(members);
    if (whole === undefined) {
      const shorter = members.filter((file) => files[file]!.length <= length);
      whole = { exact: only(shorter.filter((file) => files[file]!.length === length)), any: only(shorter) };
      wholes.set(members, whole);
    }
    return (nameLength === length ? whole.exact : undefined) ?? whole.any;
  }

  function note(i: number, possible: readonly number[]): void {
    if (!doubts.has(i)) doubts.set(i, possible);
  }
}

function only(members: readonly number[]): number | undefined {
  return members.length === 1 ? members[0] : undefined;
}

/** The folders and the name in a path or address, as operating systems and exporters write them. */
function pathOf(path: string): Path {
  const address = /^[a-z][a-z0-9+.-]+:\/\/([^?#]*)/i.exec(path)?.[1];
  return (
    (address ?? path)
      .replaceAll('\\', '/')
      // File systems differ in how they write accented letters.
      .normalize('NFC')
      .split('/')
      .filter((name) => name !== '' && name !== '.' && name !== '..')
  );
}

function decoded(name: string): string {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name).normalize('NFC');
  } catch {
    return name;
  }
}

function lower(name: string): string {
  return decoded(name).toLowerCase();
}

function stem(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
