// One of many: says when it is ready, sends one message after the other when it is told to, and reports when it has ended.
import { once } from 'node:events';
import { open } from '../../dist/index.js';
import { makeTexts } from '../texts.mjs';

const [root, mailbox, count] = process.argv.slice(2);
const mail = (await open({ root, env: {} })).as('sender');
const texts = makeTexts(Number(count));
for (const body of texts.slice(0, 20)) await mail.send({ to: 'sender', body });
console.log('ready');
await once(process.stdin, 'data');
for (const body of texts) await mail.send({ to: mailbox, body });
console.log(JSON.stringify({ numbers: [], endedAt: performance.timeOrigin + performance.now() }));
await mail.close();
