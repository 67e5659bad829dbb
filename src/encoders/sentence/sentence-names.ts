import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** The same name with the path of a file or folder from the root: what is stored with a model. */
export function absoluteSentenceName(name: string): string {
  const [, kind, place, settings] = /^(onnx|hf):(.*?)((?:,(?:pooling|output|file)=.*)?)$/s.exec(name) ?? [];
  const local = kind === 'onnx' || (kind === 'hf' && existsSync(place!));
  return local ? `${kind}:${resolve(place!)}${settings}` : name;
}
