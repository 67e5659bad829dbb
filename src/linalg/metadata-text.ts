import { z } from 'zod';
import { parseJson } from './json.ts';

/** A whole number from 0 on, as metadata hold it: a text of digits. */
export const wholeText = z
  .string()
  .regex(/^\d{1,15}$/, 'is not a whole number')
  .transform(Number);

/** Deeper than anything in metadata. */
const DEEPEST = 16;

/** JSON in a text, as metadata hold it, that a schema checks. */
export function jsonText<T>(schema: z.ZodType<T>): z.ZodType<T> {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return parseJson(text, DEEPEST);
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema as z.ZodType<T, unknown>);
}
