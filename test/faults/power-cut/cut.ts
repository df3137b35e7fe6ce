/**
 * Records what the store does on each file system, cuts the power at every recorded point, and looks for what is missing.
 * Started by part.ts in a mount namespace of its own: `node cut.mjs <Job as JSON>`; tells on stdout, one JSON line each.
 */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process, { argv, exit, stdin, stdout } from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { chooseStates, DiskLog, type DiskState } from './disk-log.ts';
import { examine, unmountable, type Verdict } from './examine.ts';
import { readLedgers, type Line } from './ledger.ts';
import { copyImage, Rig, type FileSystem, type Play, type Recording } from './rig.ts';
import { omissions, type Omission } from './test-disk.ts';

export interface Job {
  /** Images and logs are here; removed at the end. */
  readonly dir: string;
  readonly workload: string;
  readonly diskScript: string;
  readonly seed: number;
  readonly plan: readonly { readonly fileSystem: FileSystem; readonly states: number }[];
  readonly bounded: boolean;
  /** What is tried in the place of the library. */
  readonly native?: string | undefined;
}

export type Told =
  | { readonly progress: string }
  | { readonly failure: string }
  | { readonly counted: Partial<Tally> & { readonly fileSystem: FileSystem } };

interface Tally {
  states: number;
  operations: number;
  points: number;
  bucketsRemoved: number;
  lost: number;
  torn: number;
  doubled: number;
  twoNames: number;
  otherFailures: number;
  controls: number;
  controlsCaught: number;
}

function tell(told: Told): void {
  stdout.write(`${JSON.stringify(told)}\n`);
}

async function main(job: Job): Promise<void> {
  const rig = new Rig(job.dir, job.workload);
  const leave = (code: number): void => {
    rig.close();
    fs.rmSync(job.dir, { recursive: true, force: true });
    exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => leave(130));
  // Whoever started this holds the other end, and has died when it ends.
  stdin.on('end', () => leave(1)).resume();
  try {
    for (const { fileSystem, states } of job.plan) {
      await cutPower(rig, job, fileSystem, states);
      if (job.native !== undefined) await control(rig, job, fileSystem);
      else for (const omits of omissions) await control(rig, job, fileSystem, omits);
    }
  } catch (error) {
    tell({ failure: `The rig failed: ${(error as Error).stack ?? String(error)}` });
  }
  leave(0);
}

async function cutPower(rig: Rig, job: Job, fileSystem: FileSystem, count: number): Promise<void> {
  tell({ progress: `${fileSystem}: recording` });
  const recording = await rig.record(fileSystem, job.diskScript, (play) => work(play, job));
  const { ledger, points, made } = read(recording);
  const log = new DiskLog(recording.log);
  const states = chooseStates(
    log,
    points.filter((at) => at >= made),
    count,
    job.seed,
  );
  const tally = { states: 0, lost: 0, torn: 0, doubled: 0, twoNames: 0, otherFailures: 0 };
  report(fileSystem, ledger, tally);
  const replay = new Replay(rig, fileSystem, recording, log);
  const started = performance.now();
  for (const state of states) {
    const verdict = await replay.at(state, ledger);
    tally.states++;
    tally.lost += verdict.lost.size;
    tally.torn += verdict.torn.size;
    tally.doubled += verdict.doubled.size;
    tally.twoNames += verdict.twoNames.size;
    tally.otherFailures += verdict.wrong.size;
    blame(job, fileSystem, state, verdict, replay);
    if (tally.states % 100 === 0) {
      tell({
        progress: `${fileSystem}: ${tally.states} of ${states.length} states, lost ${tally.lost}, torn ${tally.torn}`,
      });
    }
  }
  if (states.length < count)
    tell({ failure: `Power cut on ${fileSystem}: only ${states.length} of ${count} states could be built.` });
  const msEach = Math.round((performance.now() - started) / Math.max(1, states.length));
  tell({
    progress: `${fileSystem}: ${states.length} states of a log of ${log.length} records and ${log.flushes} flushes, ${msEach} ms each`,
  });
  log.close();
  const operations = ledger.filter(({ kind }) =>
    ['made', 'registered', 'sent', 'dead', 'settled'].includes(kind),
  ).length;
  const bucketsRemoved = ledger.filter(
    (line) => line.kind === 'seen' && line.what === 'bucket removed before its sync',
  ).length;
  tell({ counted: { fileSystem, ...tally, operations, points: points.length, bucketsRemoved } });
}

/** First alone and in order, so that nobody's fsync helps anybody else; then all at once. */
async function work(play: Play, { seed, bounded, native }: Job): Promise<void> {
  const rounds = bounded ? 1 : 4;
  await play.start('setup', { seed: seed + 1, rounds });
  if (native !== undefined) return workNatively(play, seed, rounds, [native]);
  await play.start('quiet', { seed: seed + 2, rounds: bounded ? 1 : 2 });
  const consumers = [
    play.start('consumer', { seed: seed + 3, rounds }),
    play.start('consumer', { seed: seed + 4, rounds }),
  ];
  await Promise.all([
    play.start('producer', { seed: seed + 5, rounds: 10 * rounds }),
    play.start('producer', { seed: seed + 6, rounds: 10 * rounds }),
    play.start('keyed', { seed: seed + 7, rounds: 4 * rounds }),
    play.start('keyed', { seed: seed + 8, rounds: 4 * rounds }),
    play.start('expirer', { seed: seed + 9, rounds: 3 * rounds }),
  ]);
  play.stop();
  await Promise.all(consumers);
}

