import { CovistaError } from './errors.ts';

/** What an option may be. */
export interface OptionRule {
  /** Completes "must be ...". */
  readonly what: string;
  readonly holds: (value: unknown) => boolean;
  readonly required?: boolean;
}

/** A rule for every option that there is, so that none is forgotten. */
export type OptionRules<O> = { readonly [Name in keyof O]-?: OptionRule };

/**
 * Checks the options that a public function was called with: from JavaScript, where no compiler does, a misspelt name
 * or value would otherwise do nothing, or something else, without a word.
 * @param operation the function, for messages
 * @param options `undefined` for a member means that it is left out
 * @throws CovistaError `usage` naming the option that is unknown, missing or not what it may be
 */
export function checkOptions<O extends object>(operation: string, options: O, rules: OptionRules<O>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new CovistaError('usage', `${operation}: options must be an object, got ${shown(options)}.`);
  for (const name of Object.keys(options))
    if (!Object.hasOwn(rules, name))
      throw new CovistaError('usage', `${operation} has no option ${JSON.stringify(name)}.`, {
        hint: `Its options are ${Object.keys(rules).sort().join(', ')}.`,
      });
  for (const [name, { what, holds, required }] of Object.entries<OptionRule>(rules)) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined ? required : !holds(value))
      throw new CovistaError('usage', `${operation}: ${name} must be ${what}, got ${shown(value)}.`);
  }
}

/** An option that cannot be left out. */
export const required = (rule: OptionRule): OptionRule => ({ ...rule, required: true });

/** A finite number in a range, its ends included. */
export const amount = (least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY): OptionRule => ({
  what: `a number${range(least, most)}`,
  holds: (value) => typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most,
});

/** A finite number above `limit`, and below `end` where that is given. */
export const above = (limit: number, end = Number.POSITIVE_INFINITY): OptionRule => ({
  what: `a number above ${limit}${end === Number.POSITIVE_INFINITY ? '' : ` and below ${end}`}`,
  holds: (value) => typeof value === 'number' && Number.isFinite(value) && value > limit && value < end,
});

/** A whole number in a range, its ends included. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): OptionRule => ({
  what: `a whole number${range(least, most === Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : most)}`,
  holds: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
});

/** One of a few names. */
export const oneOf = (names: readonly (string | number)[]): OptionRule => ({
  what: `one of ${names.join(', ')}`,
  holds: (value) => names.includes(value as string | number),
});

/** Any number of values in an array (or a typed array), each by a rule, or left out where that is allowed. */
export const listOf = (rule: OptionRule, options: { readonly gaps?: boolean } = {}): OptionRule => ({
  what: `an array whose members are ${rule.what}`,
  holds: (value) =>
    (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) &&
    Array.from(value as unknown as ArrayLike<unknown>).every(
      (member) => (options.gaps === true && member === undefined) || rule.holds(member),
    ),
});

/** By one rule or another. */
export const either = (one: OptionRule, other: OptionRule): OptionRule => ({
  what: `${one.what}, or ${other.what}`,
  holds: (value) => one.holds(value) || other.holds(value),
});

const typed = (what: string, type: string): OptionRule => ({
  what,
  holds: (value) => typeof value === type && value !== null,
});

export const text = typed('a text', 'string');
export const flag = typed('true or false', 'boolean');
export const callback = typed('a function', 'function');
/** An object whose members the function that takes it checks, such as a matrix. */
export const anObject = typed('an object', 'object');
export const anEngine: OptionRule = {
  what: 'an engine, as createEngine() gives it',
  holds: (value) => typeof (value as { multiply?: unknown } | null)?.multiply === 'function',
};
export const aSignal: OptionRule = {
  what: 'an AbortSignal',
  holds: (value) => typeof (value as { aborted?: unknown } | null)?.aborted === 'boolean',
};
/** Of every long-running function. */
export const workRules = { signal: aSignal, onProgress: callback };

/** A typed array of whole numbers. */
export const indices: OptionRule = { what: 'a Uint32Array', holds: (value) => value instanceof Uint32Array };

function range(least: number, most: number): string {
  if (least === Number.NEGATIVE_INFINITY) return most === Number.POSITIVE_INFINITY ? '' : ` up to ${most}`;
  return most === Number.POSITIVE_INFINITY ? ` from ${least} on` : ` from ${least} to ${most}`;
}

/** A value as a message shows it, in one short line. */
function shown(value: unknown): string {
  const written = typeof value === 'string' || Array.isArray(value) ? JSON.stringify(value) : String(value);
  return written.length > 60 ? `${written.slice(0, 57)}...` : written;
}
