/** Makes histories from seeds: what the processes want to do, and, step by step, what the machine does to them. */
import type { CrashModel, Cut } from './crash.ts';
import {
  keyedTo,
  mailboxes,
  newest,
  type Decision,
  type MailboxName,
  type Operation,
  type Pick,
  type SendHow,
} from './history.ts';
import { oneOf, seeded, seedOf, weighted, whole, type Random } from './random.ts';

/** What most of a history is about, so that rare meetings are not that rare. */
const themes = ['mixed', 'buckets', 'keys', 'broadcasts', 'claims', 'dead letters', 'requests'] as const;
export type Theme = (typeof themes)[number] | 'ordering keys' | 'managing' | 'handing over';

export function themeOf(seed: number): Theme {
  // Drawn apart, so that it moves no other seed to another theme.
  if (seeded(seedOf(seed, 6))() < 0.15) return 'ordering keys';
  if (seeded(seedOf(seed, 7))() < 0.15) return 'managing';
  if (seeded(seedOf(seed, 8))() < 0.15) return 'handing over';
  const random = seeded(seedOf(seed, 5));
  return random() < 0.4 ? 'mixed' : oneOf(random, themes);
}

/** In one history. */
const requests = 4;

type Wish = Operation['does'] | 'many' | 'work';

/** By process, in turn: what each does, and how often. */
const roles: Readonly<Record<Theme, readonly Readonly<Partial<Record<Wish, number>>>[]>> = {
  mixed: [
    {
      send: 24,
      many: 12,
      batch: 8,
      keyed: 14,
      work: 30,
      claim: 8,
      ack: 4,
      nack: 4,
      renew: 4,
      recover: 8,
      cancel: 3,
      restore: 3,
      retry: 4,
      'open-bucket': 7,
      'save-card': 1,
    },
  ],
  buckets: [{ send: 8, batch: 1 }, { claim: 1 }, { 'open-bucket': 2, claim: 2 }, { send: 1, claim: 2, nack: 1 }],
  keys: [{ keyed: 1 }, { keyed: 4, recover: 1 }, { keyed: 2, work: 1, send: 1 }],
  broadcasts: [
    { many: 4, keyed: 1 },
    { recover: 2, send: 3 },
    { work: 1, send: 2, recover: 2 },
  ],
  claims: [
    { send: 2, recover: 1, claim: 1 },
    { claim: 4, ack: 3, renew: 1 },
    { claim: 4, ack: 4, nack: 1, recover: 2 },
  ],
  'dead letters': [
    { send: 3, recover: 1 },
    { claim: 5, nack: 2, recover: 2 },
    { claim: 2, recover: 4, retry: 1 },
  ],
  requests: [
    { ask: 3, close: 1, claim: 2, work: 1 },
    { ask: 1, send: 5, batch: 1, keyed: 1 },
    { send: 3, recover: 1, close: 1, claim: 1 },
  ],
  managing: [
    { send: 3, deliver: 1, backup: 3 },
    { claim: 4, nack: 5, ack: 1, send: 2 },
    { 'cancel-held': 1, deliver: 3, restore: 1, work: 2, send: 1 },
    { backup: 3, work: 3, many: 1, keyed: 1 },
  ],
  'handing over': [
    { send: 3, 'hand-over': 4, many: 1, keyed: 1 },
    { claim: 4, ack: 2, nack: 2, renew: 2, work: 1 },
    { 'hand-over': 4, send: 1, recover: 1, backup: 2 },
    { 'hand-over': 2, work: 3, claim: 2, deliver: 1 },
  ],
  'ordering keys': [
    { send: 5, batch: 1, claim: 1 },
    { claim: 4, ack: 3, work: 2, renew: 1 },
    { claim: 3, ack: 2, nack: 2, recover: 2, 'open-bucket': 1 },
    { work: 3, claim: 1, send: 2, retry: 1 },
  ],
};

