/** Moves between files and a Redis that are killed in front of their n-th change of the disk, or word to the server. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { Link } from '../../../src/storage/redis/link/link.ts';
import { changes, Killed, watchedDisk } from '../../storage/file/disks.ts';
import { typed, type TestServer } from '../../storage/redis/server.ts';
import { makeRedisScene, type RedisScene } from './redis-scene.ts';
import { tellLittle } from './scene.ts';

const durability = 'relaxed';

/** @param when in front of its n-th step, or behind the first call of a script @returns whether it was killed */
export async function killed(
  one: RedisScene,
  to: string,
  { n = Infinity, behind }: { readonly n?: number; readonly behind?: string },
): Promise<boolean> {
  let count = 0;
  const step = (): void => {
    if (++count >= n) throw new Killed(`killed in front of step ${n}`);
  };
  const disk = watchedDisk((call) => {
    if (count >= n) throw new Killed('it is dead');
    if (changes(call)) step();
  });
  const { run, runDurably, command } = Link.prototype;
  Link.prototype.run = async function (...args) {
    step();
    return run.apply(this, args);
  };
  Link.prototype.runDurably = async function (...args) {
    step();
    const done = await runDurably.apply(this, args);
    if (args[0] === behind) {
      count = n;
      step();
    }
    return done;
  };
  Link.prototype.command = async function (...args) {
    step();
    return command.apply(this, args);
  };
  try {
    await one.moveOn(disk, { to, ...(to.startsWith('file:') ? {} : { durability }) });
  } catch (error) {
    if (!(error instanceof Killed) && count < n) throw error;
  } finally {
    Object.assign(Link.prototype, { run, runDurably, command });
  }
  return count >= n;
}

/** A dead process's lock ends by itself, in half a minute. */
export async function endLocks(server: TestServer): Promise<void> {
  await typed(server, `EVAL "for _,k in ipairs(redis.call('keys','*:lock:move')) do redis.call('del',k) end" 0`);
}

/** @param way of the move that is killed @returns `false`: it came to its end before that */
export async function killAndGoOn(
  server: TestServer,
  way: 'into' | 'out of' | 'across',
  how: 'resume' | 'abort',
  n: number,
): Promise<boolean> {
  const one = await makeRedisScene(tellLittle);
  try {
    if (way !== 'into') await one.move({ to: server.address, durability });
    const before = await one.tally();
    const to = way === 'out of' ? `file:${join(one.dir, 'back')}` : server.address;
    const wasKilled = await killed(one, to, { n });
    await endLocks(server);
    let state: unknown;
    try {
      state = (await one.move({ how }))?.state;
    } catch (error) {
      // Decided before it was killed, it cannot be taken back.
      if (how !== 'abort' || !/ is moved to /.test((error as Error).message)) throw error;
      state = (await one.move({ how: 'resume' }))?.state;
    }
    expect(['moved', 'aborted', 'none'], `killed in front of step ${n}`).toContain(state);
    expect(await one.tally(), `killed in front of step ${n}`).toEqual(before);
    const [receipt = ''] = one.actor.receipts;
    expect(await (await one.open()).mail.ack(receipt, {})).toMatchObject({ state: 'archived' });
    await one.move({ how: 'purge' });
    const engine = (await one.open()).engine ?? 'files';
    const left = await typed(server, `EVAL "return #redis.call('keys','*:root')" 0`);
    expect(left.trim(), `killed in front of step ${n}`).toBe(engine === 'redis' ? ':1' : ':0');
    return wasKilled;
  } finally {
    await one.close();
    await typed(server, 'FLUSHALL');
  }
}
