/**
 * The files beside pictures that belong to them by their name: `beach.txt` or `beach.jpg.txt` to `beach.jpg`, in
 * any case, as cameras and Windows write `IMG_1.XMP`; one of the very same case goes before.
 */
export class SidecarNames {
  readonly #exact: ReadonlySet<string>;
  readonly #anyCase = new Map<string, string>();

  constructor(files: readonly string[]) {
    this.#exact = new Set(files);
    for (const file of files) this.#anyCase.set(file.toLowerCase(), file);
  }

  /** The files that belong to a picture, each once. */
  of(picture: string, extension: string): string[] {
    const names = [`${picture.slice(0, picture.lastIndexOf('.'))}${extension}`, `${picture}${extension}`];
    return names.flatMap((name) => {
      const found = this.#exact.has(name) ? name : this.#anyCase.get(name.toLowerCase());
      return found === undefined ? [] : [found];
    });
  }
}
