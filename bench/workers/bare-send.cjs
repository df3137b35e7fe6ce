// What a send cannot do without, in one process of its own: the file and its folders are synced as a first send syncs them.
// It checks nothing, reads no cards and writes no event.
const fs = require('node:fs');

const [box, body] = process.argv.slice(2);
const id = `${Date.now()}-${process.pid}`;
const lane = `${box}/ready/p2/1`;
const bucket = `${lane}/${fs.readdirSync(lane)[0]}`;
fs.readdirSync(bucket);
const file = fs.openSync(`${box}/tmp/${id}`, 'wx', 0o600);
fs.writeSync(file, `${JSON.stringify({ v: 1, id, from: 'sender', to: ['box'], body })}\n`);
fs.fsyncSync(file);
fs.closeSync(file);
fs.renameSync(`${box}/tmp/${id}`, `${bucket}/${id}`);
for (const dir of [bucket, lane, `${box}/ready/p2`, `${box}/ready`]) {
  const folder = fs.openSync(dir, 'r');
  fs.fsyncSync(folder);
  fs.closeSync(folder);
}
fs.writeSync(1, `${id}\n`);
