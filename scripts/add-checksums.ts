import { readFile } from 'node:fs/promises';
import { replaceFile } from '../src/files/replace-file.ts';
import { BUILT_IN_STARTER } from '../src/learning/starter/starter-file.ts';
import { decodeSafetensors, encodeTensorFile } from '../src/linalg/index.ts';

/**
 * Gives files of tensors the checksums of what they hold now, and changes nothing else in them; the starter that comes
 * with Covista when none is named:
 *
 *     node scripts/add-checksums.ts [file ...]
 */
const files = process.argv.length > 2 ? process.argv.slice(2) : [BUILT_IN_STARTER];
for (const file of files) {
  const { tensors, metadata } = decodeSafetensors(await readFile(file), file);
  const { checksums: before, ...others } = metadata;
  await replaceFile(file, encodeTensorFile(tensors, others));
  console.log(
    `${file}: ${tensors.size} tensors, checksums ${before === undefined ? 'added' : 'written anew'}.`,
  );
}
