import { audited, type Audited } from '../../contract/security/audit.ts';

/** What a line says; `undefined`: it is none of ours. */
export function lineIn(text: string): Audited | undefined {
  try {
    const parsed = audited.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // No JSON: the caller says so.
    return undefined;
  }
}
