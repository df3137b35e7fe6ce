/** Real disks without space or without inodes: looks see what is there, and what must write says so and half does nothing. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import { notHere, notRoot, said, skips } from '../lack.ts';
import { cannotMount, fill, mounted, pageBytes, type Scarce } from '../tmpfs.ts';
import { type Ended, errorsOf, filesIn, parseLines, type Rig, test, until, type Words } from './rig.ts';

const minute = 60_000;

interface Place {
  readonly dir: string;
  readonly root: string;
  readonly box: (agent: string) => string;
  run(words: Words, stdin?: string): Promise<Ended>;
}

interface Mail {
  /** Of what planner and reviewer have both got, and planner has finished. */
  readonly shared: string;
  /** The receipt of what is held, by its mailbox. */
  readonly held: Readonly<Record<'lead' | 'reviewer', string>>;
}

type Scene = Place & Mail;

function placeIn(rig: Rig, dir: string): Place {
  const root = join(dir, 'runtime', 'agent_comms');
  return {
    dir,
    root,
    box: (agent) => join(root, 'agent_mailboxes', agent),
    run: (words, stdin = '') =>
      rig.dreamos([...(typeof words === 'string' ? words.split(' ').filter(Boolean) : words), '--json'], {
        env: { DREAMOS_ROOT: root, DREAMOS_AGENT: 'lead' },
        stdin,
      }),
  };
}

/** A root with mail in every state, and one of all that a look would move first. */
async function makeScene(rig: Rig, dir: string): Promise<Mail> {
  const { box, run } = placeIn(rig, dir);
  const done = async (words: Words) => {
    const ended = await run(words);
    expect({ words, code: ended.code }, ended.err).toEqual({ words, code: 0 });
    return ended.json;
  };
  const sent = async (to: string, body: string, more = '') => (await done(`send ${to} mail-${body} ${more}`))[0]!.id;
  const taken = async (mailbox: string, more = '') => (await done(`read ${mailbox} ${more}`))[0]!;

  await rig.dreamos('init planner reviewer lead --quiet', { cwd: dir });
  const shared = await sent('reviewer,planner', 'shared');
  await taken('planner', '--ack');
  await sent('reviewer', 'finished', '--priority urgent');
  await taken('reviewer', '--ack');
  await sent('reviewer', 'dead', '--priority urgent');
  await done(`nack ${(await taken('reviewer')).receipt} --dead`);
  await sent('lead', 'leads');
  await sent('reviewer', 'held', '--priority urgent');
  const held = { lead: (await taken('lead')).receipt, reviewer: (await taken('reviewer')).receipt };
  await sent('reviewer', 'lapsed', '--priority urgent');
  const lapsed = await taken('reviewer', '--lease 1s');
  const soonMs = 500;
  const more = [
    { body: 'mail-late', delay: `${soonMs}ms` },
    { body: 'mail-tomorrow', delay: '1d' },
    { body: 'mail-short', ttl: `${soonMs}ms` },
    { body: 'mail-spoilt', priority: 'low' },
  ];
  const batch = await run('send --batch', more.map((draft) => JSON.stringify({ to: 'reviewer', ...draft })).join('\n'));
  const spoilt = batch.json[3]!.id;
  const dueAt = Math.max(Date.parse(lapsed.leaseUntil), Date.now() + soonMs);
  const entry = filesIn(box('reviewer')).find((name) => name.includes(spoilt))!;
  appendFileSync(join(box('reviewer'), entry), ' ');
  await done('subscribe news --as planner');
  await done('publish news mail-bulletin');
  // Every second, and of missed ones the latest is sent: it is due by now.
  await done(['schedule', 'add', 'often', '* * * * * *', 'planner', 'mail-tick']);
  await cutOff(box('planner'), () => run('send planner,reviewer mail-outbox'));
  for (const [name, text] of [
    ['adopted', '{"from":"script","body":"mail-dropped"}'],
    ['keyed', '{"from":"script","body":"mail-keyed","dedupeKey":"k"}'],
    ['spoilt', 'no message'],
  ] as const) {
    const file = join(box('reviewer'), 'drop', `${name}.json`);
    writeFileSync(file, text, { mode: 0o600 });
    utimesSync(file, new Date(), new Date(Date.now() - minute));
  }
  await until('all of it is due', () => Date.now() > dueAt);
  return { shared, held };
}