export function operationsOf(seed: number, theme: Theme): readonly (readonly Operation[])[] {
  const random = seeded(seedOf(seed, 1));
  const size: Size = {
    relaxed: theme === 'mixed' && random() < 0.2,
    // Few mailboxes and priorities, so that processes meet.
    boxes: theme === 'mixed' ? 1 + whole(random, 3) : theme === 'handing over' ? 2 + whole(random, 2) : 1,
    ranks: theme === 'mixed' && random() < 0.4 ? 2 : 1,
    keys: theme === 'keys' ? 1 + whole(random, 2) : keyedTo.length,
    short: (theme === 'claims' || theme === 'ordering keys') && random() < 0.7,
    delayed: theme === 'managing' ? 0.5 : theme === 'mixed' || theme === 'handing over' ? 0.2 : 0.04,
    answering: theme === 'requests' ? 0.8 : 0,
    orderingKeys: theme === 'ordering keys' || (theme === 'handing over' && random() < 0.5) ? 1 + whole(random, 2) : 0,
    tasks: theme === 'handing over' ? 0.4 : 0,
    expiring: theme === 'dead letters' ? 0.6 : theme === 'mixed' ? 0.08 : 0,
  };
  const perProcess = 2 + whole(random, theme === 'buckets' ? 6 : 4);
  return Array.from({ length: 2 + whole(random, 3) }, (_, p) => {
    const operations: Operation[] = [];
    const wanted = roles[theme][p % roles[theme].length] ?? {};
    for (let n = 0; n < perProcess; n++) operations.push(...someOperations(random, wanted, size));
    return operations;
  });
}

interface Size {
  readonly relaxed: boolean;
  readonly boxes: number;
  readonly ranks: number;
  readonly keys: number;
  /** Leases that soon run out. */
  readonly short: boolean;
  /** Of all messages. */
  readonly delayed: number;
  readonly expiring: number;
  /** Of all messages and claims: those that have to do with a request. */
  readonly answering: number;
  /** How many there are; 0: no message has one. */
  readonly orderingKeys: number;
  /** Of what is sent to one. */
  readonly tasks: number;
}

function someOperations(random: Random, wanted: Readonly<Partial<Record<Wish, number>>>, size: Size): Operation[] {
  const mailbox = () => mailboxes[whole(random, size.boxes)] as MailboxName;
  const pick = (): Pick => ({ of: random() < 0.7 ? 'own' : 'all', number: whole(random, 8) });
  const leaseMs = () => oneOf(random, size.short ? [15, 40] : [20, 60, 300, 2000]);
  const how = (): SendHow => ({
    rank: 2 - whole(random, size.ranks),
    ...(random() < size.delayed && { delayMs: oneOf(random, [1, 15, 200, 12_000]) }),
    ...(random() < size.expiring && { ttlMs: oneOf(random, [5, 30, 500]) }),
    relaxed: size.relaxed && random() < 0.4,
    ...(random() < size.answering && { answers: whole(random, requests) }),
    ...(size.orderingKeys > 0 && { orderingKey: whole(random, size.orderingKeys) }),
  });
  const does = weighted(random, wanted);
  switch (does) {
    case 'send':
      return [
        { does, to: [mailbox()], how: { ...how(), ...(size.tasks > 0 && random() < size.tasks && { task: true }) } },
      ];
    case 'many':
      return [{ does: 'send', to: mailboxes.slice(0, 2 + whole(random, 2)), how: how() }];
    case 'batch':
      return [{ does, items: Array.from({ length: 2 + whole(random, 3) }, () => ({ to: mailbox(), how: how() })) }];
    case 'keyed':
      return [{ does, key: whole(random, size.keys), relaxed: size.relaxed && random() < 0.4 }];
    case 'work': {
      const settle = { of: 'own', number: newest } as const;
      const delay = random() < 0.5 && { delayMs: oneOf(random, [0, 10]) };
      const nack: Operation = { does: 'nack', pick: settle, dead: random() < 0.3, ...delay };
      return [
        { does: 'claim', from: mailbox(), leaseMs: leaseMs() },
        random() < 0.7 ? { does: 'ack', pick: settle } : nack,
      ];
    }
    case 'claim':
      return [
        {
          does,
          from: mailbox(),
          leaseMs: leaseMs(),
          ...(random() < size.answering && { inbox: whole(random, requests) }),
        },
      ];
    case 'ask':
      return [
        { does, mailbox: mailbox(), request: whole(random, requests), waitMs: oneOf(random, [5, 40, 500, 12_000]) },
      ];
    case 'close':
      return [{ does, mailbox: mailbox(), request: whole(random, requests) }];
    case 'ack':
      return [{ does, pick: pick() }];
    case 'nack':
      return [
        { does, pick: pick(), dead: random() < 0.4, ...(random() < 0.6 && { delayMs: oneOf(random, [0, 5, 100]) }) },
      ];
    case 'renew':
      return [{ does, pick: pick(), leaseMs: leaseMs() }];
    case 'recover':
      return [{ does, mailbox: mailbox() }];
    case 'deliver': {
      const later = random() < 0.4 && { delayMs: oneOf(random, [1, 40, 12_000]) };
      return [{ does, mailbox: mailbox(), pick: whole(random, 4), ...later }];
    }
    case 'hand-over':
      return [{ does, mailbox: mailbox(), pick: whole(random, 4), to: mailbox() }];
    case 'backup':
      return [{ does }];
    case 'cancel':
    case 'cancel-held':
    case 'restore':
    case 'retry':
      return [{ does, mailbox: mailbox(), pick: whole(random, 4) }];
    case 'open-bucket':
      return [{ does, mailbox: mailbox(), rank: 2 - whole(random, size.ranks), lane: random() < 0.2 ? 0 : 1 }];
    case 'save-card':
    default:
      return [{ does: 'save-card', mailbox: mailbox() }];
  }
}

