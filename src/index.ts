/**
 * Covista learns one space for pictures and words by canonical correlation analysis, and searches across it.
 * Everything is here; the folders are exported on their own too, as `covista/cca` and so on.
 */
import './node-version.ts';

export { CovistaError, type ErrorCode } from './base/errors.ts';
export type { OnProgress, ProgressEvent, WorkOptions } from './base/progress.ts';
export * from './cca/index.ts';
export * from './datasets/index.ts';
export * from './encoders/image/index.ts';
export * from './encoders/index.ts';
export * from './evaluation/index.ts';
export * from './library/index.ts';
export { createEngine, type EngineName } from './linalg/create-engine.node.ts';
export * from './linalg/index.ts';
export * from './pipeline/index.ts';
export * from './retrieval/index.ts';
export * from './text/index.ts';
