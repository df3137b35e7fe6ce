// Writes down every event; started again, it goes on behind the last one that it wrote down.
// Input: root, diary
import { argv } from 'node:process';
import { open } from 'dreamos';
import { openDiary } from './diary.mjs';

const { root, diary: path } = JSON.parse(argv[2]);
const diary = openDiary(path);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const dreamos = await open({ root, warn: (text) => diary.write({ t: 'warning', text }) });
process.stdout.write('working\n');
const last = diary.earlier().findLast(({ t }) => t === 'event');
for await (const { cursor, ...event } of dreamos.watch({ since: last?.cursor ?? 'start', signal: stop.signal })) {
  diary.write({ t: 'event', cursor, event });
}
await dreamos.close();
