// Streams with a consumer group: of Redis' own types the one with claims that somebody else can take back.
import { fromBench } from './absent.mjs';
import { startRedis } from './redis-server.mjs';

/** @param server one that runs; else it has its own */
export async function open(folder, running) {
  const { Redis } = await fromBench('ioredis');
  const server = running ?? (await startRedis(folder));
  const client = new Redis({ path: server.path });
  return {
    name: 'Redis always',
    durable: true,
    batching: 'a pipeline',
    box: async (name) => makeBox(client, name),
    async close() {
      client.disconnect();
      if (!running) await server.stop();
    },
  };
}

async function makeBox(client, key) {
  await client.xgroup('CREATE', key, 'group', '0', 'MKSTREAM');
  const claim = async (count) => {
    const streams = await client.xreadgroup('GROUP', 'group', 'one', 'COUNT', count, 'STREAMS', key, '>');
    return (streams?.[0]?.[1] ?? []).map(([id, [, text]]) => ({ id, text }));
  };
  return {
    async send(texts) {
      for (const text of texts) await client.xadd(key, '*', 'text', text);
    },
    async sendBatches(batches) {
      for (const texts of batches) {
        const pipeline = client.pipeline();
        for (const text of texts) pipeline.xadd(key, '*', 'text', text);
        for (const [error] of await pipeline.exec()) if (error) throw error;
      }
    },
    async consume() {
      const texts = [];
      for (let [job] = await claim(1); job; [job] = await claim(1)) {
        await client.xack(key, 'group', job.id);
        texts.push(job.text);
      }
      return { texts };
    },
    async consumeBatches(count, size) {
      const texts = [];
      while (texts.length < count) {
        const jobs = await claim(size);
        await client.xack(key, 'group', ...jobs.map(({ id }) => id));
        texts.push(...jobs.map(({ text }) => text));
      }
      return { texts };
    },
  };
}
