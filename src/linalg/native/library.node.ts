import koffi from 'koffi';
import { CovistaError } from '../../base/errors.ts';
import type { Floats } from '../matrix.ts';

// Constants of the CBLAS interface.
export const ROW_MAJOR = 101;
export const NO_TRANSPOSE = 111;
export const TRANSPOSE = 112;
export const LOWER = 122;
export const NON_UNIT = 131;
export const LEFT = 141;

/** Where BLAS libraries are usually found, the fastest first. */
const usualNames: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: [
    'libmkl_rt.so.2',
    'libmkl_rt.so',
    'libopenblas.so.0',
    'libopenblas.so',
    'libblis.so.4',
    'libblis.so',
  ],
  darwin: [
    '/System/Library/Frameworks/Accelerate.framework/Accelerate',
    '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
    '/usr/local/opt/openblas/lib/libopenblas.dylib',
  ],
  win32: ['mkl_rt.2.dll', 'libopenblas.dll', 'openblas.dll'],
};

type Argument = number | Floats | Int32Array | Uint8Array;
/** A function of the library; its work is done on another thread. */
export type NativeFunction = (...args: readonly Argument[]) => Promise<void>;

/** A BLAS that this machine has, and what of LAPACK comes with it. */
export interface NativeLibrary {
  /** The file it was loaded from. */
  readonly file: string;
  readonly threads: number;
  readonly sgemm: NativeFunction;
  readonly dgemm: NativeFunction;
  readonly sgemv: NativeFunction;
  readonly dgemv: NativeFunction;
  readonly ssyrk: NativeFunction;
  readonly dsyrk: NativeFunction;
  readonly dtrsm: NativeFunction;
  /** Missing where the library has no LAPACK. */
  readonly lapack:
    | {
        readonly dpotrf: NativeFunction;
        readonly dsyevd: NativeFunction;
        readonly dsyevr: NativeFunction;
        readonly dgesdd: NativeFunction;
      }
    | undefined;
}

/**
 * Finds and loads a BLAS: the one that `COVISTA_BLAS` names, or else one of the usual ones.
 * @returns undefined when there is none, or `COVISTA_BLAS` is `none`
 * @throws CovistaError `not-found` when the named one cannot be loaded
 */
export function loadNativeLibrary(): NativeLibrary | undefined {
  const named = process.env.COVISTA_BLAS;
  if (named === 'none') return undefined;
  if (named) {
    try {
      return open(named);
    } catch (cause) {
      throw new CovistaError('not-found', `COVISTA_BLAS names ${named}, which cannot be loaded as a BLAS.`, {
        hint: 'name a shared library with the CBLAS interface, or set COVISTA_BLAS=none',
        cause,
      });
    }
  }
  for (const name of usualNames[process.platform] ?? []) {
    try {
      return open(name);
    } catch {
      // Not on this machine, or without CBLAS: try the next.
    }
  }
  return undefined;
}

function open(file: string): NativeLibrary {
  const library = koffi.load(file);
  const declare = (definition: string): NativeFunction => {
    const { async: start } = library.func(definition);
    return (...args) =>
      new Promise((resolve, reject) => {
        start(...args, (error: unknown) => (error ? reject(error) : resolve()));
      });
  };
  const gemm = 'int order, int ta, int tb, int m, int n, int k,';
  const gemv = 'int order, int trans, int m, int n,';
  const syrk = 'int order, int uplo, int trans, int n, int k,';
  return {
    file,
    threads: threadsOf(library),
    sgemm: declare(
      `void cblas_sgemm(${gemm} float alpha, void *a, int lda, void *b, int ldb, float beta, void *c, int ldc)`,
    ),
    dgemm: declare(
      `void cblas_dgemm(${gemm} double alpha, void *a, int lda, void *b, int ldb, double beta, void *c, int ldc)`,
    ),
    sgemv: declare(
      `void cblas_sgemv(${gemv} float alpha, void *a, int lda, void *x, int incx, float beta, void *y, int incy)`,
    ),
    dgemv: declare(
      `void cblas_dgemv(${gemv} double alpha, void *a, int lda, void *x, int incx, double beta, void *y, int incy)`,
    ),
    ssyrk: declare(`void cblas_ssyrk(${syrk} float alpha, void *a, int lda, float beta, void *c, int ldc)`),
    dsyrk: declare(`void cblas_dsyrk(${syrk} double alpha, void *a, int lda, double beta, void *c, int ldc)`),
    dtrsm: declare(
      'void cblas_dtrsm(int order, int side, int uplo, int ta, int diag, int m, int n, double alpha, void *a, int lda, void *b, int ldb)',
    ),
    lapack: openLapack(declare),
  };
}

/** LAPACK's functions are Fortran's: everything by address, and the lengths of texts at the end. */
function openLapack(declare: (definition: string) => NativeFunction): NativeLibrary['lapack'] {
  const pointers = (count: number) => Array.from({ length: count }, (_, i) => `void *a${i}`).join(', ');
  try {
    return {
      dpotrf: declare(`void dpotrf_(${pointers(5)}, size_t l0)`),
      dsyevd: declare(`void dsyevd_(${pointers(11)}, size_t l0, size_t l1)`),
      dsyevr: declare(`void dsyevr_(${pointers(21)}, size_t l0, size_t l1, size_t l2)`),
      dgesdd: declare(`void dgesdd_(${pointers(14)}, size_t l0)`),
    };
  } catch {
    return undefined;
  }
}

function threadsOf(library: ReturnType<typeof koffi.load>): number {
  for (const name of ['openblas_get_num_threads', 'MKL_Get_Max_Threads', 'bli_thread_get_num_threads']) {
    try {
      return library.func(`int ${name}()`)();
    } catch {
      // Another library's function.
    }
  }
  return navigator.hardwareConcurrency;
}