/** A send whose sender was cut off when it had not yet reached this mailbox. */
async function cutOff(box: string, send: () => Promise<Ended>): Promise<void> {
  const ready = join(box, 'ready');
  renameSync(ready, `${ready}-away`);
  writeFileSync(ready, '');
  expect(await send()).toMatchObject({ code: 0 });
  unlinkSync(ready);
  renameSync(`${ready}-away`, ready);
}

/** What it warns of, and then the rest, which is the disk's. */
function warnedOf({ err }: Ended): string[] {
  return parseLines(err).flatMap((line) =>
    'warning' in line ? [String((line['warning'] as { message: unknown }).message).split(': ')[0] ?? ''] : [],
  );
}

interface FullDisk {
  /** Uses up what a command has freed. */
  again(): void;
  free(): void;
}

/** Uses up all there is. The logs have no room in their last page either. */
function filled({ dir, root }: Scene, scarce: Scarce): FullDisk {
  for (const log of filesIn(root).filter((name) => /\/events\/[^/]+\.jsonl$/.test(name))) {
    const path = join(root, log);
    appendFileSync(path, '\n'.repeat(-statSync(path).size & (pageBytes - 1)));
  }
  const frees = [fill(dir, scarce)];
  return {
    again: () => void frees.push(fill(dir, scarce)),
    free: () => frees.forEach((free) => free()),
  };
}

const everywhere = [
  'shared',
  'finished',
  'dead',
  'leads',
  'held',
  'lapsed',
  'late',
  'tomorrow',
  'short',
  'bulletin',
  'outbox',
];

type Look = readonly [words: string, shows: readonly string[], exit?: number];

const looksAt = (shared: string): Look[] => [
  ['status', ['"planner"', '"reviewer"', '"lead"']],
  ['list reviewer', ['shared', 'held', 'lapsed', 'late', 'tomorrow', '"message":null']],
  ['list planner', ['bulletin']],
  ['peek reviewer -n 20', ['shared', 'outbox']],
  ['search mail', everywhere],
  [`thread ${shared}`, ['shared']],
  [`trace ${shared}`, ['"delivered"', '"acked"']],
  [`show ${shared}`, ['shared', '"archived"', '"ready"']],
  ['watch --since start --count 5', ['"delivered"']],
  // Longer than the schedule rests.
  ['watch --wait 1500ms', [], 3],
  ['listen news --since start --count 1', ['bulletin']],
  ['listen news --wait 200ms', [], 3],
  ['topics list', ['"news"']],
  ['topics show news', ['bulletin', '"planner"']],
  ['dlq list reviewer', ['dead']],
  ['archive list reviewer', ['finished']],
  ['archive search mail', ['finished', 'shared']],
  ['archive export reviewer', ['finished']],
  ['schedule list', ['"often"']],
  ['agent list', ['"planner"', '"reviewer"', '"lead"']],
  ['config get', ['"lease"']],
  ['maintain --dry-run', []],
  ['send reviewer hello --dry-run', ['"reviewer"']],
  // What it finds is the message that was spoilt.
  ['doctor', ['"entry"'], 6],
];

async function searched({ run }: Scene): Promise<string[]> {
  const found = (await run('search mail')).json.map(({ message, mailbox }) => `${message.body} ${mailbox}`);
  return found.filter((line) => !line.startsWith('mail-tick')).sort();
}

