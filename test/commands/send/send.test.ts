import { PassThrough, Readable } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { type Rig, closedPipe, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

async function bodyOfNext(): Promise<string> {
  const { json } = await rig.dreamos('peek reviewer --json');
  const message = json[0]?.['message'] as { body: string } | undefined;
  return message?.body ?? 'NO MESSAGE';
}

async function isEmpty(): Promise<boolean> {
  return (await rig.dreamos('peek reviewer')).code === 3;
}

test('prints the id, and nothing else', async () => {
  const { code, out, err } = await rig.dreamos('send reviewer hello --as planner');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^[0-9A-Z]{26}\n$/);
});

test('with --json prints the receipt of the send', async () => {
  const { json } = await rig.dreamos('send reviewer,planner hello --as planner --json --delay 5m');
  expect(json).toEqual([
    {
      id: expect.stringMatching(/^[0-9A-Z]{26}$/),
      to: ['reviewer', 'planner'],
      mailboxes: ['reviewer', 'planner'],
      state: 'delayed',
      durability: expect.any(String),
    },
  ]);
});

test('every option arrives in the message', async () => {
  const words =
    'send reviewer hello --from planner --subject S --type task --priority high --thread T --tag a --tag b --dedupe-key k --ordering-key o --ttl 1h'.split(
      ' ',
    );
  await rig.dreamos([...words, '--data', '{"x":[1]}']);
  const { json } = await rig.dreamos('peek reviewer --json');
  expect(json[0]?.['message']).toMatchObject({
    from: 'planner',
    subject: 'S',
    type: 'task',
    priority: 'high',
    thread: 'T',
    tags: ['a', 'b'],
    dedupeKey: 'k',
    orderingKey: 'o',
    data: { x: [1] },
    expiresAt: '2026-11-20T10:00:00.000Z',
  });
});

test.each([
  ['a pipe', 'send reviewer --as planner', {}],
  ['a dash', 'send reviewer - --as planner', {}],
  ['--body-file -', 'send reviewer --body-file - --as planner', {}],
])('the body may come through %s, byte for byte', async (_how, line, terms) => {
  const body = 'line `one`\r\n$(two) ö 👍\n';
  expect((await rig.dreamos(line, { ...terms, stdin: body })).code).toBe(0);
  expect(await bodyOfNext()).toBe(body);
});

test.each<[how: string, line: string[], body: string]>([
  ['a send', ['send', 'reviewer', 'Please review:', '-', '--as', 'planner'], 'Please review:\n+ a\n'],
  ['a publish', ['publish', 'diffs', 'Please review:', '-', '--as', 'planner'], 'Please review:\n+ a\n'],
  ['an empty text', ['send', 'reviewer', '', '-', '--as', 'planner'], '+ a\n'],
])('of %s the body may be a text with the standard input below it', async (_how, line, body) => {
  await rig.dreamos('subscribe diffs --as reviewer');
  expect((await rig.dreamos(line, { stdin: '+ a\n' })).code).toBe(0);
  expect(await bodyOfNext()).toBe(body);
});

test('the body may come from a file', async () => {
  await rig.dreamos('send reviewer --body-file notes.md --as planner', { files: { 'notes.md': '# notes\n' } });
  expect(await bodyOfNext()).toBe('# notes\n');
});

test('a body that begins with a dash goes behind --', async () => {
  await rig.dreamos(['send', 'reviewer', '--as', 'planner', '--', '-- item']);
  expect(await bodyOfNext()).toBe('-- item');
});

