import { dead, delayed, inflight, ready, toAll, type Fate, type Story, type Scenario } from './story.ts';

/** What a reader puts right on its way. */
export const recoveringScenarios: readonly Scenario[] = [
  {
    name: 'read, after an expired lease',
    prepare: async (setting) => {
      await setting.expired('forgotten');
      return recovering('forgotten');
    },
  },
  {
    name: 'read, after the last lease expired',
    prepare: async (setting) => {
      await setting.expired('hopeless', 5);
      await setting.sent('next');
      return recovering('next', { body: 'hopeless', mailbox: 'b', before: dead, after: dead });
    },
  },
  {
    name: 'read, past a time-to-live that ran out',
    prepare: async (setting) => {
      await setting.outlived('stale');
      await setting.sent('next');
      return recovering('next', { body: 'stale', mailbox: 'b', before: ['ready', 'dead'], after: dead });
    },
  },
  {
    name: 'read, after a delay',
    prepare: async (setting) => {
      await setting.due('late');
      return recovering('late');
    },
  },
  {
    name: 'read, finishing a send to many',
    prepare: async (setting) => {
      await setting.committed('on the way');
      const others = toAll('on the way', { before: ready, after: ready }).filter(({ mailbox }) => mailbox !== 'b');
      return { ...recovering('on the way', ...others), waits: true };
    },
  },
  {
    name: 'read, adopting what a script handed in',
    prepare: async (setting) => {
      setting.handIn('by hand');
      return { ...recovering('by hand'), waits: true };
    },
  },
  {
    name: 'read, adopting what a script handed in for later',
    prepare: async (setting) => {
      await setting.sent('next');
      setting.handIn('later', { delay: '48h', ttl: '96h' });
      return recovering('next', { body: 'later', mailbox: 'b', before: delayed, after: delayed });
    },
  },
  {
    name: 'read, sending what a script handed in under a key, again and again',
    prepare: async (setting) => {
      setting.handIn('by hand', { dedupeKey: 'k' });
      const again = async (): Promise<string | undefined> => {
        setting.handIn('by hand', { dedupeKey: 'k' });
        return undefined;
      };
      return { ...recovering('by hand'), waits: true, repeat: again };
    },
  },
  {
    name: 'read, closing the inbox of a requester that died',
    prepare: async (setting) => {
      const request = await setting.waiting(2000);
      await setting.sent('answer', { replyTo: request });
      await new Promise((resolve) => {
        setTimeout(resolve, 2100);
      });
      return recovering('answer');
    },
  },
  {
    name: 'read, past what cannot be read',
    prepare: async (setting) => {
      await setting.sent('broken');
      setting.breakFile('broken');
      await setting.sent('next');
      return { ...recovering('next'), corrupt: 1 };
    },
  },
];

/** A read that has something else to put right first. */
function recovering(body: string, ...others: readonly Fate[]): Story {
  const mine: Fate = {
    body,
    mailbox: 'b',
    before: ['ready', 'inflight'],
    after: inflight,
    failed: ['ready', 'inflight'],
  };
  return { argv: ['read', 'b'], fates: [mine, ...others] };
}
