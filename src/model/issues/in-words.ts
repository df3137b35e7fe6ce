/** What a schema has found wrong, in words: zod/mini has none of its own. */
import type * as z from 'zod/mini';

type Issue = z.core.$ZodIssue;

/** What is called so, or is written so: `a time in UTC`. */
type FormatOf = (issue: { readonly format: string; readonly pattern?: string | undefined }) => string;

/**
 * The first few things, one of each field, as one phrase: `to: has to be a list; body: is missing`.
 * @param of what was checked, where that is at hand: of it is known what is missing
 */
export function inWords({ issues }: z.core.$ZodError, formatOf: FormatOf, of?: unknown): string {
  const rules = new Map<string, string>();
  for (const issue of issues.flatMap(meant)) {
    const at = issue.path.join('.') || 'it';
    if (!rules.has(at)) rules.set(at, isMissing(issue, of) ? 'is missing' : ruleOf(issue, formatOf));
  }
  return [...rules]
    .slice(0, 3)
    .map(([at, rule]) => `${at}: ${rule}`)
    .join('; ');
}

/** Of something that may be one of several: what is wrong as that one whose type it has. */
function meant(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const [own, ...others] = issue.errors.filter(([first]) => first && !isOfAnotherType(first));
  if (!own || others.length > 0) return [issue];
  return own.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

function isOfAnotherType({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function isMissing({ path }: Issue, of: unknown): boolean {
  if (of === undefined || path.length === 0) return false;
  let value: unknown = of;
  for (const name of path) value = (value as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[name];
  return value === undefined;
}

const types: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  nonoptional: 'there',
};

const isFront = 'has to be ';

function ruleOf(issue: Issue, formatOf: FormatOf): string {
  if (issue.code === 'invalid_type') return isFront + (types[issue.expected] ?? issue.expected);
  if (issue.code === 'invalid_value')
    return `${isFront}${issue.values.length > 1 ? 'one of: ' : ''}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_format') return isFront + formatOf(issue);
  if (issue.code === 'invalid_union')
    return eitherOf(issue.errors.flatMap(([first]) => (first ? [ruleOf(first, formatOf)] : [])));
  if (issue.code !== 'too_big' && issue.code !== 'too_small') return issue.message;
  const isOfText = issue.origin === 'string';
  const unit = isOfText ? ' characters' : issue.origin === 'array' ? ' entries' : '';
  const has = unit === '' ? 'has to be' : 'has to have';
  if (issue.code === 'too_big') return `${has} at most ${issue.maximum}${unit}`;
  return issue.minimum === 1 && unit !== '' ? 'must not be empty' : `${has} at least ${issue.minimum}${unit}`;
}

/** `has to be a text or a list` */
function eitherOf(rules: readonly string[]): string {
  const [first = 'is nothing that is known', ...others] = new Set(rules);
  return [first, ...others.map((rule) => rule.replace(isFront, ''))].join(' or ');
}