/** What the generator of decisions is told before each. */
export interface Situation {
  /** The processes that still have something to do. */
  readonly runnable: readonly number[];
  readonly steps: number;
  /** An operation has just been answered: from now on its answer must hold. */
  readonly answered: boolean;
  /** The last step was a rename or a link: what should follow, such as a sync, has not happened. */
  readonly renamed: boolean;
}

/** Decides step by step, so that it only names what there is; the executor records what it said. */
export function decider(seed: number, theme: Theme, model: CrashModel): (now: Situation) => Decision {
  const random = seeded(seedOf(seed, 2));
  const switching = oneOf(random, theme === 'dead letters' ? [0.2, 0.4, 0.7] : [0.03, 0.1, 0.3, 0.7]);
  // Leases and times-to-live have to run out.
  const timely = ['claims', 'dead letters', 'ordering keys', 'managing', 'handing over'].includes(theme);
  const trouble = oneOf(random, timely ? [0.01, 0.02, 0.04] : [0.002, 0.006, 0.015]);
  const pausing = oneOf(random, theme === 'mixed' ? [0, 0.1, 0.3] : [0.1, 0.25, 0.5]);
  const killing = oneOf(random, [0, 0, 0.02, 0.08]);
  // In most histories several things happen in one millisecond; in some each step takes its time.
  const slow = random() < (theme === 'claims' ? 0.6 : 0.25);
  let crashes = 1;
  let looks = 4;
  let current = -1;
  // A paused process: it goes on when the others have done this many steps.
  const pausedUntil = new Map<number, number>();

  const cut = (): Cut => ({
    model,
    seed: whole(random, 2 ** 30),
    keep: weighted(
      random,
      theme === 'mixed'
        ? { least: 40, some: 25, 'all-but-one': 25, all: 10 }
        : { least: 70, some: 15, 'all-but-one': 15 },
    ),
  });
  // A process that starts again takes its time.
  const kill = (p: number, steps: number): Decision => {
    pausedUntil.set(p, steps + whole(random, 200));
    return { do: 'kill', p };
  };
  return ({ runnable, steps, answered, renamed }) => {
    if (random() < trouble) {
      const kind = weighted(random, { kill: 3, wait: 4, 'step-clock': 2, crash: 2, pause: 4 });
      if (kind === 'kill') return kill(runnable[whole(random, runnable.length)] as number, steps);
      if (kind === 'wait') return { do: 'wait', ms: oneOf(random, [5, 25, 400, 15_000]) };
      if (kind === 'step-clock')
        return { do: 'step-clock', ms: oneOf(random, [-3_600_000, -5000, -40, 50, 5000, 3_600_000]) };
      if (kind === 'pause' && current >= 0) pausedUntil.set(current, steps + 20 + whole(random, 300));
      else if (kind === 'crash' && crashes-- > 0) return { do: 'crash', cut: cut() };
    }
    if (looks > 0 && random() < (answered ? 0.15 : 0.006)) {
      looks--;
      return { do: 'look', cut: random() < 0.2 ? 'kill-all' : cut() };
    }
    if (renamed && random() < killing) return kill(current, steps);
    if (renamed && random() < pausing) pausedUntil.set(current, steps + 20 + whole(random, 250));
    const awake = runnable.filter((p) => (pausedUntil.get(p) ?? 0) <= steps);
    const choice = awake.length > 0 ? awake : runnable;
    if (!choice.includes(current) || random() < switching) current = choice[whole(random, choice.length)] as number;
    return {
      do: 'run',
      p: current,
      ms: random() < (slow ? 0.5 : theme === 'dead letters' ? 0.015 : 0.04) ? 1 + whole(random, slow ? 8 : 2) : 0,
    };
  };
}
