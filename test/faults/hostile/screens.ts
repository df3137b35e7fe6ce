/** A root full of hostile words, and every command that shows any of them. */
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reserve } from '../../../src/core/reserve/reserve.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { sendAll } from '../../../src/core/send/send.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { systemClock } from '../../../src/model/clock.ts';
import type { Job } from './terminal.ts';
import { hostileBody, hostileLine, hostileTexts } from './words.ts';
import { initRoot } from '../../../src/core/open-root.ts';
import { changeAgentIn, changeIn } from '../../storage/contract/ways.ts';

const subject = (text: string): string => text.slice(0, 200);

/** Mail in every state, a card, reasons, events, notes, and names of files. */
export async function layHostileMail(place: string): Promise<void> {
  const { root } = await initRoot({ root: join(place, 'root'), agents: ['reviewer', 'tester'], clock: systemClock });
  await registerAgent(root, { name: 'reviewer', description: hostileBody });
  // As somebody may have written it by hand; the command refuses it.
  await changeAgentIn(root.store, 'reviewer', (card) => ({
    createdAt: '',
    ...card,
    name: 'reviewer',
    groups: [hostileLine],
  }));
  await publish(root, 'build.done', { from: 'planner', subject: subject(hostileLine), body: hostileBody });
  await changeIn(root.store, 'subscriptions', () => ({ reviewer: ['build.*'], [hostileLine]: ['build.>'] }));
  const message = {
    to: 'reviewer',
    body: hostileBody,
    from: 'planner',
    subject: subject(hostileLine),
    thread: hostileLine,
  };
  await addSchedule(root, { name: 'hourly', cron: '0 * * * *', message });
  await reserve({ ...root, acting: 'tester' }, '/x/held', { reason: hostileLine });
  // As somebody may have written it by hand.
  await changeIn(root.store, 'reservations', (value) => {
    const { reservations, ...rest } = value as { reservations: object[] };
    return { ...rest, reservations: [...reservations, { ...reservations[0], path: `/x/${hostileLine}` }] };
  });
  const texts = [hostileBody, ...Object.values(hostileTexts)];
  const results = await sendAll(
    root,
    texts.map((body) => ({
      to: 'reviewer',
      from: 'planner',
      body,
      subject: subject(hostileLine + body),
      type: hostileLine.slice(0, 64),
      tags: [hostileLine.slice(0, 64)],
      thread: hostileLine,
      data: { [hostileLine]: body, list: [body] },
    })),
  );
  for (const result of results) if (result instanceof Error) throw result;
  // From a script: with data that nobody knows, and without a subject.
  const drop = join(root.path, 'agent_mailboxes/reviewer/drop');
  writeFileSync(
    join(drop, 'good.json'),
    JSON.stringify({ from: 'script', body: hostileBody, data: { [hostileLine]: hostileLine } }),
  );
  writeFileSync(join(drop, `bad${hostileLine.replaceAll('/', '')}.json`), hostileBody);
  for (const name of readdirSync(drop)) utimesSync(join(drop, name), 1, 1);
  await root.store.mail.recover('reviewer', { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 1000 });

  const next = async () =>
    (await readNext({ ...root, acting: 'reviewer' }, 'reviewer', { by: 'reviewer' }))?.receipt ?? '';
  await nack(root, await next(), { dead: true, reason: hostileBody });
  await nack(root, await next(), { delayMs: 3_600_000, reason: hostileLine });
  await ack(root, await next());
  await next();
  // A log, a reason and a setting that somebody else has written.
  const box = join(root.path, 'agent_mailboxes/tester');
  const event = {
    at: hostileLine,
    mailbox: 'tester',
    event: hostileLine,
    id: hostileLine,
    by: hostileLine,
    reason: hostileBody,
    from: hostileLine,
    subject: hostileBody,
    priority: hostileLine,
  };
  writeFileSync(
    join(box, 'events', `${new Date().toISOString().slice(0, 10)}.jsonl`),
    `${JSON.stringify(event)}\nnot JSON ${JSON.stringify(hostileLine)}\n`,
  );
  mkdirSync(join(root.path, 'outbox', hostileLine.replaceAll('/', '')));
  writeFileSync(join(root.path, 'config.json'), JSON.stringify({ [hostileLine]: hostileLine }));
  const old = join(place, 'old', 'Agent-1', 'inbox');
  mkdirSync(old, { recursive: true });
  writeFileSync(
    join(old, `a${hostileLine.replaceAll('/', '')}.json`),
    JSON.stringify({
      from: hostileLine,
      to: 'Agent-1',
      subject: hostileLine,
      content: hostileBody,
      timestamp: hostileLine,
    }),
  );
  writeFileSync(join(old, 'b.json'), hostileBody);
  await root.close();
}

