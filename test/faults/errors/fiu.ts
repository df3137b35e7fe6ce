/**
 * libfiu: errors at random, below Node, in the C library's functions. Its preload catches what Node calls there: open,
 * write, pwrite, fsync, rename, unlink and opendir; it knows no link, mkdir and rmdir. It is switched on when the command
 * first looks at its root, so that Node itself starts. It picks the errno, and cannot be given a seed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../kill/stage.ts';
import { errorCodes, judge, runPlainly } from './judge.ts';

const libraries = '/usr/lib/fiu';
const preloads = ['fiu_run_preload.so', 'fiu_posix_preload.so'];
const failing = ['oc/open', 'rw/pwrite', 'rw/pwrite/reduce', 'sync/fsync', 'dir/rename', 'dir/unlink'];
// These also hit libfiu's own answers to its orders, so no answer to them is waited for; and the wake-ups between Node's
// threads, which Node then sleeps through for ever, so a command that needs the other threads is spared them.
const writing = ['rw/write/reduce', 'rw/write'];

export async function cannotFiu(): Promise<string | undefined> {
  const there = preloads.map((name) => access(join(libraries, name)));
  return Promise.all(there).then(
    () => undefined,
    () => 'fiu-utils is not installed',
  );
}

/** @returns what is wrong, and whether the command noticed anything; `undefined`: it came to nothing, in libuv's own pipe */
export async function playFiu(
  stage: Stage,
  probability: number,
): Promise<{ problems: string[]; failed: boolean } | undefined> {
  const play = await stage.fresh();
  const control = join(play, 'fiu');
  mkdirSync(control);
  const hook = join(control, 'hook.cjs');
  const writes = !stage.points.some(({ thread }) => thread === 'pool');
  writeFileSync(hook, switchOn(control, probability, writes ? writing : []));
  const ending = await runPlainly(stage, play, {
    node: ['--require', hook],
    env: { LD_PRELOAD: preloads.map((name) => join(libraries, name)).join(' '), FIU_CTRL_FIFO: join(control, 'ctl') },
  });
  if (ending.inLibuv) return undefined;
  const { code, stderr } = ending;
  // Its own words can be lost as well, and with them that they are: then it has said less than it would have.
  const said = code === null || code === 0 || (code === 7 && errorCodes(stderr).length > 0);
  const { problems } = await judge(stage, play, ending, { fell: !said, unprinted: writes });
  return {
    problems: problems.map((problem) => `${stage.scenario.name}, libfiu at ${probability}: ${problem}`),
    failed: code !== 0,
  };
}

function switchOn(control: string, probability: number, more: readonly string[]): string {
  const orders = [...failing, ...more].map((name) => `enable_random name=posix/io/${name},probability=${probability}`);
  return `
const fs = require('node:fs');
const { lstatSync, writeSync, readSync, openSync } = fs;
fs.lstatSync = (path, options) => {
  if (String(path).includes('/root')) {
    fs.lstatSync = lstatSync;
    // As write-file-atomic will (signal-exit): the first listener of a signal makes libuv write to its own pipe, which no disk
    // can fail, and wait for the byte for ever.
    for (const signal of Object.keys(require('node:os').constants.signals)) {
      if (['SIGKILL', 'SIGSTOP', 'SIGPROF'].includes(signal)) continue;
      try { process.on(signal, () => undefined); } catch {}
    }
    const control = ${JSON.stringify(join(control, 'ctl'))} + '-' + process.pid;
    const to = openSync(control + '.in', 'w');
    const from = openSync(control + '.out', 'r');
    const answer = Buffer.alloc(1);
    for (const [n, order] of ${JSON.stringify(orders)}.entries()) {
      writeSync(to, order + '\\n');
      if (n < ${failing.length}) do readSync(from, answer); while (answer[0] !== 10);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  return lstatSync(path, options);
};
`;
}
