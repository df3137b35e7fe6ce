/**
 * Files in a mailbox that are no messages: each goes to corrupt/, byte for byte, is reported, and blocks nothing behind it.
 * And symbolic links: none is ever followed out of the root.
 */
import {
  closeSync,
  cpSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, filesIn, project, test, tree } from '../../e2e/rig.ts';

const fixtures = join(project, 'fixtures');
const hundredMB = 100 * 1024 * 1024;

describe.concurrent('one file of each bad kind in a mailbox', () => {
  test('among the ready messages: all behind them are delivered, each is in corrupt/ byte for byte, and is reported', async ({
    rig,
  }) => {
    const ids = [await rig.sent('send reviewer first --as planner')];
    const bucket = bucketOf(rig);
    const outside = join(rig.dir, 'outside.json');
    // A whole message, so that only not following the link keeps it from being delivered.
    cpSync(join(fixtures, 'good', 'sealed.json'), outside);
    const files = [...fixtureFiles('truncated'), ...fixtureFiles('hostile')];
    const placed = files.map((file, n) => copyBad(file, join(bucket, entryName(n))));
    placed.push(makeLarge(join(bucket, entryName(files.length))));
    placed.push(link(outside, join(bucket, entryName(files.length + 1))));
    // Names that dreamos does not make.
    placed.push(copyBad(join(fixtures, 'good', 'sealed.json'), join(bucket, 'notes.txt')));
    placed.push(copyBad(join(fixtures, 'good', 'sealed.json'), join(bucket, '00-first.json')));
    ids.push(await rig.sent('send reviewer second --as planner'));
    ids.push(await rig.sent('send reviewer third --as planner --priority low'));

    const read = await rig.dreamos('read reviewer -n 10 --json');
    expect(read.code, read.err).toBe(0);
    expect(read.json.map(({ message }) => message.id)).toEqual(ids);
    expectAllInCorrupt(rig, placed);
    expect(readFileSync(outside)).toEqual(readFileSync(join(fixtures, 'good', 'sealed.json')));

    const [status] = (await rig.dreamos('status reviewer --json')).json;
    expect(status).toMatchObject({ ready: 0, inflight: ids.length, corrupt: placed.length });
    const events = (await rig.dreamos('watch reviewer --since start --wait 100ms --json')).json;
    expect(events.filter(({ event }) => event === 'corrupt').length).toBe(placed.length);
  });

  test('handed in through drop/: the same, and what was handed in whole is delivered', async ({ rig }) => {
    const drop = join(rig.box('reviewer'), 'drop');
    const bad = [
      // Cut before its digest a message is one without, as scripts write them.
      ...fixtureFiles('truncated').filter(
        (file) => file.endsWith('.json') && basename(file) !== 'cut-before-digest.json',
      ),
      ...['list.json', 'number.json', 'wrong-shape.json', 'not-utf8.json', 'utf-16.json', 'directory.json'].map(
        (name) => join(fixtures, 'hostile', name),
      ),
    ];
    const placed = bad.map((file) => copyBad(file, join(drop, `0-${basename(file)}`)));
    placed.push(makeLarge(join(drop, '0-large.json')), link('/etc/passwd', join(drop, '0-link.json')));
    for (const { path, kind } of placed) if (kind === 'file') makeOld(path);
    cpSync(join(fixtures, 'good', 'handed-in.json'), join(drop, '9-good.json'));

    const read = await rig.dreamos('read reviewer -n 10 --wait 10s --json');
    expect(read.json.map(({ message }) => message.body)).toEqual([
      (JSON.parse(readFileSync(join(fixtures, 'good', 'handed-in.json'), 'utf8')) as { body: string }).body,
    ]);
    expectAllInCorrupt(rig, placed);
    expect(readdirSync(drop)).toEqual([]);
  });

  test('among the messages in flight, delayed, archived and dead: every command still works', async ({ rig }) => {
    const { dreamos, sent } = rig;
    const claimed = await sent('send reviewer claimed --as planner');
    const receipt = (await dreamos('read reviewer --json')).json[0]?.receipt ?? '';
    await sent('send reviewer finished --as planner');
    await dreamos('read reviewer --ack');
    await sent('send reviewer failed --as planner');
    await dreamos(`nack --dead ${(await dreamos('read reviewer --json')).json[0]?.receipt ?? ''}`);
    await sent('send reviewer later --as planner --delay 1h');
    const wheels = ['inflight', 'delayed', 'archive', 'dlq'];
    for (const state of wheels) {
      const dir = dirname(join(rig.box('reviewer'), state, filesIn(join(rig.box('reviewer'), state))[0] ?? ''));
      copyBad(join(fixtures, 'hostile', 'directory.json'), join(dir, 'folder.json'));
      copyBad(join(fixtures, 'truncated', 'cut.json'), join(dir, 'cut.json'));
      link('/etc/passwd', join(dir, 'link.json'));
    }
    const ready = await sent('send reviewer ready --as planner');
    for (const words of [
      'status reviewer',
      'list reviewer --state all',
      'archive list reviewer',
      'dlq list reviewer',
      `show ${claimed}`,
      'peek reviewer',
    ]) {
      const ended = await dreamos(`${words} --json`);
      expect(ended.code, `${words}: ${ended.err}`).toBe(0);
      expect(ended.json.length, words).toBeGreaterThan(0);
      expect(ended.out, 'nothing of /etc/passwd').not.toContain('root:');
    }
    expect((await dreamos('read reviewer --json')).json).toMatchObject([{ message: { id: ready } }]);
    expect(await dreamos(`ack ${receipt}`)).toMatchObject({ code: 0 });
    expect(await dreamos('dlq retry reviewer --all')).toMatchObject({ code: 0 });
    expect((await dreamos('read reviewer --json')).json).toMatchObject([{ attempt: 1, message: { body: 'failed' } }]);
  });
});

