import { describe, expect, it } from 'vitest';
import { loadNativeLibrary } from '../../src/linalg/native/library.node.ts';
import { nativeEngine } from '../../src/linalg/native-engine.node.ts';
import { engineSuite } from './engine-suite.ts';

const installed = loadNativeLibrary() !== undefined;

describe.skipIf(!installed)('with the BLAS of this machine', () => {
  engineSuite('native', nativeEngine);
});

describe('COVISTA_BLAS', () => {
  it.skipIf(!installed)('names the library to take', async () => {
    const before = process.env.COVISTA_BLAS;
    const found = loadNativeLibrary()!.file;
    process.env.COVISTA_BLAS = found;
    try {
      expect((await nativeEngine()).name).toBe(found.replace(/^.*\//, ''));
    } finally {
      if (before === undefined) delete process.env.COVISTA_BLAS;
      else process.env.COVISTA_BLAS = before;
    }
  });

  it('says what to do when it names no library', async () => {
    const before = process.env.COVISTA_BLAS;
    process.env.COVISTA_BLAS = '/nowhere/libblas.so';
    try {
      await expect(nativeEngine()).rejects.toMatchObject({ code: 'not-found' });
      process.env.COVISTA_BLAS = 'none';
      await expect(nativeEngine()).rejects.toMatchObject({ code: 'not-found' });
    } finally {
      if (before === undefined) delete process.env.COVISTA_BLAS;
      else process.env.COVISTA_BLAS = before;
    }
  });
});