/** After it has room again nothing is in disorder but what was spoilt, and nothing is left of what failed. */
async function expectOrder({ root, run }: Scene): Promise<void> {
  await run('status');
  const findings = (await run('doctor')).json.filter(({ level }) => level !== 'info');
  expect(findings).toMatchObject([{ rule: 'entry', mailbox: 'reviewer' }]);
  expect(filesIn(root).filter((name) => /\/tmp\/|^outbox\/|\.\d+$|\.lock|\/drop\//.test(name))).toEqual([]);
  expect((await run('agent list')).json.map(({ name }) => name)).toEqual(['lead', 'planner', 'reviewer']);
}

/** Each once, where it was or where it was on its way to. */
const whole = [
  ...everywhere.filter((body) => body !== 'leads' && body !== 'bulletin').map((body) => `mail-${body} reviewer`),
  ...['dropped', 'keyed'].map((body) => `mail-${body} reviewer`),
  ...['bulletin', 'outbox', 'shared'].map((body) => `mail-${body} planner`),
  'mail-bulletin #news',
  'mail-leads lead',
].sort();

// Made once, because that takes twenty commands.
const model = realpathSync(mkdtempSync(join(tmpdir(), 'dreamos-full-disk-')));
let made: Promise<Mail> | undefined;
afterAll(() => rmSync(model, { recursive: true, force: true }));

async function onDisk(rig: Rig, skip: (why: string) => void, work: (at: Scene) => Promise<void>): Promise<void> {
  const lack = await cannotMount(rig.dir);
  if (lack !== undefined) skip(notHere(lack).why);
  const dir = join(rig.dir, 'disk');
  const mail = await (made ??= makeScene(rig, model));
  await mounted(dir, 'size=2m,nr_inodes=500', async () => {
    execFileSync('cp', ['-a', join(model, 'runtime'), dir]);
    await work({ ...placeIn(rig, dir), ...mail });
  });
}

/** What it exits with where there is no space, and where there are no inodes: a rename takes none, but its folder may. */
const writes = ({ lead, reviewer }: Scene['held']): [words: string, exits: Readonly<Record<Scarce, number>>][] => [
  ['send planner half', never],
  ['send planner,reviewer half', never],
  ['send reviewer half --delay 1h', never],
  ['send planner half --dedupe-key key', never],
  ['publish news half', never],
  [`reply ${lead} half`, never],
  ['request planner half --wait 1s', never],
  ['subscribe other', never],
  ['config set lease 10m', never],
  ['schedule add nightly @daily reviewer half', never],
  ['agent register new', never],
  ['init newer', never],
  [`nack ${lead} --dead`, never],
  [`ack ${lead}`, { space: 0, inodes: 7 }],
  [`ack ${reviewer}`, { space: 0, inodes: 0 }],
  // Its slot is one in which nothing has been claimed.
  ['read planner --lease 3h', { space: 0, inodes: 7 }],
];
const never = { space: 7, inodes: 7 };

describe.concurrent('roots', () => {
  for (const scarce of ['space', 'inodes'] as const) {
    test.skipIf(skips(notRoot))(
      said(`on a disk without ${scarce} every look sees what is there, and nothing is lost`, notRoot),
      async ({ bare: rig, skip }) => {
        await onDisk(rig, skip, async (at) => {
          // Where this is to be put aside there is no room for a folder.
          if (scarce === 'inodes') rmdirSync(join(at.box('reviewer'), 'corrupt'));
          const problems: string[] = [];
          const disk = filled(at, scarce);
          for (const [words, shows, exit = 0] of looksAt(at.shared)) {
            const ended = await at.run(words);
            disk.again();
            const warned = warnedOf(ended);
            problems.push(
              ...(ended.code === exit ? [] : [`${words}: exit ${ended.code}, ${ended.err}`]),
              ...shows.filter((text) => !ended.out.includes(text)).map((text) => `${words}: no ${text}`),
              ...warned.filter((each, n) => warned.indexOf(each) < n).map((each) => `${words}: said again: ${each}`),
            );
          }
          expect(problems).toEqual([]);
          disk.free();
          await expectOrder(at);
          expect(await searched(at)).toEqual(whole);
        });
      },
    );

    test.skipIf(skips(notRoot))(
      said(`on a disk without ${scarce} what must write says so, and half does nothing`, notRoot),
      async ({ bare: rig, skip }) => {
        await onDisk(rig, skip, async (at) => {
          const disk = filled(at, scarce);
          // What can be moved is moved, and what that frees is used up, too.
          await at.run('status');
          disk.again();
          const failed: string[] = [];
          for (const [words, exits] of writes(at.held)) {
            const ended = await at.run(words);
            disk.again();
            expect({ words, code: ended.code }, ended.err).toEqual({ words, code: exits[scarce] });
            if (ended.code === 0) continue;
            failed.push(words);
            const [error, ...more] = errorsOf(ended);
            expect(more, words).toEqual([]);
            expect(error).toMatchObject({ code: 'DISK_FAILED', hint: expect.stringContaining('df -i') as string });
            expect(error?.message).toMatch(new RegExp(`^Could not .*${at.root}/.*ENOSPC\\.$`));
          }
          disk.free();
          await expectOrder(at);
          expect(await searched(at)).toEqual(whole);
          expect((await at.run('search half')).json).toEqual([]);
          expect((await at.run('archive list reviewer')).json.map(({ message }) => message.body).sort()).toEqual([
            'mail-finished',
            'mail-held',
          ]);
          // Tried again, as the error says.
          for (const words of failed.filter((each) => /^(send planner|agent|ack)/.test(each)))
            expect({ words, ...(await at.run(words)) }).toMatchObject({ words, code: 0 });
        });
      },
    );
  }
});
