/**
 * Who takes part. Each carries the same texts and makes the same promise: after `send` the text survives a power cut
 * (except where `durable` says no), and `consume` hands out each text under a lease and then finishes it.
 *
 * @typedef {object} Box one queue
 * @property {(texts: string[]) => unknown} [prepare] what is not measured
 * @property {(texts: string[]) => unknown} send one after the other, each durable before the next; may answer with the
 *   `seconds` that it measured itself
 * @property {(batches: string[][]) => unknown} [sendBatches] with the contestant's own way to send many at once
 * @property {(count: number) => unknown} consume claim + ack, one after the other; answers with `texts`
 * @property {(count: number, size: number) => unknown} [consumeBatches]
 *
 * @typedef {object} Contestant
 * @property {string} name
 * @property {boolean} durable
 * @property {string} batching what `sendBatches` and `consumeBatches` use
 * @property {(name: string) => Promise<Box>} box makes an empty one
 * @property {() => unknown} close
 */
import { Absent } from './absent.mjs';

const modules = {
  dreamos: () => import('./dreamos.mjs'),
  raw: () => import('./raw.mjs'),
  sqlite: () => import('./sqlite.mjs'),
  beanstalkd: () => import('./beanstalkd.mjs'),
  redis: () => import('./redis.mjs'),
  bullmq: () => import('./bullmq.mjs'),
  dirq: () => import('./dirq.mjs'),
};

/**
 * @returns {Promise<{ present: Contestant[], absent: string[], close(): Promise<void> }>}
 */
export async function openAll(scratch) {
  const present = [];
  const absent = [];
  const folders = [];
  for (const [name, load] of Object.entries(modules)) {
    const folder = scratch.folder(name);
    folders.push(folder);
    try {
      const { open } = await load();
      present.push(await open(folder.path));
    } catch (error) {
      if (!(error instanceof Absent)) throw error;
      absent.push(error.message);
    }
  }
  const close = async () => {
    for (const contestant of present) await contestant.close();
    for (const folder of folders) folder.remove();
  };
  return { present, absent, close };
}
