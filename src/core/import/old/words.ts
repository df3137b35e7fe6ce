import type { Priority } from '../../../model/message.ts';

/**
 * | the older word | becomes |
 * | --- | --- |
 * | CRITICAL, URGENT, BLOCKER, EMERGENCY, HIGHEST | urgent |
 * | HIGH, IMPORTANT | high |
 * | MEDIUM, NORMAL, DEFAULT, REGULAR | normal |
 * | LOW, LOWEST, MINOR, TRIVIAL | low |
 *
 * In any case. Numbers are on scales that nobody wrote down (3 was both "normal" and "third"), so they and all other
 * words are `undefined`: the message becomes normal, and that is listed.
 */
export function priorityOf(value: unknown): Priority | undefined {
  return typeof value === 'string' ? priorityWords.get(value.trim().toLowerCase()) : undefined;
}

const priorityWords = new Map<string, Priority>([
  ...['critical', 'urgent', 'blocker', 'emergency', 'highest'].map((word) => [word, 'urgent'] as const),
  ...['high', 'important'].map((word) => [word, 'high'] as const),
  ...['medium', 'normal', 'default', 'regular'].map((word) => [word, 'normal'] as const),
  ...['low', 'lowest', 'minor', 'trivial'].map((word) => [word, 'low'] as const),
]);

const finishedWords = new Set([
  ...['done', 'complete', 'completed', 'finished', 'resolved', 'closed', 'success', 'succeeded'],
  ...['read', 'seen', 'ack', 'acked', 'acknowledged', 'processed', 'handled', 'archived', 'delivered', 'sent'],
  ...['cancelled', 'canceled', 'rejected', 'expired', 'failed', 'error', 'dead', 'abandoned', 'superseded', 'obsolete'],
]);

/**
 * Whether a status says that nobody has to act any more: done, read, acked, delivered, or given up. Everything else
 * (pending, unread, new, queued, active, paused, a word of somebody's own, or no status at all) is unfinished.
 */
export function isFinishedStatus(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' && finishedWords.has(value.trim().toLowerCase());
}

const finishedFolders = new Set([
  'archive',
  'archived',
  'processed',
  'done',
  'completed',
  'read',
  'sent',
  'failed',
  'dlq',
]);

/** Whether the place says so: a folder such as `processed/`, or a file such as `completed_tasks.json`. */
export function isFinishedPlace(path: string): boolean {
  const parts = path.toLowerCase().split('/');
  const file = parts.pop() ?? '';
  return (
    /^(?:completed|finished|done|archived|processed)[._-]/.test(file) || parts.some((part) => finishedFolders.has(part))
  );
}