test.each<[string, string | string[], object, number, string]>([
  ['no body and a terminal', 'send reviewer --as planner', { terminal: true }, 2, 'standard input is a terminal'],
  ['a dash and a terminal', 'send reviewer - --as planner', { terminal: true }, 2, 'standard input is a terminal'],
  ['a body twice', 'send reviewer x --body-file f --as planner', {}, 2, 'given twice'],
  ['an argument beside stdin', 'send reviewer x --as planner', { spareInput: true }, 2, 'by the standard input'],
  [
    'a body file beside stdin',
    'send reviewer --body-file f --as planner',
    { spareInput: true, files: { f: 'x' } },
    2,
    'with --body-file and by the standard input',
  ],
  ['the standard input twice', 'send reviewer - - --as planner', {}, 2, 'given twice'],
  ['two words without quotes', 'send reviewer two words --as planner', {}, 2, 'Expected 2 arguments but got 3'],
  ['a text, - and a body file', 'send reviewer x - --body-file f --as planner', {}, 2, 'given twice'],
  ['a text and a terminal', 'send reviewer x - --as planner', { terminal: true }, 2, 'standard input is a terminal'],
  ['body and data by stdin', 'send reviewer x - --data - --as planner', {}, 2, 'cannot both come'],
  ['a missing body file', 'send reviewer --body-file f --as planner', {}, 2, 'no file "f"'],
  ['an empty body', 'send reviewer --as planner', { stdin: '' }, 6, 'empty'],
  ['bytes that are not text', 'send reviewer --as planner', { stdin: Buffer.from([0x61, 0xff, 0x62]) }, 6, 'byte 2'],
  [
    'a file that is not text',
    'send reviewer --body-file f --as planner',
    { files: { f: Buffer.from([0xc3]) } },
    6,
    'not UTF-8',
  ],
  ['broken --data', ['send', 'reviewer', 'x', '--as', 'planner', '--data', '{"a":}'], {}, 6, '--data is not JSON'],
  ['an unknown priority', 'send reviewer x --as planner --priority soon', {}, 2, '"soon" is not a priority'],
  ['a bad duration', 'send reviewer x --as planner --ttl soon', {}, 2, '"soon" is not a duration for --ttl'],
  ['an unknown recipient', 'send reviewr x --as planner', {}, 4, 'reviewr'],
  ['an impossible name', 'send ../x x --as planner', {}, 6, '../x'],
  ['no sender', 'send reviewer x', {}, 2, 'who sends'],
  ['no recipient', 'send', {}, 2, 'recipient'],
])('%s is refused with a sentence and a next step, and nothing is sent', async (_what, line, terms, code, words) => {
  const result = await rig.dreamos(line, terms);
  expect(result).toMatchObject({ code, out: '' });
  expect(result.err).toContain(words);
  const asJson = await rig.dreamos([...(typeof line === 'string' ? line.split(' ') : line), '--json'], terms);
  expect(JSON.parse(asJson.err)).toMatchObject({
    error: { code: expect.any(String), message: expect.stringContaining(words) },
  });
  expect(asJson.code).toBe(code);
  expect(await isEmpty()).toBe(true);
});

test('an empty body is sent when it is meant', async () => {
  expect((await rig.dreamos('send reviewer --allow-empty --as planner', { terminal: true })).code).toBe(0);
  expect(await bodyOfNext()).toBe('');
});

test('a body over what any recipient can take is refused before it is read to its end', async () => {
  let read = 0;
  async function* endless() {
    for (;;) {
      read++;
      yield Buffer.alloc(65_536, 'x');
    }
  }
  const { code, err } = await rig.dreamos('send reviewer --as planner --json', { stdin: Readable.from(endless()) });
  expect(code).toBe(6);
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'MESSAGE_TOO_LARGE' } });
  expect(read).toBeLessThan(1100);
});

test.for([
  ['send', 'send reviewer --as planner', 'x'.repeat(2_000_000)],
  ['send --batch', 'send reviewer --batch --as planner', `${JSON.stringify({ body: 'x'.repeat(8_000_000) })}\n`],
] as const)("%s: an agent's own limit may be above the root's", async ([, line, stdin]) => {
  const refused = await rig.dreamos(line, { stdin });
  expect(refused).toMatchObject({ code: 6, err: expect.stringContaining('reviewer takes at most 1048576') });
  await registerAgent(rig.root, { name: 'reviewer', settings: { maxMessageBytes: 10_000_000 } });
  expect(await rig.dreamos(line, { stdin })).toMatchObject({ code: 0, err: '' });
});

