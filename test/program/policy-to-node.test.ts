/** Where there is a policy the native program begins anew in Node, which it can only before it has read or changed anything. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { createRig } from '../commands/rig.ts';

const id = '01JD3Y6Q0V8M5T2B7K9XWZ4RCE';

test.each([
  'send reviewer - --as planner',
  `reply ${id} - --as planner`,
  'read reviewer',
  'peek reviewer',
  `ack ${id} --as reviewer`,
  `nack ${id} --as reviewer`,
  `renew ${id} --as reviewer`,
  'list reviewer',
  `show ${id}`,
  'status',
  'hook claude --as reviewer',
])('"%s" looks for a policy before it reads or says anything', async (words) => {
  const rig = await createRig();
  const done: string[] = [];
  const stdin = new Readable({ read: () => void done.push('read') });
  const left = new Error('in Node');
  await rig.dreamos(words, {
    stdin,
    toNode: () => {
      throw left;
    },
    onRoot: ({ store: { documents } }) => {
      const get = documents.get.bind(documents);
      documents.get = async (name) => {
        if (name === 'policy') done.push('looked for it');
        // As the native program does, whose import of what knows policies goes to Node.
        if (name === 'policy') throw left;
        return get(name);
      };
    },
    onOutput: () => done.push('said'),
  });
  stdin.destroy();
  expect(done[0]).toBe('looked for it');
});
