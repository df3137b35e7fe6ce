import { audited, type Audited } from '../../contract/security/audit.ts';
import { jsonIn } from '../../model/basics/raw-json.ts';

/** What a line says; `undefined`: it is none of ours. */
export function lineIn(text: string): Audited | undefined {
  const parsed = audited.safeParse(jsonIn(text));
  return parsed.success ? parsed.data : undefined;
}
