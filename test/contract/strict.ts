import * as z from 'zod/mini';
import { timeFields } from '../../src/contract/json.ts';

type AnySchema = z.core.$ZodType;
interface Def {
  type: string;
  shape: Record<string, AnySchema>;
  element: AnySchema;
  innerType: AnySchema;
  options: AnySchema[];
}

/** The same shape, closed: a field that it does not name is wrong, in all that it holds, too. */
export function strict(schema: AnySchema): z.ZodMiniType {
  return closed(schema, (_name, field) => strict(field));
}

/** As `strict`, of what the library hands over: its times are milliseconds. */
export function strictInMs(schema: AnySchema): z.ZodMiniType {
  return closed(schema, (name, field) => {
    const isTime = (timeFields as readonly string[]).includes(name) && !isOfFile(schema);
    return isTime
      ? field instanceof z.ZodMiniExactOptional
        ? z.exactOptional(z.number())
        : z.number()
      : strictInMs(field);
  });
}

/** What stands in a file has the same form everywhere. */
function isOfFile(schema: AnySchema): boolean {
  return 'v' in (schema._zod.def as unknown as Def).shape;
}

function closed(schema: AnySchema, field: (name: string, schema: AnySchema) => z.ZodMiniType): z.ZodMiniType {
  const def = schema._zod.def as unknown as Def;
  const inner = (one: AnySchema): z.ZodMiniType => closed(one, field);
  switch (def.type) {
    case 'object':
      return z.strictObject(
        Object.fromEntries(Object.entries(def.shape).map(([name, one]) => [name, field(name, one)])),
      );
    case 'array':
      return z.array(inner(def.element));
    case 'optional':
      return schema instanceof z.ZodMiniExactOptional
        ? z.exactOptional(inner(def.innerType))
        : z.optional(inner(def.innerType));
    case 'nullable':
      return z.nullable(inner(def.innerType));
    case 'union':
      return z.union(def.options.map(inner));
    default:
      return schema as z.ZodMiniType;
  }
}

/** What does not fit, one phrase each: `state: Unrecognized key`. */
export function misfits(schema: AnySchema, value: unknown): string[] {
  const { error } = z.safeParse(schema, value);
  return (error?.issues ?? []).map((issue) => {
    const keys = issue.code === 'unrecognized_keys' ? ` (${issue.keys.join(', ')})` : '';
    return `${issue.path.join('.')}: ${issue.message}${keys}`;
  });
}
