import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** The folder of reference data beside the project; tests that need it skip where it is absent. */
export const SHARED = resolve(import.meta.dirname, '../../shared');

/** Whether the reference data are there. */
export const hasShared = existsSync(resolve(SHARED, 'data'));
