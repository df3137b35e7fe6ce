import * as z from 'zod/mini';
import { timeFields } from '../../src/contract/json.ts';
import { schemas } from '../../src/contract/schemas.ts';

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
  return closed(schema, []);
}

/** As `strict`, of what the library hands over: what the store tells of has its times in milliseconds. */
export function strictInMs(schema: AnySchema): z.ZodMiniType {
  return closed(schema, [schemas.read, schemas.settled, schemas.entry]);
}

/** @param inMs the shapes whose times are numbers */
function closed(schema: AnySchema, inMs: readonly AnySchema[]): z.ZodMiniType {
  const { def } = schema as z.ZodMiniType & { def: Def };
  const type: string = def.type;
  switch (type) {
    case 'object': {
      const isTime = (name: string): boolean => inMs.includes(schema) && timeFields.some((field) => field === name);
      const fields = Object.entries(def.shape).map(([name, field]) => [
        name,
        isTime(name) ? number(field) : closed(field, inMs),
      ]);
      return z.strictObject(Object.fromEntries(fields) as Record<string, z.ZodMiniType>);
    }
    case 'array':
      return z.array(closed(def.element, inMs));
    case 'optional':
      return isExact(schema) ? z.exactOptional(closed(def.innerType, inMs)) : z.optional(closed(def.innerType, inMs));
    case 'nullable':
      return z.nullable(closed(def.innerType, inMs));
    case 'union':
      return z.union(def.options.map((option) => closed(option, inMs)));
    default:
      return schema as z.ZodMiniType;
  }
}

function number(field: AnySchema): z.ZodMiniType {
  return isExact(field) ? z.exactOptional(z.number()) : z.number();
}

function isExact(schema: AnySchema): boolean {
  return schema instanceof z.ZodMiniExactOptional;
}

/** What does not fit, one phrase each: `state: Unrecognized key`. */
export function misfits(schema: AnySchema, value: unknown): string[] {
  const { error } = z.safeParse(schema, value);
  return (error?.issues ?? []).map((issue) => {
    const keys = issue.code === 'unrecognized_keys' ? ` (${issue.keys.join(', ')})` : '';
    return `${issue.path.join('.')}: ${issue.message}${keys}`;
  });
}
