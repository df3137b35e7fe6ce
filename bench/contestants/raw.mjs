// The system calls that a send, a batch and a claim + ack cannot do without, in a bare loop: what the machine can do.
import { hash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';

const perFolder = 256;
// As long as a name of dreamos: names are what folders are filled with.
const nameOf = (i) => `t1795165200000.i01KAGT${String(i).padStart(20, '0')}.p2.a0`;

export function open(folder) {
  return {
    name: 'raw system calls',
    durable: true,
    batching: 'one file, one link a message',
    box: async (name) => makeBox(join(folder, name)),
    close() {},
  };
}

function makeBox(dir) {
  for (const name of ['tmp', 'ready', 'inflight', 'archive']) fs.mkdirSync(join(dir, name), { recursive: true });
  const log = fs.openSync(join(dir, 'log'), 'a');
  const buckets = new Set();
  let prepared = [];

  function bucketOf(i) {
    const bucket = `${dir}/ready/${String(Math.floor(i / perFolder)).padStart(8, '0')}`;
    if (!buckets.has(bucket)) {
      fs.mkdirSync(bucket);
      syncFolder(`${dir}/ready`);
      buckets.add(bucket);
    }
    return bucket;
  }

  return {
    prepare(texts) {
      prepared = texts.map(messageOf);
    },

    send(texts) {
      for (let i = 0; i < texts.length; i++) {
        const file = `${dir}/tmp/${i}`;
        write(file, prepared[i]);
        const bucket = bucketOf(i);
        fs.renameSync(file, `${bucket}/${nameOf(i)}.json`);
        syncFolder(bucket);
      }
    },

    sendBatches(batches) {
      let i = 0;
      for (const texts of batches) {
        const file = `${dir}/tmp/${i}`;
        write(file, Buffer.concat(prepared.slice(i, i + texts.length)));
        const touched = new Set();
        let offset = 0;
        for (const end = i + texts.length; i < end; i++) {
          const bucket = bucketOf(i);
          touched.add(bucket);
          fs.linkSync(file, `${bucket}/${nameOf(i)}.r${offset}-${prepared[i].length}.jsonl`);
          offset += prepared[i].length;
        }
        for (const bucket of touched) syncFolder(bucket);
        fs.unlinkSync(file);
      }
    },

    consume() {
      const texts = [];
      for (const bucket of fs.readdirSync(join(dir, 'ready')).sort()) {
        for (const name of fs.readdirSync(`${dir}/ready/${bucket}`).sort()) {
          const claimed = `${dir}/inflight/${name}`;
          fs.renameSync(`${dir}/ready/${bucket}/${name}`, claimed);
          const message = read(claimed, name);
          fs.writeSync(log, eventOf('claimed', message.id));
          fs.renameSync(claimed, `${dir}/archive/${name}`);
          fs.writeSync(log, eventOf('acked', message.id));
          texts.push(message.body);
        }
      }
      return { texts };
    },
  };
}

function messageOf(body, i) {
  const text = JSON.stringify({
    v: 1,
    id: `01KAGT${String(i).padStart(20, '0')}`,
    from: 'sender',
    to: ['box'],
    subject: '',
    body,
    type: 'message',
    priority: 'normal',
    thread: null,
    replyTo: null,
    tags: [],
    data: null,
    createdAt: '2026-11-20T09:00:00.000Z',
    expiresAt: null,
    dedupeKey: null,
  }).slice(0, -1);
  return Buffer.from(`${text},"digest":"sha256:${hash('sha256', text)}"}\n`);
}

function write(file, bytes) {
  const fd = fs.openSync(file, 'wx', 0o600);
  fs.writeSync(fd, bytes);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

function syncFolder(dir) {
  const fd = fs.openSync(dir, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

function read(path, name) {
  const fd = fs.openSync(path, 'r');
  const { size } = fs.fstatSync(fd);
  const range = /\.r(\d+)-(\d+)\.jsonl$/.exec(name);
  const bytes = Buffer.allocUnsafe(range ? Number(range[2]) : size);
  fs.readSync(fd, bytes, 0, bytes.length, range ? Number(range[1]) : 0);
  fs.closeSync(fd);
  // `,"digest":"sha256:<64 hex>"}` and the line end.
  const cut = bytes.length - 85;
  if (bytes.toString('latin1', cut + 18, cut + 82) !== hash('sha256', bytes.subarray(0, cut))) {
    throw new Error(`The digest of ${path} is wrong.`);
  }
  return JSON.parse(bytes.toString());
}

function eventOf(event, id) {
  const at = new Date().toISOString();
  return `${JSON.stringify({ at, mailbox: 'box', event, id, attempt: 1, by: 'box' })}\n`;
}
