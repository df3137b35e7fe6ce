import type { Session } from '../../../src/core/root/root.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { tend } from '../../../src/core/tasks/keeper.ts';
import { acceptTask } from '../../../src/core/tasks/next.ts';
import { ack } from '../../../src/core/take/settle.ts';
import type { State } from '../../../src/model/state.ts';
import { hourMs, type Setting } from './setting.ts';
import { archived, delayed, inflight, type Scenario } from './story.ts';

const queue = 'task-pool';

/** What an agent does with tasks that others wait for. */
export const taskScenarios: readonly Scenario[] = [
  {
    name: 'task done, of what two wait for',
    always: true,
    prepare: async (setting) => {
      const { id } = await held(setting, 'first');
      const waiting = ['left', 'right'] as const;
      const ids: string[] = [];
      for (const title of waiting) ids.push((await createTask(by(setting.root, 'a'), { title, dependsOn: [id] })).id);
      return {
        argv: ['task', 'done', id, '--result', 'parsed', '--as', 'b'],
        fates: [
          {
            body: 'first',
            mailbox: 'b',
            before: ['inflight', 'archived'],
            after: archived,
            failed: ['inflight', 'archived'],
          },
          ...waiting.map((body) => ({
            body,
            mailbox: queue,
            before: ['delayed', 'ready'] as const,
            // Where the release failed it was told, and who looks next goes on.
            after: ['delayed', 'ready'] as const,
          })),
        ],
        repeat: async (root) => {
          await tend(root);
          const isDone = (await stateOf(root, id)) === 'archived';
          const expected: State = isDone ? 'ready' : 'delayed';
          for (const one of ids) {
            const state = await stateOf(root, one);
            if (state !== expected) return `what waits for a task that is ${isDone ? '' : 'not '}done is ${state}`;
          }
          return stillPending(root);
        },
      };
    },
  },
  {
    name: 'task create, of what waits for another one',
    prepare: async (setting) => {
      const { id, receipt } = await held(setting, 'first');
      return {
        argv: ['task', 'create', '--title', 'late', '--depends-on', id, '--as', 'a'],
        fates: [
          { body: 'first', mailbox: 'b', before: inflight, after: inflight },
          { body: 'late', mailbox: queue, before: ['none', 'delayed'], after: delayed, failed: ['none', 'delayed'] },
        ],
        repeat: async (root) => {
          await ack(by(root, 'b'), receipt);
          await tend(root);
          for await (const entry of root.store.look.list(queue, 'delayed')) return `${entry.id} waits for what is done`;
          return undefined;
        },
      };
    },
  },
];

function by(root: Session, acting: string): Session {
  return { ...root, acting };
}

/** b is at it. */
async function held({ root }: Setting, title: string): Promise<{ id: string; receipt: string }> {
  const { id } = await createTask(by(root, 'a'), { title });
  return acceptTask(by(root, 'b'), id, 12 * hourMs);
}

async function stateOf({ store }: Session, id: string): Promise<State | undefined> {
  return (await store.look.find(id))[0]?.state;
}

async function stillPending({ store }: Session): Promise<string | undefined> {
  const [id] = await store.documents.list('pending');
  return id === undefined ? undefined : `something is still pending with ${id}`;
}