async function workNatively(play: Play, seed: number, rounds: number, program: readonly string[]): Promise<void> {
  await play.start('typist', { seed: seed + 2, rounds, program });
  const consumers = [3, 4].map((n) => play.start('typing consumer', { seed: seed + n, rounds, program }));
  await Promise.all([5, 6, 7].map((n) => play.start('typist', { seed: seed + n, rounds, program })));
  play.stop();
  await Promise.all(consumers);
}

/** Every fsync succeeds, and none is made. */
const withoutSyncs = ['strace', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:retval=0'];

/**
 * The same scenes on a disk that leaves out one kind of fsync, or natively every one: if nothing is found to be missing, the
 * rig is blind.
 */
async function control(rig: Rig, job: Job, fileSystem: FileSystem, omits?: Omission): Promise<void> {
  const recording = await rig.record(fileSystem, job.diskScript, async (play) => {
    await play.start('setup', { seed: job.seed + 1, rounds: 1 });
    if (job.native === undefined) await play.start('quiet', { seed: job.seed + 2, rounds: 1, ...(omits && { omits }) });
    else await play.start('typist', { seed: job.seed + 2, rounds: 1, program: [...withoutSyncs, job.native] });
  });
  const { ledger } = read(recording);
  const log = new DiskLog(recording.log);
  const replay = new Replay(rig, fileSystem, recording, log);
  const sent = ledger.filter((line) => line.kind === 'sent');
  const telling = omits === 'ancestor fsync' ? sent.filter(({ scene }) => scene === 'removed bucket') : sent;
  let caught: string | undefined;
  for (const point of new Set(telling.map(({ at }) => at))) {
    const { lost, torn } = await replay.at({ point, luck: 'none' }, ledger);
    [caught] = [...torn, ...lost];
    if (caught !== undefined) break;
  }
  log.close();
  const what = omits ?? 'fsync at all';
  tell({
    progress: `${fileSystem}: control "no ${what}" ${caught === undefined ? 'was NOT caught' : `caught: ${caught}`}`,
  });
  if (caught === undefined)
    tell({ failure: `Power cut on ${fileSystem}: without ${what} nothing was missing, so the test is blind.` });
  tell({ counted: { fileSystem, controls: 1, controlsCaught: caught === undefined ? 0 : 1 } });
}

/** Goes through the states of a recording in the order of its log. */
class Replay {
  /** Everything that was flushed below the last state's point. */
  readonly #flushed: string;
  #applied = 0;

  constructor(
    private readonly rig: Rig,
    private readonly fileSystem: FileSystem,
    recording: Recording,
    private readonly log: DiskLog,
  ) {
    this.#flushed = recording.before;
  }

  async at(state: DiskState, ledger: readonly Line[]): Promise<Verdict> {
    // Lets a signal or the end of stdin be heard.
    await setImmediate();
    const image = this.build(state);
    try {
      this.rig.mount(this.fileSystem, image);
    } catch (error) {
      return unmountable(error as Error);
    }
    try {
      return await examine(this.rig.root, ledger, state.point);
    } finally {
      this.rig.unmount();
    }
  }

  build(state: DiskState): string {
    const flushed = this.log.flushedBelow(state.point);
    const base = fs.openSync(this.#flushed, 'r+');
    this.log.applyRecords(base, this.#applied, flushed);
    fs.closeSync(base);
    this.#applied = Math.max(this.#applied, flushed);
    return this.rig.build(this.#flushed, (image) => this.log.apply(image, this.log.survivors(state)));
  }
}

function read(recording: Recording): { ledger: Line[]; points: number[]; made: number } {
  const ledger = readLedgers(recording.ledgers);
  const points = [...new Set(ledger.filter(({ kind }) => kind !== 'key-tried' && kind !== 'seen').map(({ at }) => at))];
  const made = ledger.find(({ kind }) => kind === 'made')?.at ?? Infinity;
  return { ledger, points, made };
}

function report(fileSystem: FileSystem, ledger: readonly Line[], tally: { otherFailures: number }): void {
  for (const line of ledger) {
    if (line.kind !== 'wrong' && !(line.kind === 'seen' && line.what === 'bucket still there')) continue;
    tally.otherFailures++;
    tell({ failure: `Power cut on ${fileSystem}, in the workload: ${line.what}` });
  }
}

const blamedAtMost = 5;
const blamed = new Map<FileSystem, number>();

function blame(job: Job, fileSystem: FileSystem, state: DiskState, verdict: Verdict, replay: Replay): void {
  const { twoNames, ...broken } = verdict;
  // Only btrfs takes a rename apart; anywhere else it would be dreamos.
  const blamable = fileSystem === 'btrfs' ? broken : { ...broken, twoNames };
  const all = Object.entries(blamable).flatMap(([what, cases]) => [...cases].map((one) => `${what}: ${one}`));
  const before = blamed.get(fileSystem) ?? 0;
  if (all.length === 0) return;
  blamed.set(fileSystem, before + 1);
  if (before >= blamedAtMost) return;
  // Processes race, so a seed alone does not bring the same log back: the first bad disk is kept.
  const kept = join(tmpdir(), `dreamos-power-cut-${fileSystem}-${job.seed}.img`);
  if (before === 0) copyImage(replay.build(state), kept);
  const more = all.length > 3 ? ` (and ${all.length - 3} more)` : '';
  tell({
    failure:
      `Power cut on ${fileSystem} at record ${state.point}, unflushed writes: ${state.luck}: ${all.slice(0, 3).join('; ')}${more}` +
      `${before === 0 ? `. The disk is kept: mount -o loop ${kept} <dir>` : ''} [seed ${job.seed}]`,
  });
}

await main(JSON.parse(argv[2] ?? '') as Job);