test('a file is named as it is, and quoted', async () => {
  const files = { 'notes.bin': Buffer.from([0xff]) };
  const { err } = await rig.dreamos('send reviewer --as planner --body-file notes.bin', { files });
  expect(err).toContain('"notes.bin" is not UTF-8 text');
});

test('an interrupted body is not sent', async () => {
  const interrupt = new AbortController();
  const stdin = new PassThrough();
  stdin.write('half of it');
  const running = rig.dreamos('send reviewer --as planner', { stdin, signal: interrupt.signal });
  setTimeout(() => interrupt.abort(130), 20);
  expect(await running).toMatchObject({ code: 130, out: '' });
  expect(await isEmpty()).toBe(true);
});

test('a used dedupe key gives the first id and says so', async () => {
  const first = await rig.sent('send reviewer hello --as planner --dedupe-key k');
  const { json } = await rig.dreamos('send reviewer hello --as planner --dedupe-key k --json');
  expect(json).toMatchObject([{ id: first, duplicate: true }]);
  const again = await rig.dreamos('send reviewer hello --as planner --dedupe-key k');
  expect(again.out.trim()).toBe(first);
  expect(again.err).toContain('nothing new was sent, this is the first id. It is ready in reviewer.');
});

test('and where the first one is by now', async () => {
  const words = 'send reviewer,planner hello --as planner --dedupe-key k';
  const first = await rig.sent(words);
  await rig.dreamos('read reviewer --ack');
  expect((await rig.dreamos(words)).err).toContain('It is archived in reviewer; ready in planner.');
  await rig.dreamos(`cancel ${first}`);
  const { json } = await rig.dreamos(`${words} --json`);
  expect(json).toMatchObject([
    { id: first, state: 'archived', states: [{ state: 'archived' }, { state: 'archived' }] },
  ]);
});

const batch = (...lines: unknown[]) => ({
  stdin: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
});

test('--batch sends a message a line and prints the ids in order', async () => {
  const { code, out } = await rig.dreamos(
    'send --batch --as planner',
    batch({ to: 'reviewer', body: 'one' }, { to: ['planner'], body: 'two' }),
  );
  expect(code).toBe(0);
  expect(out).toMatch(/^[0-9A-Z]{26}\n[0-9A-Z]{26}\n$/);
  expect(await bodyOfNext()).toBe('one');
});

test('--batch knows the fields of a message, with durations as text', async () => {
  const line = {
    body: 'b',
    from: 'planner',
    subject: 'S',
    type: 'task',
    priority: 'urgent',
    thread: 'T',
    tags: ['a'],
    data: [1],
    ttl: '1h',
    dedupeKey: 'k',
    orderingKey: 'o',
  };
  await rig.dreamos('send reviewer --batch', batch(line));
  const { json } = await rig.dreamos('peek reviewer --json');
  const { ttl: _, ...fields } = line;
  expect(json[0]?.['message']).toMatchObject({ ...fields, to: ['reviewer'], expiresAt: '2026-11-20T10:00:00.000Z' });
});

