import { kinds, outcomes } from './layout.ts';
import type { Scope, Workspace } from './session.ts';

/** As in kernels/micro.ts: rows of a panel of A. */
const HEIGHT = 6;

/** Arguments of the kernel `product` (kernels/product.ts): C += op(A) op(B), say. */
export interface Product {
  readonly kind: keyof typeof kinds;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: number;
  readonly lda: number;
  readonly transposeA?: boolean;
  readonly b: number;
  readonly ldb: number;
  readonly transposeB?: boolean;
  readonly c: number;
  readonly ldc: number;
  /** What becomes of C; `add` when left out. */
  readonly outcome?: keyof typeof outcomes;
  /** Only the lower triangle of C. */
  readonly lower?: boolean;
  /** Addresses of vectors that are subtracted from the rows of Aᵀ and of B, and of one weight a row of Aᵀ. */
  readonly shiftA?: number;
  readonly shiftB?: number;
  readonly weights?: number;
}

/** Starts a product on all threads. */
export function runProduct(scope: Scope, workspace: Workspace, p: Product): Promise<number> {
  return scope.run('product', workspace, [
    kinds[p.kind],
    p.m,
    p.n,
    p.k,
    p.a,
    p.lda,
    p.transposeA ? 1 : 0,
    p.b,
    p.ldb,
    p.transposeB ? 1 : 0,
    p.c,
    p.ldc,
    outcomes[p.outcome ?? 'add'],
    p.lower ? 1 : 0,
    p.shiftA ?? 0,
    p.shiftB ?? 0,
    p.weights ?? 0,
  ]);
}

/** Bytes that both operands of a product take when they are packed over `steps` steps. */
export function packedBytes(m: number, n: number, steps: number, size: 4 | 8): number {
  const width = 32 / size;
  return (Math.ceil(m / HEIGHT) * HEIGHT + Math.ceil(n / width) * width) * size * steps;
}
