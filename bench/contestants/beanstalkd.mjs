// With a log that is synced after every write (-b, -f 0), on a socket in its folder; its protocol is simple enough to speak.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { start, stop } from '../processes.mjs';
import { answering } from './redis-server.mjs';

export async function open(folder) {
  const path = join(folder, 'socket');
  const server = start('beanstalkd', ['-l', `unix:${path}`, '-b', folder, '-f', '0'], { stdio: 'ignore' });
  await answering(server, path, 'beanstalkd', 'beanstalkd');
  const clients = [];
  return {
    name: 'beanstalkd -f 0',
    durable: true,
    batching: 'many puts at once',
    async box(name) {
      const client = await createClient(path);
      clients.push(client);
      await client.ask(`use ${name}\r\n`, 'USING');
      await client.ask(`watch ${name}\r\n`, 'WATCHING');
      await client.ask('ignore default\r\n', 'WATCHING');
      return makeBox(client);
    },
    async close() {
      for (const client of clients) client.close();
      await stop(server);
    },
  };
}

function makeBox(client) {
  const put = (text) => client.ask(`put 0 0 900 ${Buffer.byteLength(text)}\r\n${text}\r\n`, 'INSERTED');
  return {
    async send(texts) {
      for (const text of texts) await put(text);
    },
    async sendBatches(batches) {
      for (const texts of batches) await Promise.all(texts.map(put));
    },
    async consume(count) {
      const texts = [];
      while (texts.length < count) {
        const { words, body } = await client.ask('reserve-with-timeout 0\r\n', 'RESERVED');
        await client.ask(`delete ${words[1]}\r\n`, 'DELETED');
        texts.push(body);
      }
      return { texts };
    },
  };
}

async function createClient(path) {
  const socket = connect(path);
  await once(socket, 'connect');
  const waiting = [];
  let input = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    input = input.length === 0 ? chunk : Buffer.concat([input, chunk]);
    for (;;) {
      const end = input.indexOf('\r\n');
      if (end < 0) return;
      const words = input.toString('latin1', 0, end).split(' ');
      const length = words[0] === 'RESERVED' ? Number(words[2]) + 2 : 0;
      if (input.length < end + 2 + length) return;
      const body = input.toString('utf8', end + 2, end + length);
      input = input.subarray(end + 2 + length);
      waiting.shift()({ words, body });
    }
  });
  return {
    async ask(text, expected) {
      const answer = await new Promise((resolve) => {
        waiting.push(resolve);
        socket.write(text);
      });
      if (answer.words[0] !== expected) throw new Error(`beanstalkd answered ${answer.words.join(' ')}.`);
      return answer;
    },
    close: () => socket.destroy(),
  };
}
