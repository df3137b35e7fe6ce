// Between a bridge and `dreamos receive`: passes their lines on, and kills one of them at a step, once; or at random, again and again.
// { cwd, at, nth, mark, afterMs }: at is far or near, and before, storing, stored or acking; { cwd, mark, random: { leastMs, mostMs, far } }: far is how often, of 1
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';

const { cwd, at, nth = 1, mark, random, afterMs = 0 } = JSON.parse(process.argv[2]);
// The shell that the bridge starts has become this process.
const near = process.ppid;
const far = spawn('dreamos', ['receive'], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
far.on('exit', () => process.exit(1));
far.stdin.on('error', () => undefined);
process.stdout.on('error', () => process.exit(1));
process.stdin.on('end', () => far.stdin.end());

const kill = (who) => {
  if (mark !== undefined && random === undefined) writeFileSync(mark, '');
  if (random !== undefined) appendFileSync(mark, `${who}\n`);
  try {
    process.kill(who === 'near' ? near : far.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
  if (who === 'near') far.stdin.end();
};
const isStep = (step, n) => random === undefined && at === step && n >= nth && !existsSync(mark);

if (random !== undefined) {
  const inMs = random.leastMs + Math.random() * (random.mostMs - random.leastMs);
  setTimeout(() => kill(Math.random() < random.far ? 'far' : 'near'), inMs);
}

function eachLine(stream, hear) {
  let rest = Buffer.alloc(0);
  stream.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.subarray(0, end + 1);
      rest = rest.subarray(end + 1);
      hear(line);
    }
  });
}

let parcels = 0;
eachLine(process.stdin, (line) => {
  parcels++;
  if (isStep('far before', parcels)) return kill('far');
  if (isStep('near before', parcels)) return kill('near');
  far.stdin.write(line);
  if (isStep('far storing', parcels)) setTimeout(() => !existsSync(mark) && kill('far'), afterMs);
});
let answers = 0;
eachLine(far.stdout, (line) => {
  if (line.includes('"is":')) answers++;
  if (isStep('far stored', answers)) return kill('far');
  if (isStep('near stored', answers)) return kill('near');
  process.stdout.write(line);
  if (isStep('near acking', answers)) setTimeout(() => !existsSync(mark) && kill('near'), afterMs);
});
