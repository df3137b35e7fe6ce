/** What the files of this folder are written with: fields that many shapes have, made when they are first asked for. */
import * as z from 'zod/mini';
import { messageSchema, type Message, priorities } from '../model/message.ts';
import { once, type Schema } from '../model/schema.ts';
import { durabilities, settingKeys } from '../model/settings.ts';
import { states } from '../model/state.ts';

/**
 * The type of a shape, for reading only. Shapes are `z.object` and not loose, so that a misspelt field does not compile;
 * what reads their output has to be prepared for further fields all the same, because fields are only ever added.
 */
export type Of<S extends Schema<z.core.$ZodType>> = ReadOnly<z.output<ReturnType<S>>>;

type ReadOnly<T> = T extends Message
  ? T
  : T extends readonly (infer Item)[]
    ? readonly ReadOnly<Item>[]
    : T extends object
      ? { readonly [Key in keyof T as string extends Key ? never : Key]: ReadOnly<T[Key]> }
      : T;

export const text = once(() => z.string());
export const time = once(() => z.iso.datetime());
export const count = once(() => z.int().check(z.nonnegative()));
export const receipt = once(() => z.string().check(z.regex(/^[A-Za-z0-9._:-]+$/)));
export const state = once(() => z.enum(states));
export const priority = once(() => z.enum(priorities));
export const durability = once(() => z.enum(durabilities));
export const settingKey = once(() => z.enum(settingKeys));
export const yes = once(() => z.literal(true));

/** A message by its own type, which is what core hands over. */
export const message = once(() => messageSchema() as unknown as z.ZodMiniType<Message, Message>);

/** As JSON Schema 2020-12. Objects are open: fields are only ever added, and a reader has to be prepared for that. */
export function asJsonSchema(shape: z.core.$ZodType): Record<string, unknown> {
  return z.toJSONSchema(shape, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodMiniObject) jsonSchema.additionalProperties ??= {};
    },
  });
}
