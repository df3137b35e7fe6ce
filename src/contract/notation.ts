/** Shapes in the compact form of `help json`. */
import * as z from 'zod/mini';
import { message, priority, settingKey, state } from './shape.ts';
import { type SchemaName, schemas } from './schemas.ts';

type AnySchema = z.core.$ZodType;

/**
 * `{"id","mailbox","receipt"?}`: the fields in their order, `?` behind those that may be missing. What a field holds is said
 * where it is one of few words, a list of objects or another shape: `[entry]` is a list of what `schema entry` describes,
 * and `...event` stands for all its fields.
 */
export function notationOf(name: SchemaName): string {
  const schema = schemas[name];
  if (!(schema instanceof z.ZodMiniObject)) return 'any';
  return objectNotation(schema, name);
}

function objectNotation({ def: { shape } }: z.ZodMiniObject, self?: SchemaName): string {
  const names = Object.keys(shape);
  const base = baseOf(shape, self);
  const within = new Set(base === undefined ? [] : Object.keys(fieldsOf(base)));
  const parts = names.flatMap((name) => {
    if (within.has(name)) return name === [...within][0] ? [`...${base}`] : [];
    const field = shape[name] as AnySchema;
    const optional = field instanceof z.ZodMiniOptional || field instanceof z.ZodMiniExactOptional;
    const value = valueNotation(optional ? field.def.innerType : field);
    return [`"${name}"${optional ? '?' : ''}${value === '' || value === name ? '' : `:${value}`}`];
  });
  return `{${parts.join(',')}}`;
}

/** The widest other shape all of whose fields this one has, as they are and side by side. */
function baseOf(shape: Readonly<Record<string, AnySchema>>, self?: SchemaName): SchemaName | undefined {
  const names = Object.keys(shape);
  const bases = (Object.keys(schemas) as SchemaName[]).filter((name) => {
    const fields = Object.entries(fieldsOf(name));
    const start = names.indexOf(fields[0]?.[0] ?? '');
    return (
      name !== self &&
      fields.length > 2 &&
      fields.length < names.length &&
      fields.every(([field, schema], i) => names[start + i] === field && shape[field] === schema)
    );
  });
  return bases.sort((a, b) => Object.keys(fieldsOf(b)).length - Object.keys(fieldsOf(a)).length)[0];
}

function fieldsOf(name: SchemaName): Readonly<Record<string, AnySchema>> {
  const schema = schemas[name];
  return schema instanceof z.ZodMiniObject ? schema.def.shape : {};
}

/** Nothing for what its name says well enough. */
function valueNotation(schema: AnySchema): string {
  // Said once for all of them, elsewhere.
  if ([state(), priority(), settingKey()].includes(schema as never)) return '';
  if (schema === message()) return 'message';
  if (schema instanceof z.ZodMiniNullable) return valueNotation(schema.def.innerType);
  if (schema instanceof z.ZodMiniEnum) return `"${schema.options.join('|')}"`;
  if (schema instanceof z.ZodMiniLiteral) return JSON.stringify(schema.def.values[0]);
  if (schema instanceof z.ZodMiniArray) {
    const item = valueNotation(schema.def.element);
    return item === '' ? '' : `[${item}]`;
  }
  if (!(schema instanceof z.ZodMiniObject)) return '';
  return (Object.keys(schemas) as SchemaName[]).find((name) => schemas[name] === schema) ?? objectNotation(schema);
}
