/** One process of the workload: `node workload.mjs <role> <settings as JSON>`. */
import * as fs from 'node:fs';
import { argv } from 'node:process';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { consume as consumeByCommands, playRound } from './commands.ts';
import { openLedger, type Ledger } from './ledger.ts';
import { random } from './random.ts';
import {
  claimThenSend,
  consume,
  deadLetters,
  fixedBucket,
  freshBuckets,
  handOn,
  later,
  packAndBringBack,
  publish,
  register,
  reject,
  removedBucket,
  replaced,
  sendBatch,
  sendKeyed,
  sendOne,
  type Stage,
} from './scenes.ts';
import { forgetfulDisk, pausingDisk, type Omission } from './test-disk.ts';
import { initFileStore } from '../../../src/storage/file/make-root.ts';

export interface Settings {
  readonly root: string;
  readonly ledger: string;
  readonly position: string;
  /** While this file is there, consumers go on. */
  readonly running: string;
  readonly seed: number;
  /** How many rounds of its scenes a process plays. */
  readonly rounds: number;
  readonly omits?: Omission;
  /** The native program, and what stands before it. */
  readonly program?: readonly string[];
}

export type Role = 'setup' | 'quiet' | 'producer' | 'keyed' | 'consumer' | 'expirer' | 'typist' | 'typing consumer';

const agents = ['ada', 'bob', 'cyd', 'dot'];

const roles: Record<Role, (stage: Stage, settings: Settings) => Promise<void>> = {
  async setup(stage) {
    for (const name of [...agents, 'race', 'claims', 'graves', 'attic', 'state', 'desk', 'shelf', 'sender'])
      await register(stage, name);
    // Somebody follows, so that it is known from which run of the machine on events may be missing.
    await stage.consumer.journal.cursor(undefined, 'now');
  },

  /** Alone on the disk: nobody else's fsync covers up what is missing. */
  async quiet(stage, { rounds }) {
    for (let round = 0; round < rounds; round++) {
      await freshBuckets(stage, `fresh${round}`);
      await fixedBucket(stage, 'ada', 3);
      for (const acks of [true, false]) await removedBucket(stage, 'race', { filled: false, acks });
      if (round === 0) await removedBucket(stage, 'race', { filled: true, acks: true });
      for (const then of ['nothing', 'ack', 'nack', 'renew'] as const) await claimThenSend(stage, 'claims', then);
      await sendBatch(stage, ['bob'], 8);
      await sendBatch(stage, agents, 8);
      await sendOne(stage, agents, { scene: 'broadcast' });
      await sendOne(stage, agents, { scene: 'delayed broadcast', dueAt: later(stage) });
      for (const topic of ['builds', 'builds', `fresh.${round}`]) await publish(stage, topic, ['ada', 'bob']);
      await sendKeyed(stage, `quiet-${round}`, ['ada']);
      await sendKeyed(stage, `quiet-all-${round}`, agents);
      await sendKeyed(stage, `quiet-${round}`, ['ada']);
      await sendOne(stage, ['ada'], { scene: 'delayed', dueAt: later(stage) });
      await deadLetters(stage, 'graves');
      await replaced(stage, 'state', `quiet-${round % 2}`, 2);
      await packAndBringBack(stage, 'attic');
      for (const was of ['ready', 'delayed', 'held'] as const) {
        await handOn(stage, ['desk', 'shelf'], was);
        await handOn(stage, ['desk', `fresh${round}`, 'desk'], was);
      }
      for (const name of agents) await consume(stage, name);
    }
  },

  async producer(stage, { rounds, seed }) {
    const race = `race${seed}`;
    await register(stage, race);
    for (let round = 0; round < rounds; round++) {
      const luck = stage.ids.fraction();
      const to = agents[Math.floor(stage.ids.fraction() * agents.length)] ?? 'ada';
      if (luck < 0.1) await sendBatch(stage, agents, 12);
      else if (luck < 0.25) await sendOne(stage, agents, { scene: 'broadcast' });
      else if (luck < 0.35) await sendOne(stage, [to], { scene: 'delayed', dueAt: later(stage) });
      else if (luck > 0.85) await publish(stage, luck > 0.95 ? `fresh.${seed}.${round}` : 'builds', [to]);
      else if (luck < 0.45) await removedBucket(stage, race, { filled: false, acks: luck < 0.4 });
      else if (luck < 0.5) await freshBuckets(stage, `fresh${seed}-${round}`);
      else if (luck < 0.55) await claimThenSend(stage, race, 'ack');
      else if (luck < 0.58) await handOn(stage, [race, to], luck < 0.57 ? 'held' : 'ready');
      else if (luck < 0.62) await replaced(stage, 'state', `busy-${round % 2}`, 1);
      else await fixedBucket(stage, to, 1);
    }
  },

  /** Two of these use the same keys at the same time. */
  async keyed(stage, { rounds }) {
    for (let round = 0; round < rounds; round++) {
      await sendKeyed(stage, `busy-${round}`, round % 3 === 0 ? agents : [agents[round % agents.length] ?? 'ada']);
      if (round % 4 === 3)
        await sendKeyed(
          stage,
          `busy-${round - 2}`,
          (round - 2) % 3 === 0 ? agents : [agents[(round - 2) % agents.length] ?? 'ada'],
        );
    }
  },

  async consumer(stage, { running }) {
    while (fs.existsSync(running)) for (const name of agents) await consume(stage, name);
  },

  async typist({ ids, ledger }, { rounds, seed, root, program = [] }) {
    for (let round = 0; round < rounds; round++)
      playRound({ program, root, ledger, ids }, `typed-${seed}-${round}`, agents);
  },

  async 'typing consumer'({ ids, ledger }, { running, root, program = [] }) {
    consumeByCommands({ program, root, ledger, ids }, running, agents);
  },

  async expirer(stage, { rounds }) {
    for (let round = 0; round < rounds; round++) {
      if (round % 4 === 0) await deadLetters(stage, 'graves');
      else if (round % 4 === 1) await packAndBringBack(stage, 'attic');
      else if (!(await reject(stage, agents[round % agents.length] ?? 'ada'))) await fixedBucket(stage, 'graves', 1);
    }
  },
};

async function main(role: Role, settings: Settings): Promise<void> {
  const ledger = openLedger(settings.ledger, settings.position);
  try {
    await play(role, settings, ledger);
  } catch (error) {
    ledger.write({ kind: 'wrong', what: `${role} failed: ${(error as Error).stack ?? String(error)}` });
  }
}

async function play(role: Role, settings: Settings, ledger: Ledger): Promise<void> {
  if (role === 'setup') await initFileStore({ root: settings.root, cwd: '/', env: {} });
  if (role === 'setup') ledger.write({ kind: 'made' });
  const ids = createIds(random(settings.seed));
  const disk = forgetfulDisk(nodeDisk(), settings.omits);
  const senderDisk = pausingDisk(disk);
  const deps = {
    clock: systemClock,
    ids,
    warn: (what: string) => ledger.write({ kind: 'wrong', what: `warned: ${what}` }),
  };
  const sender = await openFileStore(settings.root, { ...deps, disk: senderDisk.disk });
  const consumer = await openFileStore(settings.root, { ...deps, disk });
  await roles[role]({ ...deps, ledger, sender, consumer, senderDisk, disk }, settings);
  await sender.close();
  await consumer.close();
}

await main(argv[2] as Role, JSON.parse(argv[3] ?? '') as Settings);
