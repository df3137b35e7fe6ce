// Looks all the time: status, list, peek. Looking claims nothing and never fails.
// Input: root, mailboxes, diary
import { argv } from 'node:process';
import { open } from 'dreamos';
import { openDiary, pause, pick } from './diary.mjs';

const { root, mailboxes, diary: path } = JSON.parse(argv[2]);
const diary = openDiary(path);
let stopped = false;
process.on('SIGTERM', () => (stopped = true));

const dreamos = await open({ root, warn: (text) => diary.write({ t: 'warning', text }) });
process.stdout.write('working\n');
while (!stopped) {
  const all = await dreamos.status();
  diary.write({ t: 'status', mailboxes: all.length });
  await dreamos.peek(pick(mailboxes), { limit: 5 });
  for await (const listed of dreamos.list(pick(mailboxes), { limit: 20 })) {
    if (listed.message === null) diary.write({ t: 'unreadable', id: listed.id });
  }
  await pause(200);
}
await dreamos.close();
