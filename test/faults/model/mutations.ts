/**
 * The protocol with one mistake in it: what dreamos would do if a rule of design.md section 3 were left out. Each is made
 * from outside, by a disk that leaves out, swaps or changes particular calls, so that the product needs no switches for
 * it. They test the simulator: one that a history does not catch would mean that the simulator cannot see it.
 */
import { dirname } from 'node:path';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import type { Mistake } from './try-seed.ts';

export const mutations: Readonly<Record<string, Mistake>> = {
  'a message is not synced': {
    disk: (disk) => ({ ...disk, create: (path, bytes) => disk.create(path, bytes, { sync: false }) }),
  },
  'a bucket is not synced': { disk: without(isBucket) },
  "a new bucket's ancestors are not synced": { disk: without((dir) => /\/ready(\/p\d(\/\d(\/[^/]+)?)?)?$/.test(dir)) },
  'nothing is synced for a bucket that is gone': {
    model: 'folders',
    theme: 'buckets',
    disk(disk) {
      let gone = '';
      return {
        ...disk,
        async syncDir(dir) {
          if (!isBucket(dir)) return gone.startsWith(dir) || disk.syncDir(dir);
          gone = (await disk.syncDir(dir)) ? '' : dir;
          return true;
        },
      };
    },
  },
  'a bucket is synced before the rename': {
    disk: (disk) => ({
      ...without(isBucket)(disk),
      async rename(from, to) {
        if (isBucket(dirname(to))) await disk.syncDir(dirname(to));
        return disk.rename(from, to);
      },
    }),
  },
  "a removed bucket's name is used again": {
    model: 'folders',
    theme: 'buckets',
    disk: (disk) => ({
      ...disk,
      async rename(from, to) {
        if (await disk.rename(from, to)) return true;
        const bucket = dirname(to);
        if (!isBucket(bucket)) return false;
        await disk.makeDir(dirname(bucket));
        await disk.makeDir(bucket);
        return disk.rename(from, to);
      },
    }),
  },
  'the inbox of a request is not synced': { theme: 'requests', disk: without((dir) => dir.endsWith('/requests')) },
  'an answer in an inbox is not synced': { theme: 'requests', disk: without((dir) => /\/requests\/[^/]+$/.test(dir)) },
  'claims have no token of their own': { theme: 'claims', ids: (ids) => ({ ...ids, token: () => 'AAAAAAAAAA' }) },
  'a claim is a link and an unlink': { disk: linking((from) => from.includes('/ready/')) },
  'what is delayed is delivered by a link and an unlink': {
    theme: 'managing',
    disk: linking((from) => from.includes('/delayed/')),
  },
  "that a rename's source is gone goes unnoticed": {
    theme: 'buckets',
    disk: (disk) => ({ ...disk, rename: async (from, to) => (await disk.rename(from, to)) || true }),
  },
  'a message is handed over by a link and an unlink': {
    theme: 'handing over',
    disk: linking((from, to) => isHandingOver(from, to)),
  },
  'what is handed over is not synced': {
    theme: 'handing over',
    disk(disk) {
      let over = false;
      return {
        ...disk,
        async rename(from, to) {
          over = isHandingOver(from, to);
          return disk.rename(from, to);
        },
        syncDir: (dir) => (over ? true : disk.syncDir(dir)),
        async append(path, text) {
          over = false;
          return disk.append(path, text);
        },
      };
    },
  },
  'who hands over takes what is there by now': {
    theme: 'handing over',
    rare: true,
    disk: (disk) => ({
      ...disk,
      async rename(from, to) {
        if (await disk.rename(from, to)) return true;
        const [, mailbox, id] = /^(.*\/agent_mailboxes\/[^/]+)\/.*(\.i[0-9A-Z]{26}\.)/.exec(from) ?? [];
        if (mailbox === undefined || id === undefined || !isHandingOver(from, to)) return false;
        for (const hour of (await disk.list(`${mailbox}/inflight`)) ?? [])
          for (const slot of (await disk.list(`${mailbox}/inflight/${hour}`)) ?? [])
            for (const name of (await disk.list(`${mailbox}/inflight/${hour}/${slot}`)) ?? [])
              if (name.includes(id)) return disk.rename(`${mailbox}/inflight/${hour}/${slot}/${name}`, to);
        return false;
      },
    }),
  },
  'a send is committed before its folder is synced': { disk: without((dir) => dir.endsWith('.new')) },
  'a commit is not synced': {
    disk(disk) {
      let committed = false;
      return {
        ...disk,
        async rename(from, to) {
          committed ||= from.endsWith('.new');
          return disk.rename(from, to);
        },
        async syncDir(dir) {
          if (!committed || !dir.endsWith('/outbox')) return disk.syncDir(dir);
          committed = false;
          return true;
        },
      };
    },
  },
  'a reader hands out what it has not synced': {
    model: 'folders',
    theme: 'broadcasts',
    disk(disk) {
      let own = false;
      return {
        ...disk,
        async makeDir(dir) {
          own ||= dir.endsWith('.new');
          return disk.makeDir(dir);
        },
        async syncDir(dir) {
          return !dir.endsWith('/outbox') || own ? disk.syncDir(dir) : true;
        },
        async removeDir(dir) {
          if (dirname(dir).endsWith('/outbox')) own = false;
          return disk.removeDir(dir);
        },
      };
    },
  },
  'a link is handed out under a name of its own before the old one goes': {
    disk: linking((from) => /\/outbox\/[^/.]+\//.test(from)),
  },
  'a key is not synced before the commit': { theme: 'keys', disk: without((dir) => dir.includes('/dedupe')) },
  'a key is not synced by those who find it': {
    theme: 'keys',
    disk(disk) {
      let made = false;
      return {
        ...disk,
        async link(existing, to) {
          const result = await disk.link(existing, to);
          if (to.includes('/dedupe/')) made = result === 'made';
          return result;
        },
        async syncDir(dir) {
          return !dir.includes('/dedupe') || made ? disk.syncDir(dir) : true;
        },
      };
    },
  },
  'who holds an ordering key is always taken for dead': {
    theme: 'ordering keys',
    disk: (disk) => ({ ...disk, stat: (path) => (path.includes('/keys/') ? undefined : disk.stat(path)) }),
  },
  'a message that rests lets go of its ordering key': {
    theme: 'ordering keys',
    disk: (disk) => ({
      ...disk,
      async rename(from, to) {
        const moved = await disk.rename(from, to);
        const [, mailbox, id, key] = /^(.*)\/delayed\/.*\.i([^.]+)\..*\.o([0-9a-f]{16})/.exec(to) ?? [];
        const dir = `${mailbox}/keys/${key}`;
        if (moved && id !== undefined)
          for (const name of (await disk.list(dir)) ?? []) if (name.startsWith(id)) await disk.remove(`${dir}/${name}`);
        return moved;
      },
    }),
  },
  'a reason is not synced': {
    theme: 'dead letters',
    disk: (disk) => ({
      ...disk,
      async writeWhole(path, bytes) {
        if (!path.includes('.reason.json.')) return disk.writeWhole(path, bytes);
        await disk.remove(path);
        await disk.create(path, bytes, { sync: false });
      },
    }),
  },
  "who loses a race to the dead-letter queue removes the winner's reason": {
    theme: 'dead letters',
    disk: (disk) => ({
      ...disk,
      stat: (path) => (/\/dlq\/[^/]+(?<!\.reason\.json)$/.test(path) ? undefined : disk.stat(path)),
    }),
  },
};

function mailboxIn(path: string): string {
  return /\/agent_mailboxes\/([^/]+)\//.exec(path)?.[1] ?? '';
}

function isHandingOver(from: string, to: string): boolean {
  return from.includes('/agent_mailboxes/') && mailboxIn(from) !== mailboxIn(to);
}

function isBucket(dir: string): boolean {
  return /\/ready\/p\d\/\d\/[^/]+\/[^/]+$/.test(dir);
}

/** Says that it has synced these folders, and has not. */
function without(skips: (dir: string) => boolean): (disk: Disk) => Disk {
  return (disk) => ({ ...disk, syncDir: (dir) => (skips(dir) ? true : disk.syncDir(dir)) });
}

/** Moves these files in two steps. */
function linking(these: (from: string, to: string) => boolean): (disk: Disk) => Disk {
  return (disk) => ({
    ...disk,
    async rename(from, to) {
      if (!these(from, to)) return disk.rename(from, to);
      if ((await disk.link(from, to)) === 'missing') return false;
      await disk.remove(from);
      return true;
    },
  });
}
