import { listAgents } from '../../core/agents/agents.ts';
import type { Session } from '../../core/root/root.ts';
import { settingsNow } from '../../core/root/settings.ts';
import { aroundMessageBytes } from './body.ts';

/** Settings are looked at so often; a message that has become too long is refused by its recipient in any case. */
const keepMs = 1000;

/** A body of line ends is twice as long in JSON, one of control characters six times: up to so much that is allowed for. */
const escapedBytes = 8 * 1024 * 1024;

/** The most that one request may have: the longest message that any agent takes, as JSON. */
export function createMostBytes(session: Session): () => Promise<number> {
  let last: { readonly at: number; readonly bytes: Promise<number> } | undefined;
  const look = async (): Promise<number> => {
    const settingsOf = await settingsNow(session);
    let most = settingsOf().maxMessageBytes;
    for (const card of await listAgents(session)) most = Math.max(most, settingsOf(card).maxMessageBytes);
    return Math.max(most, Math.min(6 * most, escapedBytes)) + aroundMessageBytes;
  };
  return () => {
    const now = session.clock.uptime();
    if (!last || now - last.at >= keepMs) {
      last = { at: now, bytes: look() };
      last.bytes.catch(() => (last = undefined));
    }
    return last.bytes;
  };
}