/** Those that only look come first. */
export function hostileJobs(place: string, env: Readonly<Record<string, string>>): Job[] {
  const arg = hostileLine.replaceAll('\0', '');
  const lines: string[][] = [
    ...[
      'status',
      'agent list',
      'agent show reviewer',
      'config get',
      'list reviewer --state all',
      'peek reviewer -n 40',
      'peek tester',
      'dlq list reviewer',
      'topics list',
      'topics show build.done',
      'listen build.> --since start --wait 1ms',
      'search evil',
      'schedule list',
      'schedule show hourly',
      'reserve list',
      'reserve check /x/held --as reviewer',
      'reserve /x --as reviewer',
      'send @all hello --as planner --dry-run',
      'archive export reviewer',
      'maintain --dry-run',
    ].map(split),
    ['thread', arg],
    ...[
      'archive list reviewer',
      'archive search evil',
      'watch --since start --wait 1ms',
      'watch reviewer --since start --count 5',
      'doctor',
      'status reviewer tester',
      'top --once',
    ].map(split),
    ['archive', 'search', arg],
    ...refusals(arg),
    ...[
      'import ../old --dry-run',
      'import ../old',
      'doctor --fix',
      'doctor',
      'dlq retry reviewer --all',
      'read reviewer -n 40',
      'read tester',
      'list reviewer --state inflight --as reviewer',
      'archive list',
    ].map(split),
  ];
  const cwd = join(place, 'root');
  const jobs: Job[] = lines.map((words) => ({ words: [...words, '--root', cwd], cwd, env }));
  jobs.push({ words: ['status', '--watch', '--root', cwd], cwd, env, interruptMs: 800 });
  // The hostile name of the folder itself, in what a user is told to type.
  jobs.push({ words: ['init', 'other', '--root', join(place, 'second')], cwd: place, env });
  jobs.push({ words: ['status', '--root', join(place, 'nowhere')], cwd: place, env });
  return jobs;
}

/** A hostile word wherever one may be typed, for a user may have pasted it. */
function refusals(arg: string): string[][] {
  return [
    ['send', arg, 'hello', '--as', 'planner'],
    ['send', 'reviewer', 'hello', '--as', arg],
    ['send', 'reviewer', 'hello', '--as', 'planner', '--priority', arg],
    ['send', 'reviewer', 'hello', '--as', 'planner', '--data', arg],
    ['send', 'reviewer', 'hello', '--as', 'planner', '--ttl', arg],
    ['send', 'reviewer', '--as', 'planner', '--body-file', arg],
    ['send', 'reviewer', 'hello', '--as', 'planner', '--dedupe-key', arg],
    ['send', 'reviewer', 'other', '--as', 'planner', '--dedupe-key', arg],
    ['read', arg],
    ['read', 'tester', '--wait', arg],
    ['ack', arg],
    ['nack', `reviewer:${arg}`],
    ['show', arg],
    ['cancel', arg],
    ['list', 'reviewer', '--state', arg],
    ['watch', '--since', arg],
    ['watch', '--since', `@${arg}`, '--wait', '1ms'],
    ['agent', 'register', arg],
    ['agent', 'register', 'tester', '--description', arg],
    ['config', 'set', arg, '1'],
    ['config', 'set', 'lease', arg],
    ['import', arg],
    ['import', '../old', '--map', arg],
    ['schema', arg],
    ['completion', arg],
    ['help', arg],
    ['send', `@${arg}`, 'hello', '--as', 'planner'],
    ['publish', arg, 'hello', '--as', 'planner'],
    ['subscribe', arg, '--as', 'reviewer'],
    ['unsubscribe', arg, '--as', 'reviewer'],
    ['listen', arg, '--wait', '1ms'],
    ['topics', 'show', arg],
    ['request', arg, 'hello', '--as', 'planner', '--wait', '1ms'],
    ['trace', arg],
    ['search', arg],
    ['work', 'tester', '--wait', '1ms', '--map-exit', arg, '--', 'true'],
    ['work', 'tester', '--wait', '1ms', '--', arg],
    ['schedule', 'add', arg, '0 * * * *', 'reviewer', 'hello', '--as', 'planner'],
    ['schedule', 'add', 'other', arg, 'reviewer', 'hello', '--as', 'planner'],
    ['schedule', 'add', 'other', '0 * * * *', 'reviewer', 'hello', '--as', 'planner', '--tz', arg],
    ['schedule', 'remove', arg],
    ['reserve', arg, '--as', 'reviewer'],
    ['reserve', `/x/${arg}`, '--as', 'reviewer', '--reason', arg],
    ['reserve', 'release', '--as', 'tester'],
    ['send', 'reviewer', 'hello', '--as', 'planner', '--at', arg],
    ['send', 'tester', 'hello', '--as', 'planner', '--ordering-key', arg],
    ['archive', 'prune', 'reviewer', '--older-than', arg],
    ['maintain', arg],
    ['dlq', 'show', 'reviewer', arg],
    [`--${arg}`],
    [arg],
    ['status', `--${arg}`],
    ['status', arg],
  ];
}

function split(line: string): string[] {
  return line.split(' ');
}
