/** The native program begins anew in Node for what it does not do itself: before it has opened, printed or read anything. */
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { isNative } from '../../src/contract/native.ts';
import { createRig } from '../commands/rig.ts';
import { changeSettingsIn } from '../storage/contract/ways.ts';
import { lines } from './lines.ts';

const rig = await createRig();
const inNode = new Error('in Node');

test.for(lines)('"$words" is left to Node before anything is done, or not at all', async ({ verb, words, option }) => {
  const done: string[] = [];
  const stdin = new Readable({ read: () => void done.push('read') });
  const toNode = (): never => {
    done.push('to Node');
    throw inNode;
  };
  await rig.dreamos(words, { toNode, stdin, onRoot: () => done.push('opened'), onOutput: () => done.push('printed') });
  stdin.destroy();
  const isItself = isNative(verb, option === undefined ? {} : { [option]: true });
  if (isItself) expect(done).not.toContain('to Node');
  else expect(done.slice(0, 1)).toEqual(['to Node']);
});

test('what settings ask of Node is left to it before anything is read, told or changed', async () => {
  const own = await createRig();
  const id = await own.sent();
  await changeSettingsIn(own.root.store, (settings) => ({ ...settings, signatures: 'warn', leese: '1h' }));
  const left = async (line: string): Promise<string[]> => {
    const done: string[] = [];
    const stdin = new Readable({ read: () => void done.push('read') });
    const toNode = (what: string): never => {
      done.push(`to Node for ${what}`);
      throw inNode;
    };
    await own.dreamos(line, { toNode, stdin, onOutput: () => done.push('printed'), onError: () => done.push('told') });
    stdin.destroy();
    return done.slice(0, 1);
  };
  const verbs = ['send reviewer', 'send reviewer hello', 'reply', `reply ${id}`, 'read reviewer', 'peek reviewer'];
  for (const line of [
    ...verbs,
    'list reviewer',
    `show ${id}`,
    'status',
    `nack ${id}`,
    'send reviewer --data -',
    'hook claude',
  ])
    expect([line, await left(`${line} --as planner`)]).toEqual([line, ['to Node for signatures']]);
  expect(await left(`renew ${id} --as reviewer`)).not.toContain('to Node for signatures');
  await changeSettingsIn(own.root.store, (settings) => ({ ...settings, signatures: 'off' }));
  expect(await left('peek reviewer')).toEqual(['told']);
});

test('what is done without Node are eleven verbs, without what waits', () => {
  const native = lines.filter(({ verb, option }) => option === undefined && isNative(verb, {})).map(({ verb }) => verb);
  expect(native.join(' ')).toBe('send reply read peek ack nack renew list show status hook');
  const waiting = lines.filter(({ option }) => option === 'wait' || option === 'watch' || option === 'until');
  expect(waiting.length).toBeGreaterThan(9);
  for (const { verb, option } of waiting) expect(isNative(verb, { [String(option)]: '1s' })).toBe(false);
});
