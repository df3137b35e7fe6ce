export interface Repair {
  readonly text: string;
  /** What was left out, as a phrase. */
  readonly how: string;
}

/**
 * The two ways in which the older Dream.OS broke its own JSON: templates that left a `{{` line before and a `}}` line
 * behind the object, and `//` comments. Left out, the rest is read strictly; nothing else is ever mended. It is only
 * applied when asked for (`--format dreamos-lenient`), since a guess at what somebody meant is not what they wrote.
 */
export function repairJson(text: string): Repair | undefined {
  const done: string[] = [];
  let rest = text;
  const opened = /^\s*\{\{[ \t]*\r?\n/.exec(rest);
  if (opened) {
    rest = rest.slice(opened[0].length);
    const closed = /\r?\n\}\}\s*$/.exec(rest);
    if (closed) rest = rest.slice(0, closed.index);
    done.push(
      closed ? 'the stray "{{" line at its start and the "}}" line at its end' : 'the stray "{{" line at its start',
    );
  }
  const bare = withoutComments(rest);
  if (bare !== rest) done.push('its // comments');
  return done.length > 0 ? { text: bare, how: done.join(' and ') } : undefined;
}

// `//` up to the end of the line, outside strings. Walked by hand: a pattern that has to match whole strings runs out of
// stack on long ones.
function withoutComments(text: string): string {
  let kept = '';
  let from = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (inString && char === '\\') i += 1;
    else if (char === '"') inString = !inString;
    else if (!inString && char === '/' && text[i + 1] === '/') {
      kept += text.slice(from, i);
      const end = text.indexOf('\n', i);
      from = end === -1 ? text.length : end;
      i = from;
    }
  }
  return kept + text.slice(from);
}
