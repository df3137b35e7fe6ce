import { readOldObject } from './json.ts';
import type { OldMessage } from './message.ts';

const othersHave = ['to', 'id', 'message_id', 'subject', 'body', 'content', 'message'];

/**
 * A message of a Claude Code team: `{from, text, timestamp, read}`, in `inboxes/<agent>.json` of the team. `summary` is its
 * subject; what the tools say to one another is JSON in `text`, whose `type` it has.
 */
export function readTeamMail(original: Record<string, unknown>): OldMessage | undefined {
  const { from, text, timestamp, read, summary } = original;
  const said = [from, text, timestamp].every((field) => typeof field === 'string') && typeof read === 'boolean';
  if (!said || othersHave.some((name) => name in original)) return undefined;
  const message = readOldObject(original);
  return (
    message && {
      ...message,
      format: 'claude-code',
      subject: typeof summary === 'string' ? summary : '',
      type: typeIn(String(text)) ?? 'message',
      identity: JSON.stringify([from, timestamp, text]),
    }
  );
}

function typeIn(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const { type } = JSON.parse(text) as { type?: unknown };
    return typeof type === 'string' && type !== '' ? type : undefined;
  } catch {
    return undefined;
  }
}
