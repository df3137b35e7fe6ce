/**
 * Many processes on one root for a while, killed and paused at random: what went in is what is there in the end. Named
 * after the checker of the same name in the tests of message queues. A second round steps the wall clock back and forth.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { setConfig } from '../../../src/core/config/change.ts';
import { type Lack, noTool } from '../../lack.ts';
import { seeded, whole, type Random } from '../model/random.ts';
import type { FaultOptions, FaultPart, FaultResult } from '../part.ts';
import { Crew, type Role } from './crew.ts';
import { readDiaries } from './diaries.ts';
import { comeToRest, keptBy, missedEvents } from './rest.ts';
import { judge, type Verdict } from './verdict.ts';
import { initRoot } from '../../../src/core/open-root.ts';

export const part: FaultPart = {
  name: 'total queue',
  async cannotRun() {
    return undefined;
  },
  run,
};

interface Round {
  readonly name: string;
  readonly producers: number;
  readonly consumers: number;
  readonly watchers: number;
  readonly readers: number;
  readonly forMs: number;
  readonly leaseMs: number;
  readonly stepping: boolean;
}

const mailboxes = ['red', 'green', 'blue'];
const fullCrew = { producers: 10, consumers: 14, watchers: 5, readers: 3 };
const smallCrew = { producers: 4, consumers: 5, watchers: 2, readers: 1 };

async function run(options: FaultOptions): Promise<FaultResult> {
  const { bounded } = options;
  const crew = bounded ? smallCrew : fullCrew;
  const leaseMs = bounded ? 400 : 1000;
  const rounds: Round[] = [{ name: 'steady clock', ...crew, leaseMs, forMs: bounded ? 3000 : 60_000, stepping: false }];
  const skipped: Lack[] = [];
  const faketime = await findFaketime(options.dir);
  if (faketime === undefined)
    skipped.push(
      noTool('total queue with a stepped clock: libfaketime (package faketime) is missing, or has no effect on node'),
    );
  else rounds.push({ name: 'stepped clock', ...crew, leaseMs, forMs: bounded ? 2000 : 60_000, stepping: true });

  const figures: Record<string, number> = {};
  const failures: string[] = [];
  for (const round of rounds) {
    const verdict = await runRound(round, options, faketime);
    for (const [what, count] of Object.entries(verdict.figures)) {
      const name = round.stepping ? `${what}, clock stepped` : what;
      figures[name] = count;
    }
    failures.push(
      ...verdict.failures.map((text) => `${round.name}, seed ${options.seed}, files in ${options.dir}: ${text}`),
    );
  }
  return { figures, failures, ...(skipped.length > 0 && { skipped }) };
}

async function runRound(round: Round, options: FaultOptions, faketime: string | undefined): Promise<Verdict> {
  const dir = join(options.dir, round.name.replace(' ', '-'));
  const diaries = join(dir, 'diaries');
  mkdirSync(diaries, { recursive: true });
  const random = seeded(options.seed);
  const { root } = await initRoot({ root: join(dir, 'root'), agents: mailboxes });
  await setConfig(root, 'maxAttempts', '50');
  await setConfig(root, 'backoffMin', '20ms');
  await setConfig(root, 'backoffMax', '200ms');
  await setConfig(root, 'lease', `${round.leaseMs}ms`);
  await registerAgent(root, { name: mailboxes[0] as string });

  const clock = join(dir, 'clock');
  writeFileSync(clock, '+0');
  const env = round.stepping && faketime !== undefined ? steppedBy(faketime, clock) : process.env;
  const project = dirname(dirname(options.command));
  const crew = new Crew(project, rolesOf(round, root.path, diaries), env);
  try {
    await disturb(crew, round, random, clock, options);
    await crew.stop(['producer', 'consumer', 'reader']);
    writeFileSync(clock, '+0');
    options.progress(`${round.name}: ${crew.kills} kills, ${crew.pauses} pauses; waiting for all leases to run out`);
    const restless = await comeToRest(root, mailboxes);
    const missed = await missedEvents(root, diaries, mailboxes);
    await crew.stop(['watcher']);
    const verdict = judge(readDiaries(diaries), await keptBy(root, mailboxes), round.leaseMs, round.stepping);
    const { figures, failures } = verdict;
    // A round in which nothing happened would prove nothing.
    const some = ['acknowledged', 'claims', 'acked'];
    for (const what of options.bounded ? some : [...some, 'redeliveries', 'staleAcksRefused', 'dead', 'looks']) {
      if (!figures[what]) failures.push(`Nothing was counted as "${what}".`);
    }
    failures.push(...crew.failures, ...restless, ...missed.failures, ...corruptOnes(root.path));
    return {
      figures: { processes: crew.size, kills: crew.kills, pauses: crew.pauses, ...figures, events: missed.events },
      failures,
    };
  } finally {
    crew.abandon();
    await root.close();
  }
}

function rolesOf(round: Round, root: string, diaries: string): Role[] {
  const role = (script: string, count: number, input: object): Role[] =>
    Array.from({ length: count }, (_, n) => {
      const name = `${script}-${n}`;
      return { script, name, input: { root, name, mailboxes, diary: join(diaries, `${name}.jsonl`), ...input } };
    });
  return [
    ...role('producer', round.producers, { restMs: 40 }),
    ...role('consumer', round.consumers, { leaseMs: round.leaseMs }),
    ...role('watcher', round.watchers, {}),
    ...role('reader', round.readers, {}),
  ];
}

/** Kills and pauses at random until the time is over; steps the clock when the round wants it. */
async function disturb(
  crew: Crew,
  round: Round,
  random: Random,
  clock: string,
  { progress }: FaultOptions,
): Promise<void> {
  await crew.allWork();
  const endsAt = performance.now() + round.forMs;
  const restMs = Math.max(150, round.forMs / 200);
  let toldAt = 0;
  while (performance.now() < endsAt) {
    await pause(restMs * (0.5 + random()));
    const victim = whole(random, crew.size);
    if (random() < 0.6) await crew.kill(victim);
    else crew.pause(victim, round.leaseMs * (1.2 + random()));
    // Further than a lease in both directions, so that leases end early and hold too long.
    if (round.stepping && random() < 0.7) writeFileSync(clock, offset((random() * 6 - 3) * round.leaseMs));
    if (performance.now() - toldAt > 5000) {
      toldAt = performance.now();
      progress(
        `${round.name}: ${crew.kills} kills, ${crew.pauses} pauses, ${Math.ceil((endsAt - toldAt) / 1000)} s to go`,
      );
    }
  }
}

function offset(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${(Math.abs(ms) / 1000).toFixed(3)}`;
}

const places = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib', '/usr/lib64'];

/** The library that steps the clock of a process, where it really steps node's. */
async function findFaketime(dir: string): Promise<string | undefined> {
  const library = places.map((place) => join(place, 'faketime', 'libfaketimeMT.so.1')).find((path) => existsSync(path));
  if (library === undefined) return undefined;
  const clock = join(dir, 'clock-probe');
  writeFileSync(clock, '-100000');
  const { stdout } = await promisify(execFile)(process.execPath, ['-p', 'Date.now()'], {
    env: steppedBy(library, clock),
  });
  const steppedMs = Date.now() - Number(stdout);
  return Math.abs(steppedMs - 100_000_000) < 60_000 ? library : undefined;
}

function steppedBy(library: string, clock: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
    // A stepped clock does not change the times of files that are there.
    NO_FAKE_STAT: '1',
  };
}

function corruptOnes(root: string): string[] {
  return mailboxes.flatMap((mailbox) => {
    const dir = join(root, 'agent_mailboxes', mailbox, 'corrupt');
    return readdirSync(dir).map((name) => `A message was called corrupt: ${join(dir, name)}.`);
  });
}
