/** What every command prints with --json: the fields that are promised, of the promised kind. Further fields may come. */
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { agedArchive, type Rig, commandsIn, errorOf, type Line, project, test } from './rig.ts';
import { isStored } from './stored.ts';

const id = expect.stringMatching(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) as string;
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
const receipt = expect.stringMatching(/^[A-Za-z0-9._:-]+$/) as string;
const text = expect.any(String) as string;
const number = expect.any(Number) as number;
const message = expect.objectContaining({
  v: 1,
  id,
  from: text,
  to: expect.any(Array) as string[],
  subject: text,
  body: text,
  type: text,
  priority: expect.stringMatching(/^(urgent|high|normal|low)$/) as string,
  tags: expect.any(Array) as string[],
  createdAt: time,
  digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
}) as object;

/** Which commands have been run with --json; the last test compares them with all there are. */
const ran = new Set<string>();

async function json(
  rig: Rig,
  words: string | string[],
  terms?: { stdin?: string; env?: Record<string, string> },
): Promise<Line[]> {
  const list = typeof words === 'string' ? words.split(' ') : words;
  ran.add(list[0] ?? '').add(list.slice(0, 2).join(' '));
  const ended = await rig.dreamos(['--json', ...list], terms);
  expect(ended.code, ended.err).toBe(0);
  return [...ended.json];
}

async function one(...args: Parameters<typeof json>): Promise<Line> {
  const lines = await json(...args);
  expect(lines.length, String(args[1])).toBe(1);
  return lines[0] as Line;
}

