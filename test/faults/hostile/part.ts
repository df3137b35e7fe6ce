/**
 * What hostile neighbours of the same user may have put into a root before a command starts, and what they may write.
 * Nothing outside of the root is read or written, nothing reaches a terminal raw, no command hangs or breaks down.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { notHere, noTool } from '../../lack.ts';
import { makeSpecimen } from '../corruption/specimen.ts';
import { templateOf, type Template } from '../corruption/tree.ts';
import type { FaultOptions, FaultPart, FaultResult } from '../part.ts';
import { makeOutside, marker, readsShow } from './outside.ts';
import { plantJunk, plantsFor, type Plant } from './plants.ts';
import { runAll, type Ended, type Job } from './terminal.ts';
import { hostileJobs, layHostileMail } from './screens.ts';
import { posing, rawIn } from './words.ts';

export const part: FaultPart = {
  name: 'hostile neighbours',
  async cannotRun() {
    try {
      execFileSync('python3', ['-c', 'import pty']);
    } catch {
      return noTool('python3 is missing, which gives each command a terminal');
    }
    return userInfo().uid === 0 ? undefined : notHere('only root can make device nodes');
  },
  run,
};

interface Yard {
  readonly template: Template;
  readonly specimen: string;
  readonly options: FaultOptions;
  readonly failures: string[];
  readonly seesReads: boolean;
  commands: number;
  slowestMs: number;
}

/** A command that takes longer hangs, on a machine that is busy with other tests. */
const limitMs = 30_000;
const allowed = new Set([0, 2, 3, 4, 5, 6, 7]);

async function run(options: FaultOptions): Promise<FaultResult> {
  const { bounded, dir, progress } = options;
  mkdirSync(dir, { recursive: true });
  const specimen = await makeSpecimen(join(dir, 'specimen'));
  const yard: Yard = {
    template: templateOf(specimen),
    specimen,
    options,
    failures: [],
    seesReads: readsShow(dir),
    commands: 0,
    slowestMs: 0,
  };

  const plants = plantsFor(specimen, bounded);
  let next = 0;
  const work = async () => {
    for (let n = next++; n < plants.length; n = next++) {
      await tryPlant(yard, plants[n] as Plant, n);
      if (n % 50 === 49) progress(`${n + 1} of ${plants.length} plants`);
    }
  };
  await Promise.all([work(), work()]);
  progress(`${plants.length} plants; now a heap of junk`);
  const junk = await tryJunk(yard, bounded ? 4000 : 100_000);
  progress('hostile words on all screens');
  const screens = await tryScreens(yard);
  return {
    figures: { plants: plants.length, junk, screens, commands: yard.commands, slowestMs: yard.slowestMs },
    failures: yard.failures,
    ...(!yard.seesReads && {
      skipped: [
        notHere('hostile neighbours, reads outside of the root: this file system does not note when a file was read'),
      ],
    }),
  };
}

const looking = [
  'status',
  'list reviewer --state all',
  'peek reviewer -n 9',
  'watch --since start --wait 1ms',
  'doctor',
];
const changing = [
  'send reviewer,tester hello --as planner',
  'send tester again --as planner --dedupe-key nightly-build',
  'agent register tester --description changed',
  'config set lease 20m',
  'read reviewer -n 30',
  'read tester -n 30 --ack',
  'dlq retry reviewer --all',
  'doctor --fix',
  'read reviewer -n 30 --ack',
];
const more = [
  'agent list',
  'dlq list reviewer',
  'archive list reviewer',
  'archive search done',
  'config get',
  'init reviewer tester',
  'send reviewer later --as planner --delay 1h',
  'dlq purge reviewer --all --force',
];

const few = [
  ['list reviewer --state all', 'send reviewer,tester hello --as planner', 'read reviewer -n 30 --ack'],
  ['status', 'send tester again --as planner --dedupe-key nightly-build', 'doctor --fix', 'read tester -n 30 --ack'],
];

