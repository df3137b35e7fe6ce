import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import { loadReservations } from '../../../src/core/reserve/reservations.ts';
import { reserve } from '../../../src/core/reserve/reserve.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { addSchedule, listSchedules } from '../../../src/core/schedules/schedules.ts';
import { hourMs, type Setting } from './setting.ts';
import type { Scenario } from './story.ts';

/** Schedules, and what they send; and who has which files. */
export const schedulingScenarios: readonly Scenario[] = [
  {
    name: 'schedule add',
    prepare: async (setting) => {
      await missed(setting, 'first');
      return {
        argv: ['schedule', 'add', 'second', '0 0 1 1 *', 'b', 'later', '--from', 'a'],
        fates: [],
        repeat: async (root, told) => {
          const names = await namesIn(root);
          const allowed = told.length > 0 ? ['first,second'] : ['first', 'first,second'];
          return allowed.includes(names) ? undefined : `the schedules are: ${names}`;
        },
      };
    },
  },
  {
    name: 'schedule remove',
    prepare: async (setting) => {
      for (const name of ['first', 'second']) await missed(setting, name);
      return {
        argv: ['schedule', 'remove', 'second'],
        fates: [],
        repeat: async (root, told) => {
          const names = await namesIn(root);
          const allowed = told.length > 0 ? ['first'] : ['first', 'first,second'];
          return allowed.includes(names) ? undefined : `the schedules are: ${names}`;
        },
      };
    },
  },
  {
    name: 'read --wait, sending what a schedule says',
    prepare: async (setting) => {
      await missed(setting, 'tick');
      const body = 'of tick';
      return {
        argv: ['read', 'b', '--wait', '2s'],
        waits: true,
        fates: [{ body, mailbox: 'b', before: ['none', 'ready', 'inflight'], after: ['inflight'] }],
        // Another one looks: from now on it is there, once.
        repeat: async (root) => {
          await fireDue(root);
          const [tick] = await listSchedules(root);
          if (tick?.lastAt == null || tick.lastId === undefined) return 'the occurrence was not recorded';
          const found = await root.store.look.find(tick.lastId);
          return found.length === 1 ? undefined : `the occurrence is there ${found.length} times`;
        },
      };
    },
  },
  {
    name: 'reserve',
    prepare: async (setting) => {
      await reserve({ ...setting.root, acting: 'b' }, '/x/first');
      return {
        argv: ['reserve', '/x/second', '/x/third', '--as', 'a'],
        fates: [],
        repeat: async (root, told) => {
          const paths = await pathsIn(root);
          // Both or none.
          const allowed =
            told.length > 0 ? ['/x/first,/x/second,/x/third'] : ['/x/first', '/x/first,/x/second,/x/third'];
          return allowed.includes(paths) ? undefined : `reserved are: ${paths}`;
        },
      };
    },
  },
  {
    name: 'reserve release',
    prepare: async (setting) => {
      await reserve({ ...setting.root, acting: 'b' }, '/x/first');
      await reserve({ ...setting.root, acting: 'a' }, ['/x/second', '/x/third']);
      return {
        argv: ['reserve', 'release', '--as', 'a'],
        fates: [],
        repeat: async (root, told) => {
          const paths = await pathsIn(root);
          const allowed = told.length > 0 ? ['/x/first'] : ['/x/first', '/x/first,/x/second,/x/third'];
          return allowed.includes(paths) ? undefined : `reserved are: ${paths}`;
        },
      };
    },
  },
];

/** Its only occurrence of this year was an hour ago, and nobody looked. */
async function missed({ root }: Setting, name: string): Promise<void> {
  const clock = { ...root.clock, now: () => Date.now() - 2 * hourMs };
  const at = new Date(Date.now() - hourMs);
  const cron = `${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} *`;
  await addSchedule({ ...root, clock }, { name, cron, message: { to: 'b', from: 'a', body: `of ${name}` } });
}

async function namesIn(root: Session): Promise<string> {
  return (await listSchedules(root)).map(({ name }) => name).join();
}

/** As they are kept: the clock that a killed command is checked by is far ahead. */
async function pathsIn(root: Session): Promise<string> {
  return (await loadReservations(root)).map(({ path }) => path).join();
}