// They run at once: on a busy machine each takes as long as all.
describe.concurrent('--json', { timeout: 240_000 }, () => {
  test('identity and trust', async ({ rig }) => {
    const key = expect.stringMatching(/^[\w-]{16}$/) as string;
    const card = { id: key, public: text, since: time, state: 'good' };
    const made = { agent: 'planner', root: id, state: 'good', key, since: time, pem: text, private: text };
    const created = await one(rig, 'identity create planner');
    expect(created).toMatchObject({ ...made, keys: [card], created: true });
    expect(await one(rig, 'identity show planner')).toMatchObject(made);
    const keys = [{ ...card, by: created['key'] }, card];
    expect(await one(rig, 'identity rotate planner')).toMatchObject({ ...made, keys });
    expect(await one(rig, 'trust list')).toEqual({ agent: 'planner', state: 'good', key, pinned: key, since: time });
    expect(await one(rig, 'trust accept planner')).toEqual({ agent: 'planner', key, was: key, changed: false });
    const listed = { agent: 'planner', state: 'good', key, since: time, private: expect.any(String) as string };
    expect(await one(rig, 'identity list')).toEqual(listed);
    expect(await one(rig, 'trust remove planner')).toEqual({ agent: 'planner', was: key, key, changed: true });
    expect(await one(rig, 'trust remove planner')).toEqual({ agent: 'planner', key, changed: false });
    expect(await one(rig, 'identity revoke planner')).toMatchObject({ state: 'revoked', revoked: key, changed: true });
    expect(await one(rig, 'identity show reviewer')).toEqual({ agent: 'reviewer', root: id, state: 'none', keys: [] });
  });

  test('init and agent', async ({ bare }) => {
    expect(await one(bare, 'init planner')).toMatchObject({
      root: bare.root,
      created: true,
      agents: [{ name: 'planner', created: true }],
    });
    expect(await one(bare, 'init planner reviewer')).toMatchObject({
      created: false,
      agents: [
        { name: 'planner', created: false },
        { name: 'reviewer', created: true },
      ],
    });
    const card = { name: 'tester', createdAt: time };
    const registered = await one(bare, [
      'agent',
      'register',
      'tester',
      '--description',
      'it tests',
      '--group',
      'qa',
      '--set',
      'lease=30m',
    ]);
    expect(registered).toMatchObject({
      ...card,
      description: 'it tests',
      groups: ['qa'],
      settings: { lease: '30m' },
      created: true,
    });
    expect(await one(bare, 'agent show TESTER')).toMatchObject(card);
    expect(await one(bare, 'agent show tester --a2a --url https://a.example/tester')).toEqual({
      ...{ name: 'tester', description: 'it tests', version: '0.0.0', capabilities: {}, skills: [] },
      supportedInterfaces: [{ url: 'https://a.example/tester', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
      ...{ defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'] },
    });
    const started = { agent: 'tester', created: false, ready: 0, inflight: 0, delayed: 0, dead: 0 };
    expect(await one(bare, `agent start tester --kind core --pid ${process.pid}`)).toEqual({
      ...started,
      presence: {
        ...{ state: 'ready', status: 'idle', since: time, seenAt: time },
        ...{ pid: process.pid, running: true, host: text, startedAt: time },
      },
    });
    expect(await one(bare, 'agent heartbeat tester --status busy --note tests')).toMatchObject({
      ...{ agent: 'tester', state: 'busy', note: 'tests', pid: process.pid },
    });
    const there = { agent: 'tester', kind: 'core', holds: [], unread: 0, oldestUnreadAgeMs: null };
    expect(await one(bare, 'who')).toMatchObject({ ...there, presence: { state: 'busy' } });
    expect(await one(bare, 'who planner')).toMatchObject({ agent: 'planner', presence: { state: 'unseen' } });
    expect(await one(bare, 'pause tester --as planner')).toMatchObject({ pausedAt: time, pausedBy: 'planner' });
    expect(await one(bare, 'resume tester')).toMatchObject({ ...card, changed: true });
    expect(await one(bare, 'agent retire tester')).toMatchObject({ ...card, retiredAt: time });
    expect((await json(bare, 'agent list')).map((agent) => agent['name'])).toEqual(['planner', 'reviewer', 'tester']);
    const renamed = {
      name: 'prober',
      from: 'tester',
      changed: true,
      subscriptions: [],
      schedules: [],
      reservations: [],
    };
    expect(await one(bare, 'agent rename tester prober')).toMatchObject(renamed);
    expect(await one(bare, 'agent rename prober tester')).toMatchObject({ name: 'tester', from: 'prober' });
    expect(await one(bare, 'agent delete tester')).toMatchObject({ ...card, deletedAt: time, archived: 0 });
  });

  test('the life of a message: send, peek, read, list, show, renew, nack, ack, reply, cancel', async ({ rig }) => {
    const as = { env: { DREAMOS_AGENT: 'reviewer' } };
    const sent = await one(rig, 'send reviewer hello --as planner --dedupe-key k');
    expect(sent).toEqual({ id, to: ['reviewer'], mailboxes: ['reviewer'], state: 'ready', durability: 'full' });
    const states = [{ mailbox: 'reviewer', state: 'ready' }];
    const repeat = await one(rig, 'send reviewer hello --as planner --dedupe-key k');
    expect(repeat).toEqual({ ...sent, duplicate: true, states });
    const late = await one(rig, 'send reviewer,planner later --as planner --delay 1h --durability relaxed');
    expect(late).toEqual({
      id,
      to: ['reviewer', 'planner'],
      mailboxes: ['reviewer', 'planner'],
      state: 'delayed',
      durability: 'relaxed',
    });
    const batch = await json(rig, 'send reviewer --batch --as planner', {
      stdin: '{"body":"a"}\n{"body":"b","to":"planner"}\n',
    });
    expect(batch).toEqual(
      ['reviewer', 'planner'].map((to) => ({ id, to: [to], mailboxes: [to], state: 'ready', durability: 'full' })),
    );

    expect(await one(rig, 'peek reviewer')).toEqual({ mailbox: 'reviewer', attempt: 0, message });
    const read = await one(rig, 'read reviewer');
    expect(read).toEqual({ receipt, mailbox: 'reviewer', attempt: 1, leaseUntil: time, message });
    expect(read.message.id).toBe(sent.id);

    const listed = await json(rig, 'list --state all', as);
    const base = { mailbox: 'reviewer', priority: 'normal', message };
    expect(listed).toHaveLength(3);
    expect(listed.find(({ state }) => state === 'ready')).toMatchObject({ ...base, id: batch[0]?.id, attempt: 0 });
    expect(listed.find(({ state }) => state === 'delayed')).toMatchObject({
      ...base,
      id: late.id,
      attempt: 0,
      dueAt: time,
    });
    expect(listed.find(({ state }) => state === 'inflight')).toMatchObject({
      ...base,
      id: sent.id,
      attempt: 1,
      receipt: read.receipt,
      leaseUntil: time,
    });
    // Another one's receipts are not shown.
    expect((await json(rig, 'list reviewer --state inflight --as planner'))[0]).not.toHaveProperty('receipt');
    expect(await one(rig, `show ${sent.id}`)).toMatchObject({
      message,
      entries: [{ id: sent.id, mailbox: 'reviewer', state: 'inflight' }],
    });

    const settled = { id: sent.id, mailbox: 'reviewer' };
    expect(await one(rig, `renew ${read.receipt} --lease 30m`)).toEqual({
      ...settled,
      state: 'inflight',
      receipt,
      leaseUntil: time,
    });
    expect(await one(rig, `nack ${read.receipt} --delay 0 --reason because`)).toEqual({
      ...settled,
      state: 'ready',
      receipt: read.receipt,
    });
    const again = await one(rig, `read reviewer --id ${sent.id}`);
    const replied = await one(rig, `reply ${again.receipt} done --ack`, as);
    expect(replied).toEqual({
      id,
      to: ['planner'],
      mailboxes: ['planner'],
      state: 'ready',
      durability: 'full',
      acked: { ...settled, state: 'archived', receipt: again.receipt },
    });
    await one(rig, 'send reviewer task --as planner --priority urgent');
    const worked = await one(rig, 'work reviewer -n 1 -- false');
    expect(worked).toEqual({
      id,
      receipt,
      mailbox: 'reviewer',
      attempt: 1,
      outcome: 'failed',
      exitCode: 1,
      signal: null,
      durationMs: number,
      reason: 'exit 1',
    });
    await one(rig, `cancel ${worked.id}`);
    const next = await one(rig, 'read reviewer');
    expect(await one(rig, `ack ${next.message.id}`, as)).toEqual({
      id: next.message.id,
      mailbox: 'reviewer',
      state: 'archived',
      receipt: next.receipt,
    });
    expect(await json(rig, ['deliver', late.id, '--at', new Date(Date.now() + 7_200_000).toISOString()])).toMatchObject(
      [{ id: late.id }, { id: late.id }],
    );
    expect(await json(rig, `cancel ${late.id}`)).toMatchObject([
      { id: late.id, mailbox: 'planner', state: 'archived' },
      { id: late.id, mailbox: 'reviewer', state: 'archived' },
    ]);
  });

  test('request, trace, thread and search', async ({ rig }) => {
    const asking = json(rig, 'request reviewer question --as planner --wait 20s');
    const asked = await one(rig, 'read reviewer --wait 20s');
    await one(rig, `reply ${asked.receipt} answer --ack`, { env: { DREAMOS_AGENT: 'reviewer' } });
    const [answer] = await asking;
    expect(answer).toEqual({ request: asked.message.id, mailbox: 'planner', message });
    expect(answer?.message).toMatchObject({ body: 'answer', replyTo: asked.message.id });

    const step = { at: time, mailbox: 'reviewer', id: asked.message.id, sinceStartMs: number };
    expect(await json(rig, `trace ${asked.message.id}`)).toEqual([
      expect.objectContaining({ ...step, event: 'delivered', sinceLastMs: null }),
      expect.objectContaining({ ...step, event: 'claimed', sinceLastMs: number, by: 'reviewer', attempt: 1 }),
      expect.objectContaining({ event: 'delivered', mailbox: 'planner', id: answer?.message.id }),
      expect.objectContaining({ ...step, event: 'acked', sinceLastMs: number, heldMs: number }),
    ]);
    expect(await json(rig, `thread ${asked.message.id}`)).toMatchObject([
      { message, entries: [{ id: asked.message.id, mailbox: 'reviewer', state: 'archived' }] },
      { message, entries: [{ id: answer?.message.id, mailbox: 'planner', state: 'archived' }] },
    ]);
    expect(await one(rig, 'search ANSWER planner')).toEqual({
      id: answer?.message.id,
      mailbox: 'planner',
      state: 'archived',
      priority: 'normal',
      attempt: 1,
      message,
    });
  });

  test('versions of settings', async ({ rig }) => {
    await one(rig, 'config set maxAttempts 7');
    expect(await one(rig, 'config history')).toEqual({
      version: 1,
      at: expect.any(String) as string,
      by: null,
      note: null,
      byHand: false,
      state: 'in force',
      changes: [{ key: 'maxAttempts', from: null, to: 7 }],
    });
    expect(await one(rig, 'config diff')).toEqual({ key: 'maxAttempts', from: null, to: 7 });
    expect(await one(rig, 'config validate')).toMatchObject({ valid: true, settings: 1 });
    const shown = await one(rig, 'config show maxAttempts --origin');
    expect(shown).toMatchObject({ source: 'config', where: join(rig.root, 'config.json'), version: 1, by: null });
    expect(await one(rig, 'config unset maxAttempts')).toMatchObject({ source: 'default', version: 2 });
    expect(await one(rig, 'config rollback 1')).toMatchObject({ version: 3, note: 'rollback to 1' });
    expect(await one(rig, 'config edit --file -', { stdin: '{}' })).toMatchObject({ version: 4, state: 'in force' });
  });

  test('audit', async ({ rig }) => {
    await rig.dreamos('config set maxAttempts 4 --as planner');
    expect((await json(rig, 'audit list'))[0]).toMatchObject({ op: 'config.set', by: 'planner', result: 'done' });
    expect(await one(rig, 'audit anchor')).toMatchObject({ n: 1, anchor: expect.any(String) as string });
    expect(await one(rig, 'audit verify')).toMatchObject({ state: 'whole', findings: [] });
    expect(await json(rig, 'audit prune --older-than 1d')).toEqual([]);
  });

  test('policies', async ({ rig }) => {
    const stdin = '{"roles":{"all":{"allow":{"*":["*"]}}},"everyone":["all"]}';
    expect(await one(rig, 'policy show')).toMatchObject({ policy: null, version: null });
    expect(await one(rig, 'policy test -', { stdin })).toEqual({ roles: 1, tests: [], failed: 0 });
    expect(await one(rig, 'policy set - --note why', { stdin })).toMatchObject({
      version: 1,
      note: 'why',
      broken: false,
    });
    expect(await one(rig, 'policy check send reviewer --as planner')).toMatchObject({ allowed: true, role: 'all' });
    expect(await one(rig, 'policy remove --as planner')).toMatchObject({ policy: null, version: 2, by: 'planner' });
    expect(await one(rig, 'policy rollback 1')).toMatchObject({ version: 3, note: 'rollback to 1', state: 'in force' });
    expect((await json(rig, 'policy history')).map(({ state }) => state)).toEqual(['in force', 'replaced', 'replaced']);
    const [rule] = await json(rig, 'policy diff 2');
    expect(rule).toEqual({ key: 'roles.all.allow.*', from: null, to: ['*'] });
  });

  test('archive, dlq, status, watch and config', async ({ rig }) => {
    const sent = await one(rig, [
      'send',
      'reviewer',
      'hello',
      '--as',
      'planner',
      '--subject',
      'needle',
      '--thread',
      't1',
    ]);
    const first = await one(rig, 'read reviewer');
    await one(rig, `ack ${first.receipt}`);
    const archived = { id: sent.id, mailbox: 'reviewer', ackedAt: time, message };
    expect(await one(rig, 'archive list reviewer')).toEqual(archived);
    expect(await one(rig, `archive show reviewer ${sent.id}`)).toEqual(archived);
    expect(await one(rig, 'archive search NEEDLE')).toEqual(archived);
    expect(await one(rig, 'archive export reviewer')).toEqual(archived);
    agedArchive(rig, 'reviewer', 40);
    const maintained = {
      mailbox: 'reviewer',
      day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as string,
      count: 1,
      bytes: number,
    };
    expect(await one(rig, 'maintain --dry-run')).toEqual({ task: 'pack', ...maintained, dryRun: true });
    expect(await one(rig, 'archive pack reviewer')).toEqual({ task: 'pack', ...maintained, packedBytes: number });
    expect(await one(rig, 'archive list reviewer')).toEqual(archived);
    expect(await one(rig, 'archive prune reviewer --older-than 30d --dry-run')).toEqual({
      task: 'prune',
      ...maintained,
      dryRun: true,
    });
    expect(await one(rig, `archive restore reviewer ${sent.id}`)).toMatchObject({
      id: sent.id,
      mailbox: 'reviewer',
      state: 'ready',
      priority: 'normal',
    });

    const second = await one(rig, 'read reviewer');
    await one(rig, ['nack', second.receipt, '--dead', '--reason', 'broken beyond repair']);
    const dead = {
      id: sent.id,
      mailbox: 'reviewer',
      reason: 'broken beyond repair',
      attempts: number,
      deadAt: time,
      message,
    };
    expect(await one(rig, 'dlq list reviewer')).toEqual(dead);
    const shown = await one(rig, `dlq show reviewer ${sent.id}`);
    expect(shown).toMatchObject(dead);
    expect((shown['history'] as Line[]).map(({ event }) => event)).toEqual([
      'delivered',
      'claimed',
      'acked',
      'restored',
      'claimed',
    ]);
    expect(await one(rig, 'status reviewer')).toEqual({
      mailbox: 'reviewer',
      ready: 0,
      inflight: 0,
      delayed: 0,
      dead: 1,
      archived: 0,
      corrupt: 0,
      oldestReadyAgeMs: null,
      lastReadAt: time,
    });
    expect(await one(rig, 'resources show reviewer')).toEqual({
      agent: 'reviewer',
      tasks: { limit: 1, used: 0 },
      sends: { limit: null, used: null },
      messages: { limit: null, used: 0 },
      bytes: { limit: null, used: 0 },
    });
    const stats = await one(rig, 'stats reviewer');
    expect(Object.keys(stats)).toEqual([
      'by',
      'since',
      'until',
      'knownSince',
      'rows',
      'slow',
      'hot',
      'agents',
      'diskFreeShare',
    ]);
    expect(stats['rows']).toMatchObject([{ name: 'reviewer', waitedP99Ms: null, dead: 1, backlog: 0, corrupt: 0 }]);
    const families = await json(rig, 'metrics');
    expect(families.find(({ name }) => name === 'dreamos_disk_free_bytes')).toEqual({
      name: 'dreamos_disk_free_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: expect.any(String),
      samples: [{ labels: { root: rig.root }, value: expect.any(Number) }],
    });
    const [alert] = (await json(rig, 'alerts check')).filter((each) => each['alert'] === 'dead');
    const firing = { alert: 'dead', metric: 'dead', mailbox: 'reviewer', state: 'firing', value: 1, over: 0 };
    expect(alert).toEqual({ ...firing, since: time, firedAt: time });
    expect(await json(rig, 'alerts list')).toContainEqual(alert);
    expect(await one(rig, 'alerts test dead')).toMatchObject({
      alert: 'dead',
      mailboxes: expect.arrayContaining([{ mailbox: 'reviewer', value: 1, holds: true }]) as unknown[],
      told: { alert: 'dead', mailbox: 'reviewer', what: 'firing', value: 1, over: 0, at: time, test: true },
    });
    expect(await one(rig, 'alerts silence dead')).toEqual({ alert: 'dead', until: time });
    const top = await one(rig, 'top');
    expect(Object.keys(top)).toEqual(['at', 'agents', 'mailboxes', 'events', 'stuck']);
    const reviewer = { agent: 'reviewer', state: 'unseen', holds: 0, held: [], seenAt: time };
    const planner = { agent: 'planner', state: 'unseen', holds: 0, held: [], seenAt: null };
    expect(top['agents']).toEqual([planner, reviewer]);
    expect(top['mailboxes']).toContainEqual(
      expect.objectContaining({ mailbox: 'reviewer', dead: 1, inPerMinute: 1, outPerMinute: 2 }),
    );
    expect((top['events'] as Line[]).at(-1)).toMatchObject({ event: 'dead', mailbox: 'reviewer' });
    expect(top['stuck']).toEqual([]);
    expect(await one(rig, 'dlq retry reviewer --all')).toMatchObject({
      id: sent.id,
      mailbox: 'reviewer',
      state: 'ready',
      attempt: 0,
    });
    expect(await one(rig, 'status reviewer')).toMatchObject({ ready: 1, dead: 0, oldestReadyAgeMs: number });
    const third = await one(rig, 'read reviewer');
    await one(rig, `nack ${third.receipt} --dead`);
    expect(await one(rig, `dlq purge reviewer ${sent.id}`)).toMatchObject({
      id: sent.id,
      mailbox: 'reviewer',
      purged: true,
    });
    await one(rig, 'send reviewer later --as planner --delay 1h');

    const events = await json(rig, 'watch reviewer --since start --wait 50ms');
    const base = { cursor: text, at: time, mailbox: 'reviewer', id };
    const arrival = { ...base, from: 'planner', type: 'message', priority: 'normal', replyTo: null };
    expect(events).toEqual([
      expect.objectContaining({ ...arrival, event: 'delivered', subject: 'needle', thread: 't1' }),
      expect.objectContaining({ ...base, event: 'claimed', by: 'reviewer', attempt: 1 }),
      expect.objectContaining({ ...base, event: 'acked', by: 'reviewer' }),
      expect.objectContaining({ ...base, event: 'restored' }),
      expect.objectContaining({ ...base, event: 'claimed' }),
      expect.objectContaining({ ...base, event: 'dead', reason: 'broken beyond repair' }),
      expect.objectContaining({ ...base, event: 'retried' }),
      expect.objectContaining({ ...base, event: 'claimed', attempt: 1 }),
      expect.objectContaining({ ...base, event: 'dead' }),
      expect.objectContaining({ ...base, event: 'purged' }),
      expect.objectContaining({ ...arrival, event: 'scheduled', subject: '', thread: null }),
    ]);

    expect(await one(rig, 'config set maxAttempts 7')).toEqual({
      key: 'maxAttempts',
      value: 7,
      source: 'config',
      version: 1,
    });
    expect(await one(rig, 'config get maxAttempts', { env: { DREAMOS_MAX_ATTEMPTS: '9' } })).toEqual({
      key: 'maxAttempts',
      value: 9,
      source: 'environment',
    });
    expect(await json(rig, 'config get')).toContainEqual({ key: 'lease', value: '15m', source: 'default' });
  });

  test('groups and topics', async ({ rig }) => {
    await one(rig, 'agent register reviewer --group crew');
    expect(await json(rig, 'send @crew,planner hello --as planner --dry-run')).toEqual([
      { mailbox: 'reviewer', reasons: ['@crew'] },
      { mailbox: 'planner', reasons: ['named'] },
    ]);
    const subscribed = { agent: 'reviewer', pattern: 'build.*', subscribed: true, changed: true };
    expect(await one(rig, 'subscribe build.* --as reviewer')).toEqual(subscribed);
    expect(await one(rig, 'agent show reviewer')).toMatchObject({ groups: ['crew'], subscriptions: ['build.*'] });
    const sent = await one(rig, 'publish build.done green --as planner --dedupe-key k');
    const to = { mailboxes: ['reviewer'], subscribers: 1 };
    expect(sent).toEqual({ id, topic: 'build.done', ...to, durability: 'full' });
    expect(await one(rig, 'publish build.done green --as planner --dedupe-key k')).toEqual({
      ...sent,
      duplicate: true,
      states: [{ mailbox: 'reviewer', state: 'ready' }],
    });
    const published = expect.objectContaining({ id: sent.id, topic: 'build.done', to: [] }) as object;
    expect(await one(rig, 'read reviewer')).toMatchObject({ message: published });
    expect(await one(rig, 'listen build.> --since start --count 1')).toEqual({
      cursor: text,
      topic: 'build.done',
      at: time,
      message: published,
    });
    expect(await one(rig, `show ${sent.id}`)).toMatchObject({
      message: published,
      entries: [
        { mailbox: 'reviewer', state: 'inflight' },
        { mailbox: '#build.done', state: 'archived', ackedAt: time },
      ],
    });
    const topic = {
      topic: 'build.done',
      messages: 1,
      lastPublishedAt: time,
      subscribers: [{ agent: 'reviewer', patterns: ['build.*'] }],
    };
    expect(await one(rig, 'topics list')).toEqual(topic);
    expect(await one(rig, 'topics show build.done')).toEqual({ ...topic, recent: [published] });
    expect(await one(rig, 'topics prune build.done --older-than 0 --dry-run')).toEqual({
      topic: 'build.done',
      messages: 1,
      bytes: number,
      dryRun: true,
    });
    const ended = await one(rig, 'unsubscribe build.* --as reviewer');
    expect(ended).toEqual({ ...subscribed, subscribed: false });
  });

  test('import, doctor, schema', async ({ rig }) => {
    const imported = await json(rig, ['import', join(project, 'fixtures', 'foreign')]);
    for (const line of imported) {
      expect(line).toMatchObject({
        file: text,
        result: expect.stringMatching(/^(imported|skipped|unreadable)$/) as string,
      });
      if (line['result'] === 'imported') expect(line).toMatchObject({ mailbox: text, id });
      else expect(line).toMatchObject({ why: text });
    }
    expect(new Set(imported.map((line) => line['result']))).toEqual(new Set(['imported', 'skipped', 'unreadable']));

    await rig.sent('send reviewer hello --as planner');
    await one(rig, `nack ${(await one(rig, 'read reviewer')).receipt} --dead`);
    const findings = await json(rig, 'doctor');
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: 'dead-letters', level: 'info', message: text, mailbox: 'reviewer', hint: text }),
    );

    for (const name of ['message', 'drop', 'event', 'send', 'read', 'status', 'error']) {
      const { code, out } = await rig.dreamos(`schema ${name}`);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ $schema: text, type: 'object', required: expect.any(Array) as string[] });
    }
    for (const line of await json(rig, 'setup gemini --as reviewer'))
      expect(line).toMatchObject({ hosts: ['gemini'], path: text, change: 'made', dryRun: false, remarks: [] });
    const stdin = JSON.stringify({ hook_event_name: 'SessionStart', session_id: 's1', cwd: rig.dir });
    await rig.dreamos('hook gemini --as reviewer', { stdin });
    for (const line of await json(rig, 'setup gemini --check'))
      expect(line).toMatchObject({ host: 'gemini', part: text, ok: true, message: text });
    expect(await json(rig, 'explain LEASE_LOST')).toEqual([
      { code: 'LEASE_LOST', kind: 'conflict', exitCode: 5, happened: text, next: text },
    ]);
    ran.add('schema').add('completion').add('help');
  });

  test('export', async ({ rig }) => {
    await rig.sent('send reviewer hello --as planner');
    const path = join(rig.dir, 'mail.db');
    const rows = { messages: 1, deliveries: 1, events: 1, tags: 0, tasks: 0 };
    expect(await one(rig, ['export', '--sqlite', path])).toEqual({ format: 'sqlite', path, rows });
  });

  test('backup, restore', async ({ rig, bare }) => {
    await rig.sent('send reviewer hello --as planner');
    const file = join(rig.dir, 'mail.tar.gz');
    const begunAt = time;
    expect(await one(rig, ['backup', file])).toEqual({
      file,
      messages: 1,
      bytes: expect.any(Number) as number,
      begunAt,
    });
    expect(await one(bare, ['restore', file])).toEqual({ root: bare.root, messages: 1, claimed: 0, begunAt });
  });

  test('dump, load, move', async ({ rig, bare }) => {
    await rig.sent('send reviewer hello --as planner');
    const file = join(rig.dir, 'mail.jsonl');
    const [records, bytes] = [expect.any(Number) as number, expect.any(Number) as number];
    expect(await one(rig, ['dump', file])).toEqual({ file, messages: 1, mailboxes: 2, records, bytes, at: time });
    expect(await one(bare, ['load', file])).toEqual({
      ...{ root: bare.root, messages: 1, mailboxes: 2, from: isStored ? 'redis' : 'files', at: time },
    });
    const [from, to] = [rig.root, `file:${rig.dir}/elsewhere`];
    const moved = { from, to, messages: 1, mailboxes: 2 };
    expect(await one(rig, ['move', '--to', to, '--dry-run'])).toEqual({ ...moved, state: 'planned', left: [] });
    const left = [
      expect.stringMatching(isStored ? /^redis\+unix:.*#[0-9A-Z]{26}$/ : /\.moved-[0-9A-Z]{10}$/) as string,
    ];
    expect(await one(rig, ['move', '--to', to])).toEqual({ ...moved, state: 'moved', left });
    expect(await one(rig, ['move', '--purge'])).toEqual({
      ...moved,
      from: `${rig.dir}/elsewhere`,
      to: null,
      messages: 0,
      mailboxes: 0,
      state: 'purged',
      left,
    });
  });

  test('schedule', async ({ rig }) => {
    const add = ['schedule', 'add', 'nightly', '0 3 * * *', 'reviewer', 'check the build', '--as', 'planner'];
    const added = await one(rig, [...add, '--tz', 'Europe/Berlin']);
    const schedule = {
      name: 'nightly',
      cron: '0 3 * * *',
      tz: 'Europe/Berlin',
      from: 'planner',
      message: { to: ['reviewer'], body: 'check the build' },
      token: text,
      createdAt: time,
      lastAt: null,
    };
    expect(added).toEqual({ ...schedule, nextAt: time });
    expect(await one(rig, 'schedule list')).toEqual(added);
    const upcoming = [time, time, time, time, time];
    expect(await one(rig, 'schedule show nightly')).toEqual({ ...added, upcoming });
    expect(await one(rig, 'schedule remove nightly')).toEqual(schedule);
  });

  test('reservations', async ({ rig }) => {
    const shown = {
      ...{ path: 'src', agent: 'planner', shared: true, reason: 'look', since: time, until: time },
      token: expect.any(Number) as number,
    };
    const made = await one(rig, ['reserve', 'src/', '--as', 'planner', '--shared', '--reason', 'look']);
    expect(made).toEqual({ ...shown, created: true });
    expect(await one(rig, 'reserve list')).toEqual(shown);
    expect(await one(rig, 'reserve check src/a.ts --as planner')).toEqual({
      path: 'src/a.ts',
      state: 'mine',
      held: [],
    });
    const held = await rig.dreamos('reserve check src/a.ts --as reviewer --json');
    expect(held).toMatchObject({ code: 5, json: [{ path: 'src/a.ts', state: 'held', held: [shown] }] });
    expect(await one(rig, 'reserve renew --for 2h --as planner')).toEqual(shown);
    expect(await one(rig, 'reserve release src --as planner')).toEqual(shown);
  });

  test('tasks', async ({ rig }) => {
    const as = { env: { DREAMOS_AGENT: 'reviewer' } };
    const shown = {
      ...{ id, title: 'parse', priority: 'normal', mailbox: text, by: 'planner', createdAt: time },
      ...{ requires: [], dependsOn: [], attempt: number },
    };
    const create = ['task', 'create', '--title', 'parse', '--body', 'all of it', '--as', 'planner', '--no-assign'];
    const made = await one(rig, create);
    expect(made).toEqual({ ...shown, state: 'ready', missing: text });
    const task = made['id'];
    const after = await one(rig, [...create, '--depends-on', task.slice(-6)]);
    expect(after).toEqual({ ...shown, state: 'blocked', dependsOn: [task], waitsFor: [task] });
    expect((await json(rig, 'task list')).map(({ state }) => state)).toEqual(['ready', 'blocked']);
    const active = { ...shown, state: 'active', assignee: 'reviewer', leaseUntil: time };
    expect(await one(rig, 'task next', as)).toEqual({ ...active, body: 'all of it', receipt });
    const progress = { at: time, by: 'reviewer', percent: 50, note: 'half' };
    const half = ['task', 'progress', task, '--percent', '50', '--note', 'half'];
    expect(await one(rig, half, as)).toEqual({ ...active, progress });
    const ended = { assignee: 'reviewer', endedAt: time };
    const done = { ...shown, ...ended, state: 'done', progress, result: 'merged' };
    expect(await one(rig, ['task', 'done', task, '--result', 'merged'], as)).toEqual(done);
    const history = expect.arrayContaining([expect.objectContaining({ at: time, event: 'acked' })]) as object[];
    expect(await one(rig, `task show ${task}`)).toEqual({ ...done, body: 'all of it', children: [], history });
    const next = after['id'];
    expect(await one(rig, `task assign ${next} reviewer`)).toMatchObject({ id: next, state: 'assigned' });
    const explained = await json(rig, `task assign ${next} --explain`);
    expect(new Set(explained.map(({ agent }) => agent))).toEqual(new Set(['planner', 'reviewer']));
    expect(await one(rig, `task accept ${next}`, as)).toMatchObject({ id: next, state: 'active', receipt });
    expect(await one(rig, `task fail ${next} --reason why`, as)).toMatchObject({ state: 'failed', reason: 'why' });
    expect(await one(rig, `task retry ${next}`)).toMatchObject({ id: next });
    expect(await one(rig, `task cancel ${next}`)).toMatchObject({ state: 'cancelled', endedAt: time });
    expect(await json(rig, `task watch ${task}`)).toEqual([]);
    const issue = { id: 'bd-1', title: 'from elsewhere', priority: 2 };
    const imported = await one(rig, 'task import - --as planner', { stdin: `${JSON.stringify(issue)}\n` });
    expect(imported).toMatchObject({ title: issue.title });
    expect(await json(rig, 'task export')).toContainEqual(expect.objectContaining(issue));
    // Goes on until it is ended: test/contract/commands.test.ts.
    ran.add('coordinate');
  });

  test('the server, its page, and tokens', async ({ rig }) => {
    const made = { agent: 'planner', id: text, madeAt: time, by: null, expiresAt: null, expired: false };
    expect(await one(rig, 'token create planner')).toEqual({ ...made, token: text });
    expect(await one(rig, 'token list')).toEqual(made);
    const server = rig.start('serve --json --http 127.0.0.1:0');
    while (server.lines().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const about = { pid: number, version: text, root: rig.root, since: time, socket: text, http: text };
    const all = { ...about, agentSockets: null, readOnly: false };
    expect(JSON.parse(server.lines()[0] ?? '')).toEqual(all);
    expect(await one(rig, 'serve status')).toEqual(all);
    expect(await one(rig, 'dashboard --as planner')).toEqual({
      url: text,
      agent: 'planner',
      expiresAt: time,
      pid: number,
    });
    expect(await json(rig, 'token revoke planner')).toHaveLength(2);
    expect(await one(rig, 'serve stop')).toEqual({ pid: number, tookMs: number });
    ran.add('serve');
  });

  test('bridges; receive talks to one', async ({ rig }) => {
    await rig.dreamos('agent register reviewer --at far');
    const sent = await rig.sent('send reviewer hello --as planner');
    const far = `echo '{"dreamos":"receive","v":1}'; read -r parcel; echo '{"n":1,"is":"stored"}'; cat`;
    expect(await json(rig, ['bridge', 'far', '--via', far, '--once'])).toEqual([
      { event: 'up', peer: 'far' },
      { event: 'forwarded', peer: 'far', id: sent, mailbox: 'reviewer' },
    ]);
    expect(await json(rig, 'receive')).toEqual([{ dreamos: 'receive', v: 1 }]);
  });

  test("sessions of tools; mcp has lines of its own protocol's", async ({ rig }) => {
    const bound = { agent: 'reviewer', host: 'claude', session: 's1' };
    expect(await one(rig, 'hook bind reviewer --host claude --session s1')).toEqual(bound);
    await rig.sent('send reviewer hello --as planner');
    expect(await one(rig, 'wake reviewer --exec true')).toEqual({
      ...{ agent: 'reviewer', via: 'exec', host: 'wake', session: text },
      ...{ unread: 1, urgent: 0, sentence: text },
    });
    expect(await json(rig, 'mcp')).toEqual([]);
  });

  test('an error is one JSON line on stderr', async ({ rig }) => {
    const ended = await rig.dreamos('--json show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE');
    expect(ended.out).toBe('');
    expect(ended.err.trimEnd().split('\n').length).toBe(1);
    expect(errorOf(ended)).toEqual({ code: 'MESSAGE_NOT_FOUND', message: text, hint: text });
  });

  test.sequential('every command has been run here', async ({ rig }) => {
    for (const words of await allCommands(rig)) expect(ran.has(words), `${words} --json`).toBe(true);
  });
});

/** From the help, so that a new command cannot be forgotten; without those that only hold others. */
async function allCommands(rig: Rig): Promise<string[]> {
  const verbs = commandsIn((await rig.dreamos('--help')).out);
  const groups = await Promise.all(
    verbs.map(async (verb) => {
      const inner = commandsIn((await rig.dreamos(`${verb} --help`)).out);
      return inner.length > 0 ? inner.map((name) => `${verb} ${name}`) : [verb];
    }),
  );
  expect(groups.flat().length).toBeGreaterThan(25);
  return groups.flat();
}
