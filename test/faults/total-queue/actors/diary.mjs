// What an actor has done, one line each, appended before it goes on: a SIGKILL leaves all that was finished.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { hrtime } from 'node:process';

export function openDiary(path) {
  const last = existsSync(path) ? readFileSync(path, 'utf8') : '';
  // A line that was cut by a full disk or a power cut would spoil the next one.
  if (last !== '' && !last.endsWith('\n')) appendFileSync(path, '\n');
  return {
    write: (...lines) => appendFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
    earlier: () =>
      last
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
}

export function sumOf(body) {
  return createHash('sha256').update(body).digest('hex').slice(0, 32);
}

/** CLOCK_MONOTONIC in ms: the same for all processes of the machine, and faketime leaves it alone. */
export function steadyMs() {
  return Number(hrtime.bigint() / 1000n) / 1000;
}

export function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export function pick(items) {
  return items[Math.floor(Math.random() * items.length)];
}
