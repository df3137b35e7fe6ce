import { fromBench } from './absent.mjs';
import { startRedis } from './redis-server.mjs';

/** @param server one that runs; else it has its own */
export async function open(folder, running) {
  const { Queue, Worker } = await fromBench('bullmq');
  const server = running ?? (await startRedis(folder));
  const connection = { path: server.path, maxRetriesPerRequest: null };
  const opened = [];
  return {
    name: 'BullMQ on Redis always',
    durable: true,
    batching: 'addBulk',
    async box(name) {
      const queue = new Queue(name, { connection });
      const worker = new Worker(name, null, { connection, autorun: false });
      await queue.waitUntilReady();
      await worker.waitUntilReady();
      opened.push(worker, queue);
      return makeBox(queue, worker);
    },
    async close() {
      for (const one of opened) await one.close();
      if (!running) await server.stop();
    },
  };
}

function makeBox(queue, worker) {
  return {
    async send(texts) {
      for (const text of texts) await queue.add('job', { text });
    },
    async sendBatches(batches) {
      for (const texts of batches) await queue.addBulk(texts.map((text) => ({ name: 'job', data: { text } })));
    },
    async consume() {
      const texts = [];
      for (let job = await worker.getNextJob('one', { block: false }); job;) {
        await job.moveToCompleted('done', 'one', false);
        texts.push(job.data.text);
        job = await worker.getNextJob('one', { block: false });
      }
      return { texts };
    },
  };
}
