// The first look at a million events, which counts them all, and the second one, which finds nothing new.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { init } from '../../dist/index.js';
import { figure, row } from '../figures.mjs';
import { median } from '../measure.mjs';
import { runNode } from '../processes.mjs';
import { whole } from '../race.mjs';

const worker = join(import.meta.dirname, '../workers/stats.mjs');
const dayMs = 86_400_000;
const mailboxes = Array.from({ length: 10 }, (_, i) => `agent${i}`);
const windows = { '1 hour': dayMs / 24, '24 hours': dayMs, '7 days': 7 * dayMs };

export async function run({ quick, scratch, progress }) {
  const messages = quick ? 2500 : 250_000;
  const folder = scratch.folder('stats');
  const mail = await init({ root: folder.path, agents: mailboxes, env: {} });
  await mail.close();
  progress(`logging ${messages * 4} events`);
  for (const mailbox of mailboxes) writeLogs(folder.path, mailbox, messages / mailboxes.length);
  const look = (windowMs) => JSON.parse(runNode([worker, folder.path, String(windowMs)]).stdout);
  progress('first look');
  const first = look(windows['7 days']);
  if (first.arrived !== messages) throw new Error(`${messages} messages were logged, and ${first.arrived} are told.`);
  const again = Object.entries(windows).map(([name, windowMs]) => {
    progress(`again: ${name}`);
    return { name, looks: Array.from({ length: quick ? 1 : 7 }, () => look(windowMs)) };
  });
  folder.remove();
  const times = (looks, fields = ['ms', 'cpuMs']) =>
    fields.map((field) => median(looks.map((one) => one[field])).toFixed(0));
  return {
    results: { first, again },
    tables: [
      {
        title: `stats of ${whole(messages * 4)} events in ${mailboxes.length} mailboxes over 6 days; later looks are medians`,
        columns: ['', 'ms', 'processor, ms', 'peak, MB'],
        lines: [
          ['the first look', ...times([first]), first.peakMb.toFixed(0)],
          ...again.flatMap(({ name, looks }) => [
            [`again, ${name}`, ...times(looks), Math.max(...looks.map(({ peakMb }) => peakMb)).toFixed(0)],
            [`once more by the same process`, ...times(looks, ['againMs', 'againCpuMs']), ''],
          ]),
        ],
      },
    ],
    rows: [
      row(`first look at ${whole(messages * 4)} events`, [
        figure('s', first.ms / 1000, 1),
        figure('processor, s', first.cpuMs / 1000, 1),
        figure('peak, MB', first.peakMb, 0),
      ]),
      ...again.map(({ name, looks }) =>
        row(`again, ${name}`, [
          figure('ms', median(looks.map(({ ms }) => ms)), 0),
          figure('by the same process, ms', median(looks.map(({ againMs }) => againMs)), 0),
        ]),
      ),
    ],
  };
}

/** As `logEvents` writes them, in the order of their times: four of each message. */
function writeLogs(root, mailbox, messages) {
  const begun = Date.now() - 6 * dayMs;
  const days = new Map();
  for (let i = 0; i < messages; i++) {
    const sentAt = begun + Math.floor((i / messages) * 6 * dayMs);
    const [waitedMs, heldMs] = [Math.floor(Math.random() ** 3 * 60_000), Math.floor(Math.random() ** 2 * 90_000)];
    const id = `01JD${String(i).padStart(22, '0')}`;
    const by = { by: mailbox, label: `w${i % 3}` };
    const tell = (at, event) => {
      const time = new Date(at).toISOString();
      const line = JSON.stringify({ at: time, mailbox, id, ...event });
      const day = time.slice(0, 10);
      const lines = days.get(day) ?? [];
      if (lines.push(line) === 1) days.set(day, lines);
    };
    tell(sentAt, {
      event: 'delivered',
      from: `agent${i % 10}`,
      type: ['message', 'task', 'alert'][i % 3],
      priority: 'normal',
      subject: `Build number ${i}`,
      thread: null,
      replyTo: null,
    });
    tell(sentAt + waitedMs, { event: 'claimed', attempt: 1, ...by, waitedMs });
    tell(sentAt + waitedMs, { event: 'renewed', attempt: 1, ...by });
    tell(Math.min(sentAt + waitedMs + heldMs, Date.now()), { event: 'acked', attempt: 1, ...by, heldMs });
  }
  const events = join(root, 'agent_mailboxes', mailbox, 'events');
  mkdirSync(events, { recursive: true });
  for (const [day, lines] of days) writeFileSync(join(events, `${day}.jsonl`), `${lines.sort().join('\n')}\n`);
}
