/** Two hosts that work on one root, which a Redis on a third one keeps, while their cables are pulled. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { pause, type Running, test, until } from '../../e2e/rig.ts';
import { demand, said, skips } from '../../lack.ts';
import { createNetwork, type Host, lackFor } from './network.ts';
import { idsOf, keepSending, placeOf, redisOn } from './redis.ts';

const lack = await lackFor('redis-server');
const pulledMs = 5000;
const warnings = (running: Running): number => running.err().split('"warning"').length - 1;

describe.skipIf(skips(lack))(said('two hosts and a Redis on a third', lack), { timeout: 300_000 }, () => {
  test('whosever cable is pulled, what was confirmed is there once, and who waits goes on', async ({ bare: rig }) => {
    demand(lack);
    const network = createNetwork(3);
    const [sends, works, keeps] = network.hosts as [Host, Host, Host];
    const server = await redisOn(keeps);
    try {
      const [one, two] = [
        { cwd: join(rig.dir, 'one'), within: sends.within },
        { cwd: join(rig.dir, 'two'), within: works.within },
      ];
      for (const { cwd } of [one, two]) mkdirSync(cwd);
      const made = await rig.dreamos(
        ['init', '--store', `redis://${placeOf(keeps)}/0`, 'planner', 'reviewer', '--json'],
        one,
      );
      expect(made, made.err).toMatchObject({ code: 0 });
      const joined = await rig.dreamos(['init', '--store', String(made.json[0]?.['store']), '--json'], two);
      expect(joined, joined.err).toMatchObject({ code: 0 });

      const handled = join(two.cwd, 'handled');
      const handler = ['sh', '-c', 'cat >/dev/null; echo "$DREAMOS_MSG_ID" >> handled'];
      const working = rig.start(['work', 'reviewer', '--json', '--', ...handler], two);
      const watching = rig.start('watch reviewer --since start --json', one);
      const senders = keepSending(rig, one);
      const done = (): string[] => (existsSync(handled) ? readFileSync(handled, 'utf8').trim().split('\n') : []);
      for (const [pulled, ...waiting] of [
        [sends, watching],
        [works, working],
        [keeps, working, watching],
      ] as const) {
        const [sent, ended] = [senders.confirmed.length, done().length];
        await until('mail is sent and handled', () => senders.confirmed.length > sent + 5 && done().length > ended + 5);
        const [told, refusals] = [waiting.map(warnings), senders.refusals()];
        pulled.pull();
        await pause(pulledMs);
        for (const [i, waits] of waiting.entries())
          await until('who waits says so', () => warnings(waits) > (told[i] ?? 0));
        if (pulled !== works) await until('a send ends', () => senders.refusals() > refusals);
        expect(waiting.map(warnings)).toEqual(told.map((count) => count + 1));
        pulled.plug();
      }
      await senders.end();
      await until(
        'all is handled',
        async () => (await idsOf(rig, 'archived', two)).length === senders.confirmed.length,
      );
      const delivered = (): string[] => watching.lines().filter((line) => line.includes('"delivered"'));
      await until('all is heard', () => delivered().length >= senders.confirmed.length);
      const watched = await watching.kill('SIGTERM');

      const all = senders.confirmed.toSorted();
      expect(new Set(all).size).toBe(all.length);
      expect((await idsOf(rig, 'archived', one)).toSorted()).toEqual(all);
      for (const state of ['ready', 'inflight', 'delayed', 'dead']) expect(await idsOf(rig, state, one)).toEqual([]);
      expect(done().toSorted()).toEqual(all);
      expect(
        watched.json
          .filter(({ event }) => event === 'delivered')
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(all);
      expect([...senders.refused]).toContain('ENGINE_UNREACHABLE 8');
      for (const code of senders.refused) expect(code).toMatch(/^(?:ENGINE_UNREACHABLE 8|SEND_UNCERTAIN \d)$/);
    } finally {
      await server.close();
      network.remove();
    }
  });
});
