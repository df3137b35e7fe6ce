import { audited, type Audited } from '../../contract/security/audit.ts';
import {
  anything,
  either,
  fieldsOf,
  listOf,
  nothing,
  oneOf,
  optional,
  string,
  whole,
} from '../../model/basics/fits.ts';
import { jsonIn } from '../../model/basics/raw-json.ts';
import { fitsTime } from '../../model/message.ts';

/** What a line says; `undefined`: it is none of ours. */
export function lineIn(text: string): Audited | undefined {
  const parsed = audited.safeParse(jsonIn(text));
  return parsed.success ? parsed.data : undefined;
}

const count = whole(0, Number.MAX_SAFE_INTEGER);
/** What `audited` takes, in the order that it is written in. */
const fits = fieldsOf({
  at: fitsTime,
  op: string,
  by: either(string, nothing),
  result: oneOf('done', 'denied', 'failed'),
  code: optional(string),
  why: optional(string),
  args: optional(listOf(anything)),
  id: optional(string),
  mailbox: optional(string),
  to: optional(listOf(string)),
  pid: count,
  user: optional(count),
});

/** Whether a line is one of ours: of a million, the schema alone takes two seconds. */
export function isLine(text: string): boolean {
  const value = jsonIn(text);
  return fits(value) !== undefined || audited.safeParse(value).success;
}
