import type { Session } from '../../../src/core/root/root.ts';
import { nack } from '../../../src/core/take/settle.ts';
import { mustSend, type Setting } from './setting.ts';
import { settledOr } from './settling.ts';
import { archived, dead, inflight, none, ready, toAll, type Fate, type Place, type Scenario } from './story.ts';

/** Notices of deaths, and messages that take the place of others. */
export const tellingScenarios: readonly Scenario[] = [
  {
    name: 'nack --dead, telling the sender',
    prepare: async (setting) => {
      await setting.sent('hopeless', { notify: true });
      const { receipt, message } = await setting.claimedOf('hopeless');
      return {
        argv: ['nack', receipt, '--dead', '--reason', 'broken'],
        fates: [{ body: 'hopeless', mailbox: 'b', before: ['inflight', 'dead'], after: dead, failed: inflight }],
        repeat: async (root) => {
          const wrong = await settledOr(() => nack(root, receipt, { dead: true, reason: 'broken' }));
          return wrong ?? isToldOnce(root, message.id);
        },
      };
    },
  },
  {
    name: 'read, after the last lease expired, telling the sender',
    always: true,
    prepare: async (setting) => {
      await setting.expired('hopeless', 5, { notify: true });
      await setting.sent('next');
      return {
        argv: ['read', 'b'],
        fates: [
          { body: 'hopeless', mailbox: 'b', before: dead, after: dead },
          { body: 'next', mailbox: 'b', before: ['ready', 'inflight'], after: ['ready', 'inflight'] },
        ],
        repeat: (root) => isToldOnce(root, setting.idOf('hopeless')),
      };
    },
  },
  {
    name: 'send --replace-key',
    always: true,
    prepare: (setting) => replacing(setting, ['b']),
  },
  {
    name: 'send --replace-key to many',
    prepare: (setting) => replacing(setting, ['b', 'c', 'd']),
  },
  {
    name: 'read, adopting what a script handed in with a replace key',
    prepare: async (setting) => {
      await setting.sentBefore('older', { replaceKey: 'state' });
      setting.handIn('newer', { replaceKey: 'state' });
      return {
        argv: ['read', 'b'],
        // Of two that wait either may be claimed before the newer one has taken the other's place.
        fates: [
          { body: 'older', mailbox: 'b', before: ['ready', 'inflight', 'archived'], after: ['inflight', 'archived'] },
          { body: 'newer', mailbox: 'b', before: ['ready', 'inflight'], after: ['ready', 'inflight'] },
        ],
        waits: true,
      };
    },
  },
];

/** Whoever looks for the dead next tells what was not told, and nothing twice. @returns what is wrong */
async function isToldOnce(root: Session, id: string | undefined): Promise<string | undefined> {
  for (let look = 0; look < 2; look++) await root.store.upkeep!.sweepExpired('b', { dryRun: false });
  const notices: string[] = [];
  for await (const entry of root.store.look.list('a', 'ready')) {
    const message = await root.store.look.read(entry);
    if (message?.type === 'notice' && message.replyTo === id) notices.push(entry.id);
  }
  return notices.length === 1 ? undefined : `its sender has ${notices.length} notices of the death of ${id}`;
}

async function replacing(setting: Setting, to: readonly string[]): ReturnType<Scenario['prepare']> {
  const draft = { to, from: 'a', replaceKey: 'state' };
  await mustSend(setting.root, { ...draft, body: 'older' });
  await mustSend(setting.root, { ...draft, body: 'of another key', replaceKey: 'other' });
  const isThere = (fate: Omit<Fate, 'body' | 'mailbox'>) => (body: string) =>
    toAll(body, fate).filter(({ mailbox }) => to.includes(mailbox));
  // The arrival of the newer one stands, also where the disk does not let the older one go.
  const stays: readonly Place[] = ['ready', 'archived'];
  return {
    argv: ['send', to.join(','), 'newer', '--from', 'a', '--replace-key', 'state'],
    fates: [
      ...isThere({ before: ['none', 'ready'], after: ready, failed: none })('newer'),
      ...isThere({ before: stays, after: stays, failed: ready })('older'),
      ...isThere({ before: ready, after: ready })('of another key'),
    ],
    repeat: async (root, told) => {
      const wrong: string[] = [];
      for (const mailbox of to) {
        const before = await placesIn(root, mailbox);
        if (before.get('older') === 'archived' && !before.has('newer'))
          wrong.push(`in ${mailbox} the older one has gone, and nothing has taken its place`);
      }
      await mustSend(root, { ...draft, body: 'newest' });
      for (const mailbox of to) {
        const after = await placesIn(root, mailbox);
        const left = ['older', 'newer'].filter((body) => after.has(body) && after.get(body) !== 'archived');
        if (left.length > 0) wrong.push(`in ${mailbox} the newest one has not replaced ${left.join(' and ')}`);
        if (told.length > 0 && after.get('newer') !== archived[0]) wrong.push(`in ${mailbox} the newer one is lost`);
      }
      return wrong.length > 0 ? wrong.join('; ') : undefined;
    },
  };
}

async function placesIn(root: Session, mailbox: string): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  for (const state of ['ready', 'archived'] as const) {
    for await (const entry of root.store.look.list(mailbox, state)) {
      const message = await root.store.look.read(entry);
      if (message) places.set(message.body, state);
    }
  }
  return places;
}