async function tryPlant(yard: Yard, { name, plant, shared = false }: Plant, n: number): Promise<void> {
  const { options, template, specimen, failures } = yard;
  const place = join(options.dir, `plant-${n}`);
  mkdirSync(place);
  const root = join(place, 'root');
  template.copyTo(root);
  const outside = makeOutside(join(place, 'outside'), join(specimen, 'agent_mailboxes/reviewer'));
  await plant(root, outside);
  outside.changes(true);
  // A process costs a tenth of a second.
  const lines = options.bounded ? (few[n % few.length] as string[]) : [...(n % 2 === 0 ? looking : more), ...changing];
  const ended = await runLines(yard, lines, root, name);
  for (const one of ended) {
    if (!shared && one.output.includes(marker))
      failures.push(`${name}: ${said(one)} shows what is outside of the root.`);
  }
  const changes = outside.changes(shared || !yard.seesReads);
  if (changes.length > 0)
    failures.push(`${name}: outside of the root, ${changes.slice(0, 5).join(', ')} (${lines.join('; ')}).`);
  rmSync(place, { recursive: true, force: true });
}

async function tryJunk(yard: Yard, count: number): Promise<number> {
  const root = join(yard.options.dir, 'junk');
  yard.template.copyTo(root);
  const planted = plantJunk(root, count);
  const ended = await runLines(
    yard,
    [
      'status',
      'send reviewer hello --as planner',
      'read reviewer -n 20 --ack',
      'agent list',
      'watch --since start --wait 1ms',
      'doctor',
      'doctor --fix',
      'status',
    ],
    root,
    `${planted} junk files`,
  );
  // What is good comes all the same: 12 of the specimen and the one just sent.
  const read = ended[2]?.output.toString() ?? '';
  const got = read.split('Words of agent').length - 1;
  if (got < 10) yard.failures.push(`${planted} junk files: read -n 20 shows ${got} messages: ${read.slice(-400)}`);
  rmSync(root, { recursive: true, force: true });
  return planted;
}

async function tryScreens(yard: Yard): Promise<number> {
  const { options, failures } = yard;
  // In a folder whose own name is hostile, too.
  const place = join(options.dir, 'scr\u001B]0;een\u0007\u202E');
  mkdirSync(place);
  await layHostileMail(place);
  let screens = 0;
  for (const color of options.bounded ? [true] : [true, false]) {
    const jobs = hostileJobs(place, color ? {} : { NO_COLOR: '1' });
    const all = await runAll(options.command, jobs, limitMs);
    for (const one of all) {
      screens++;
      judge(yard, one, 'hostile words');
      const wrong = rawIn(one.output, one.job.words.includes('--watch'));
      if (wrong !== undefined) failures.push(`${said(one)} writes to the terminal raw: ${wrong}`);
      const posed = posing(one.output.toString());
      if (posed !== undefined) failures.push(`${said(one)} lets words out of their fence: ${posed.slice(0, 200)}`);
    }
    // Else the words never came to any screen.
    if (!all.some(({ output }) => output.includes('system-reminder')))
      failures.push('The hostile words are on no screen.');
  }
  if (!existsSync(place)) failures.push('The folder is gone.');
  return screens;
}

async function runLines(yard: Yard, lines: readonly string[], root: string, what: string): Promise<Ended[]> {
  const jobs: Job[] = lines.map((line) => ({ words: [...line.split(' '), '--root', root], cwd: root }));
  const ended = await runAll(yard.options.command, jobs, limitMs);
  for (const one of ended) {
    judge(yard, one, what);
    const wrong = rawIn(one.output);
    if (wrong !== undefined) yard.failures.push(`${what}: ${said(one)} writes to the terminal raw: ${wrong}`);
  }
  return ended;
}

function judge(yard: Yard, one: Ended, what: string): void {
  yard.commands++;
  yard.slowestMs = Math.max(yard.slowestMs, one.ms);
  if (one.code === null)
    yard.failures.push(`${what}: ${said(one)} had not ended after ${one.ms} ms: ${one.output.toString().slice(-300)}`);
  else if (!(allowed.has(one.code) || (one.job.interruptMs !== undefined && one.code === 130))) {
    yard.failures.push(`${what}: ${said(one)} ended with ${one.code}: ${one.output.toString().slice(-500)}`);
  }
}

function said({ job }: Ended): string {
  const words = job.words.slice(0, job.words.indexOf('--root') < 0 ? undefined : job.words.indexOf('--root'));
  return `dreamos ${words.map((word) => (/^[\w.,/@=-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')}`;
}
