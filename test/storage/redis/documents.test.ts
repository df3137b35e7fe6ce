import { expect, test } from 'vitest';
import { documentsOf } from '../../../src/storage/redis/roles/documents.ts';
import type { RedisContext } from '../../../src/storage/redis/roles/context.ts';

test('of documents of which there are many the memory of a process holds the last 16 MiB, and of the others all', async () => {
  const asked: (string | undefined)[] = [];
  const text = JSON.stringify('x'.repeat(1024 * 1024));
  const run = async (_script: string, name: string, version: string) => {
    asked.push(version === '' ? name : `${name} unless ${version}`);
    return version === '1' ? [Buffer.from('1')] : [Buffer.from('1'), Buffer.from(text)];
  };
  const documents = documentsOf({ link: { run } } as unknown as RedisContext);
  await documents.get('schedules');
  for (let i = 1; i <= 17; i++) await documents.get(`received/${i}`);
  asked.length = 0;
  for (const name of ['schedules', 'received/17', 'received/4', 'received/1'] as const) await documents.get(name);
  expect(asked).toEqual(['schedules unless 1', 'received/17 unless 1', 'received/4 unless 1', 'received/1']);
  // Taken away, it is asked for anew, and what it held is free.
  await documents.remove('received/17');
  asked.length = 0;
  await documents.get('received/17');
  expect(asked).toEqual(['received/17']);
});
