/** The words of a message among which secrets are looked for, and how a place in them is told without what stands there. */

/** What a sender says of it. */
interface Words {
  readonly subject?: string | undefined;
  readonly body: string;
  readonly type?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly thread?: string | null | undefined;
  readonly dedupeKey?: string | null | undefined;
  readonly orderingKey?: string | null | undefined;
  readonly replaceKey?: string | null | undefined;
  readonly task?: { readonly requires?: readonly string[] | undefined } | undefined;
}

interface Looked {
  readonly text: string;
  /** @param at of the text, in UTF-16 units @returns for a person: `line 3 of the body` */
  readonly placeOf: (at: number) => string;
}

/** @param data its data as JSON */
export function lookedAt(words: Words, data: string): Looked {
  const { subject = '', body, type, tags = [], thread, dedupeKey, orderingKey, replaceKey, task } = words;
  const rest = [type, ...tags, thread, dedupeKey, orderingKey, replaceKey, ...(task?.requires ?? [])];
  const parts = [
    ['the subject', subject],
    ['the body', body],
    ['the data', data === 'null' ? '' : [data, ...escapedIn(data)].join('\n')],
    ['another field', rest.filter(Boolean).join('\n')],
  ].filter((part): part is [string, string] => part[1] !== '');
  const text = parts.map((part) => part[1]).join('\n');
  const placeOf = (at: number): string => {
    let from = 0;
    for (const [name, part] of parts) {
      // The line end behind it is counted to it.
      if (at <= from + part.length) {
        const line = part.slice(0, at - from).split('\n').length;
        return name === 'the body' && body.includes('\n') ? `line ${line} of the body` : name;
      }
      from += part.length + 1;
    }
    return 'the message';
  };
  return { text, placeOf };
}

/** Texts that JSON writes otherwise than they are: a key of several lines stands on one line there. */
function escapedIn(json: string): string[] {
  const texts: string[] = [];
  if (!json.includes('\\')) return texts;
  JSON.parse(json, (_, value: unknown) => {
    if (typeof value === 'string' && /["\\\n\r\t\b\f]/.test(value)) texts.push(value);
    return value;
  });
  return texts;
}
