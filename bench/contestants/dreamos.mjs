// The library as its users get it.
import { init } from '../../dist/index.js';

/** @param {{ name?: string, store?: string }} [how] `store`: the engine that keeps the mail */
export async function open(folder, { name: called = 'dreamos', store } = {}) {
  const opening = { root: folder, as: 'sender', agents: ['sender'], env: {}, warn, ...(store && { store }) };
  const mail = (await init(opening)).as('sender');
  return {
    name: called,
    durable: true,
    batching: 'sendAll',
    root: folder,
    async box(name) {
      await mail.agent.register({ name });
      return {
        name,
        async send(texts) {
          for (const body of texts) await mail.send({ to: name, body });
        },
        /** As a program does that answers several at a time. */
        async sendSome(texts, atOnce) {
          for (let at = 0; at < texts.length; at += atOnce)
            await Promise.all(texts.slice(at, at + atOnce).map((body) => mail.send({ to: name, body })));
        },
        async sendBatches(batches) {
          for (const texts of batches) {
            const results = await mail.sendAll(texts.map((body) => ({ to: name, body })));
            for (const result of results) if (result instanceof Error) throw result;
          }
        },
        async consume() {
          const texts = [];
          for await (const job of mail.consume(name, { waitMs: 0 })) {
            await job.ack();
            texts.push(job.message.body);
          }
          return { texts };
        },
      };
    },
    close: () => mail.close(),
  };
}

function warn(message) {
  process.stderr.write(`dreamos: ${message}\n`);
}
