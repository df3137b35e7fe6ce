// Many processes of one kind that begin together (workers/): each says when it is ready, and reports at its end.
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { start } from './processes.mjs';

/**
 * From the moment that all are told to begin to the last one's end.
 * @param {string} worker a file of workers/ @param {readonly (readonly string[])[]} args of each
 * @returns {Promise<{ seconds: number, done: readonly { numbers: number[], endedAt: number }[] }>}
 */
export async function together(worker, args) {
  const file = join(import.meta.dirname, 'workers', worker);
  const children = args.map((own) => {
    const child = start(process.execPath, [file, ...own]);
    return { child, lines: createInterface(child.stdout) };
  });
  await Promise.all(children.map(({ lines }) => once(lines, 'line')));
  const reports = children.map(async ({ lines, child }) => {
    const [line] = await Promise.race([
      once(lines, 'line'),
      child.ended.then((code) => Promise.reject(new Error(`${worker} ended with ${code}.`))),
    ]);
    return JSON.parse(line);
  });
  const begun = performance.timeOrigin + performance.now();
  for (const { child } of children) child.stdin.end('go\n');
  const done = await Promise.all(reports);
  await Promise.all(children.map(({ child }) => child.ended));
  return { seconds: (Math.max(...done.map(({ endedAt }) => endedAt)) - begun) / 1000, done };
}