describe.concurrent('a symbolic link placed in a mailbox is never followed out', () => {
  // What goes through each folder; a few commands each, because every one costs a process.
  const through: Record<string, readonly string[]> = {
    tmp: ['send reviewer one --as planner'],
    drop: ['read reviewer', 'watch reviewer --wait 50ms'],
    ready: ['send reviewer one --as planner', 'send reviewer,planner both --as planner', 'read reviewer --ack'],
    delayed: ['send reviewer later --as planner --delay 1h', 'status'],
    inflight: ['read reviewer --ack', 'list reviewer'],
    archive: ['read reviewer --ack', 'archive list reviewer'],
    dlq: ['dlq list reviewer', 'dlq retry reviewer --all'],
    corrupt: ['read reviewer'],
    events: ['send reviewer one --as planner', 'watch reviewer --since start --wait 50ms'],
  };

  test('in place of a folder of the mailbox', async ({ rig }) => {
    for (const n of [1, 2, 3]) await rig.sent(`send reviewer ${n} --as planner --quiet`);
    await useEverything(rig);
    for (const [folder, commands] of Object.entries(through)) {
      const path = join(rig.box('reviewer'), folder);
      const outside = join(rig.dir, `outside-${folder}`);
      // What lies outside is the folder itself, so that a process that follows the link finds all that it looks for.
      renameSync(path, outside);
      symlinkSync(outside, path);
      if (folder === 'corrupt') makeOld(writeJunk(join(rig.box('reviewer'), 'drop', 'junk.json')));
      const before = tree(outside);
      for (const words of [...commands, 'doctor --fix']) await survives(rig, words);
      expect(tree(outside), folder).toEqual(before);
      unlinkSync(path);
      renameSync(outside, path);
    }
  });

  test('in place of the folders inside ready/, inflight/, delayed/ and archive/', async ({ rig }) => {
    await useEverything(rig);
    await rig.sent('send reviewer more --as planner');
    const outside = join(rig.dir, 'outside');
    mkdirSync(outside);
    for (const state of ['ready', 'inflight', 'delayed', 'archive']) {
      const dir = join(rig.box('reviewer'), state);
      for (const name of readdirSync(dir)) {
        renameSync(join(dir, name), join(outside, `${state}-${name}`));
        symlinkSync(join(outside, `${state}-${name}`), join(dir, name));
      }
    }
    const before = tree(outside);
    await useEverything(rig);
    expect(tree(outside)).toEqual(before);
  });

  test('in place of files: the event log, the card, last-read, config.json', async ({ rig }) => {
    await useEverything(rig);
    const outside = join(rig.dir, 'outside');
    mkdirSync(outside);
    const box = rig.box('reviewer');
    const log = join(box, 'events', readdirSync(join(box, 'events'))[0] ?? '');
    writeFileSync(join(rig.root, 'config.json'), '{}');
    for (const file of [log, join(box, 'last-read'), join(box, 'agent.json'), join(rig.root, 'config.json')]) {
      const target = join(outside, basename(file));
      renameSync(file, target);
      utimesSync(target, 1000, 1000);
      symlinkSync(target, file);
    }
    const before = tree(outside);
    await useEverything(rig);
    await rig.dreamos('agent register reviewer --description new');
    await rig.dreamos('config set lease 5m');
    expect(tree(outside)).toEqual(before);
    for (const name of readdirSync(outside)) expect(statSync(join(outside, name)).mtimeMs, name).toBe(1_000_000);
  });

  test('in place of a whole mailbox: it is none', async ({ rig }) => {
    const outside = join(rig.dir, 'outside');
    cpSync(rig.box('reviewer'), outside, { recursive: true });
    symlinkSync(outside, rig.box('linked'));
    const before = tree(outside);
    for (const words of [
      'send linked hello --as planner',
      'read linked',
      'status',
      'watch linked --wait 100ms',
      'agent list',
      'doctor --fix',
    ]) {
      await rig.dreamos(words);
    }
    expect(tree(outside)).toEqual(before);
    expect((await rig.dreamos('status --json')).json.map(({ mailbox }) => mailbox)).toEqual(['planner', 'reviewer']);
  });
});