test.each([
  ['2026-11-20T11:00+01:00', '2026-11-20T10:00:00.000Z'],
  ['2026-11-20T11:00:30.5+0100', '2026-11-20T10:00:30.500Z'],
  ['2026-11-20 10:00', '2026-11-20T10:00:00.000Z'],
  ['2028-02-29T00:00z', '2028-02-29T00:00:00.000Z'],
])('--at %s delivers not before %s', async (at, due) => {
  expect((await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--at', at])).code).toBe(0);
  const { json } = await rig.dreamos('list reviewer --json');
  expect(json).toMatchObject([{ state: 'delayed', dueAt: due }]);
});

test.each([
  '9:00',
  '09:00',
  '2026-11-21',
  '2026-02-30T09:00Z',
  '2026-11-21T25:00',
  '2026-11-21T09:00+25:00',
  'tomorrow',
])('--at %s is refused with a time that would do', async (at) => {
  const { code, err } = await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--at', at]);
  expect(code).toBe(2);
  expect(err).toContain(`"${at}" is not a time for --at.`);
  expect(await isEmpty()).toBe(true);
  const [, meant = ''] = /Write day and time: (\S+Z), or /.exec(err) ?? [];
  expect(await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--at', meant])).toMatchObject({ code: 0 });
});

test('--at in the past is refused, and says what time it is', async () => {
  const { code, err } = await rig.dreamos('send reviewer x --as planner --at 2026-11-20T09:00+01:00');
  expect(code).toBe(2);
  expect(err).toContain('2026-11-20T08:00:00.000Z is over: it is 2026-11-20T09:00:00.000Z.');
  expect(err).toContain('Next: To have it delivered at once, leave out --at.\n');
});

test('a line of --batch has "at", too', async () => {
  await rig.dreamos('send --batch --as planner', batch({ to: 'reviewer', body: 'x', at: '2026-11-20T10:00Z' }));
  expect((await rig.dreamos('list reviewer --json')).json).toMatchObject([{ dueAt: '2026-11-20T10:00:00.000Z' }]);
  const bad = await rig.dreamos('send --batch --as planner', batch({ to: 'reviewer', body: 'x', at: 'soon' }));
  expect(bad.code).toBe(6);
});

test('--batch goes on behind a bad line, names its number, and exits with the first failure', async () => {
  const lines = batch(
    { to: 'nobody', body: 'x' },
    '{broken',
    '',
    { to: 'reviewer', body: 'good' },
    { to: 'reviewer', body: 'x', ttl: 'soon' },
    { to: 'reviewer', boddy: 'x' },
    '[]',
    { to: 'reviewer' },
  );
  const { code, out, err } = await rig.dreamos('send --batch --as planner --json', lines);
  expect(code).toBe(4);
  expect(out.trim().split('\n')).toHaveLength(1);
  const errors = err
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { error: { line: number; code: string; message: string } }).error);
  expect(errors.map((error) => [error.line, error.code])).toEqual([
    [1, 'AGENT_NOT_FOUND'],
    [2, 'MESSAGE_INVALID'],
    [5, 'MESSAGE_INVALID'],
    [6, 'MESSAGE_INVALID'],
    [7, 'MESSAGE_INVALID'],
    [8, 'MESSAGE_INVALID'],
  ]);
  expect(errors[3]?.message).toContain('"boddy"');
  expect(await bodyOfNext()).toBe('good');
});

test('--batch takes more lines than one call may have', async () => {
  const lines = Array.from({ length: 2345 }, (_, i) => ({ to: 'reviewer', body: `m${i}` }));
  const { out } = await rig.dreamos('send --batch --as planner', batch(...lines));
  const ids = out.trim().split('\n');
  expect(new Set(ids).size).toBe(2345);
  const { json } = await rig.dreamos('peek reviewer -n 2345 --json');
  expect(json.map((one) => (one['message'] as { id: string }).id)).toEqual(ids);
});

test('--batch whose reader has gone stops, and says what was sent', async () => {
  const { code, err } = await rig.dreamos('send reviewer --batch --as planner', {
    ...batch({ body: 'one' }),
    stdout: closedPipe(),
  });
  expect(code).toBe(7);
  expect(err).toContain('up to line 1');
});

test.each([
  [['send', 'hi', 'reviewer'], 4, 'The recipient comes first: dreamos send reviewer hi --as planner\n'],
  [
    ['send', 'hi there', 'reviewer', '--dry-run'],
    6,
    "The recipient comes first: dreamos send reviewer 'hi there' --as planner\n",
  ],
  [
    ['request', 'hi there', 'reviewer'],
    6,
    "The recipient comes first: dreamos request reviewer 'hi there' --as planner\n",
  ],
  [['send', 'hi', 'nobody'], 4, 'Next: dreamos agent register hi\n'],
  [['send', 'all', 'hi'], 4, 'Next: Everybody is "@all".\n'],
  [['send', 'devs', 'hi'], 4, 'Of a group it is "@devs". If an agent is meant: dreamos agent register devs\n'],
  [['send', 'a b', 'hi'], 6, '"a b" cannot be an agent\'s name: " " is not allowed in it.\n'],
  [['send', '.a', 'hi'], 6, '".a" cannot be an agent\'s name: it begins with ".".\n'],
  [['send', 'hi there'], 6, "For example: dreamos send reviewer 'hi there' --as planner\n"],
  [['request', 'hi there'], 6, "For example: dreamos request reviewer 'hi there' --as planner\n"],
] as const)('%j is told what is wrong with it', async (words, code, told) => {
  await rig.dreamos('agent register planner --group devs');
  const sent = await rig.dreamos([...words, '--as', 'planner']);
  expect(sent).toMatchObject({ code, out: '' });
  expect(sent.err).toContain(told);
});

test('of a text alone at a terminal nobody asks for the body, but for who gets it', async () => {
  const { code, err } = await rig.dreamos(['send', 'hi there', '--as', 'planner'], { terminal: true });
  expect(code).toBe(2);
  expect(err).toContain("dreamos send reviewer 'hi there' --as planner\n");
});

test.each([
  ['messages.jsonl', 4],
  ['mail/new.jsonl', 6],
])('--batch takes %s for a recipient, so it says how a file is read, and sends nothing', async (file, code) => {
  const sent = await rig.dreamos(`send --batch ${file} --as planner`, batch({ to: 'reviewer', body: 'x' }));
  expect(sent).toMatchObject({ code, out: '' });
  expect(sent.err).toContain(`If it is the file: dreamos send --batch --as planner < ${file}; if not: `);
  const typed = await rig.dreamos(`send --batch ${file} --as planner`, { terminal: true });
  expect(typed.err.replace(/\s+/g, ' ')).toContain(
    `Pipe JSON Lines in, those of a file so: dreamos send --batch --as planner < ${file}; `,
  );
  expect((await rig.dreamos('send --batch - --as planner', batch({ to: 'reviewer', body: 'x' }))).code).toBe(0);
});

test('--batch refuses options that belong into the lines', async () => {
  const { code, err } = await rig.dreamos('send reviewer --batch --dedupe-key k --as planner', batch({ body: 'one' }));
  expect(code).toBe(2);
  expect(err).toContain('--dedupe-key says nothing with --batch');
});

test('a full mailbox is exit 5, and nothing is sent to anybody', async () => {
  await rig.dreamos('agent register reviewer --set maxMessages=1');
  await rig.sent();
  const { code, out, err } = await rig.dreamos('send planner,reviewer hello --as planner --json');
  expect({ code, out }).toEqual({ code: 5, out: '' });
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'MAILBOX_FULL' } });
  expect((await rig.dreamos('list planner --json')).json).toEqual([]);
  const waited = await rig.dreamos('send reviewer hello --as planner --wait 50ms');
  expect(waited).toMatchObject({ code: 5, out: '' });
  expect(waited.err).toContain('dreamos status reviewer');
  expect((await rig.dreamos('send reviewer hello --as planner --wait soon')).code).toBe(2);
});

test('of a batch each line over the limit is refused by its number, and the others are sent', async () => {
  await rig.dreamos('agent register reviewer --set maxMessages=2');
  const stdin = ['a', 'b', 'c'].map((body) => `${JSON.stringify({ body })}\n`).join('');
  const { code, out, err } = await rig.dreamos('send reviewer --batch --as planner', { stdin });
  expect(code).toBe(5);
  expect(out.trim().split('\n')).toHaveLength(2);
  expect(err).toContain('line 3: reviewer is full');
});