/** Whatever writes in a mailbox; what of it works beside a planted link is not the question here, but nothing may crash. */
async function useEverything(rig: Rig): Promise<void> {
  const quick = [
    'send reviewer one --as planner',
    'send reviewer,planner both --as planner',
    'send reviewer later --as planner --delay 1h',
  ];
  for (const words of quick) await survives(rig, words);
  await survives(rig, 'send reviewer --batch --as planner', '{"body":"a"}\n{"body":"b"}\n');
  const { json } = await survives(rig, 'read reviewer -n 3 --json');
  const [ack, dead, back] = json.map(({ receipt }) => receipt);
  if (ack !== undefined) await survives(rig, `ack ${ack}`);
  if (dead !== undefined) await survives(rig, `nack ${dead} --dead`);
  if (back !== undefined) await survives(rig, `nack ${back} --delay 1h`);
  await survives(rig, 'watch reviewer --since start --wait 50ms');
  await survives(rig, 'doctor --fix');
}

async function survives(rig: Rig, words: string, stdin?: string) {
  const ended = await rig.dreamos(words, stdin === undefined ? {} : { stdin });
  expect(ended.code, `${words}: a bug is exit 1. ${ended.err}`).not.toBe(1);
  expect(ended.code, `${words} ended by itself`).not.toBe(null);
  return ended;
}

interface Placed {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** What corrupt/ has to keep. */
  readonly content: Buffer | string;
}

function fixtureFiles(folder: string): string[] {
  return readdirSync(join(fixtures, folder))
    .sort()
    .map((name) => join(fixtures, folder, name));
}

function copyBad(from: string, path: string): Placed {
  cpSync(from, path, { recursive: true, verbatimSymlinks: true });
  const stat = readdirSync(dirname(from), { withFileTypes: true }).find(({ name }) => name === basename(from));
  if (stat?.isDirectory()) return { path, kind: 'folder', content: readdirSync(path).join() };
  if (stat?.isSymbolicLink()) return { path, kind: 'link', content: readlinkSync(path) };
  return { path, kind: 'file', content: readFileSync(path) };
}

function makeLarge(path: string): Placed {
  const fd = openSync(path, 'w');
  ftruncateSync(fd, hundredMB);
  closeSync(fd);
  return { path, kind: 'file', content: `${hundredMB} bytes` };
}

function link(target: string, path: string): Placed {
  symlinkSync(target, path);
  return { path, kind: 'link', content: target };
}

function writeJunk(path: string): string {
  writeFileSync(path, 'junk');
  return path;
}

/** Older than the time that a script is given to finish writing. */
function makeOld(path: string): void {
  const minuteAgo = Date.now() / 1000 - 60;
  utimesSync(path, minuteAgo, minuteAgo);
}

/** The bucket of the one message that is ready. */
function bucketOf(rig: Rig): string {
  const ready = join(rig.box('reviewer'), 'ready');
  const [entry, ...more] = filesIn(ready);
  if (entry === undefined || more.length > 0) throw new Error('not one ready message');
  return dirname(join(ready, entry));
}

/** A name that sorts before every message that is sent today. */
function entryName(n: number): string {
  return `t1700000000000.i01HF7YAT00AAAAAAAAAAAAAA${String(n).padStart(2, '0').slice(0, 2)}.p2.a0.json`;
}

function expectAllInCorrupt(rig: Rig, placed: readonly Placed[]): void {
  const dir = join(rig.box('reviewer'), 'corrupt');
  const kept = readdirSync(dir, { withFileTypes: true }).filter(({ name }) => !name.endsWith('.note.json'));
  const contents = kept.map((entry) => {
    const path = join(dir, entry.name);
    expect(JSON.parse(readFileSync(`${path}.note.json`, 'utf8')), 'a note says what is wrong').toBeTypeOf('object');
    if (entry.isDirectory()) return `folder ${readdirSync(path).join()}`;
    if (entry.isSymbolicLink()) return `link ${readlinkSync(path)}`;
    if (statSync(path).size === hundredMB) return `file ${hundredMB} bytes`;
    return `file ${readFileSync(path).toString('base64')}`;
  });
  const wanted = placed.map(
    ({ kind, content }) => `${kind} ${typeof content === 'string' ? content : content.toString('base64')}`,
  );
  expect(contents.sort()).toEqual(wanted.sort());
}
