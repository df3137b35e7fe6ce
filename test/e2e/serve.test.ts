/** The server as a process, beside commands that work on the same root. */
import { spawn } from 'node:child_process';
import { existsSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { expectRefusal, test } from './rig.ts';
import { ask, served, socketOf, until } from './serving.ts';

describe.concurrent('serve', () => {
  test('what is sent through it a command reads, and the other way round', async ({ rig }) => {
    const server = await served(rig);
    expect(statSync(socketOf(rig)).mode & 0o777).toBe(0o600);
    const sent = await ask(socketOf(rig), 'POST', '/v1/send', { to: 'reviewer', body: 'hello' });
    expect(sent.status).toBe(201);
    expect((await rig.dreamos('read reviewer --json')).json[0]?.message).toMatchObject({
      body: 'hello',
      from: 'planner',
    });
    await rig.sent('send planner back --as reviewer');
    expect((await ask(socketOf(rig), 'GET', '/v1/status?mailbox=planner')).value.items).toMatchObject([{ ready: 1 }]);
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, signal: null, err: '' });
    expect(existsSync(socketOf(rig))).toBe(false);
    expect((await rig.dreamos('doctor')).err).toContain('Nothing is wrong');
  });

  test('it says where it listens, is found there, and is stopped', async ({ rig }) => {
    expectRefusal(await rig.dreamos('serve status --json'), {
      exit: 3,
      code: 'NOTHING_THERE',
      names: rig.root,
      next: 'dreamos serve',
    });
    expectRefusal(await rig.dreamos('serve stop --json'), {
      exit: 3,
      code: 'NOTHING_THERE',
      names: rig.root,
      next: 'dreamos serve',
    });
    const server = rig.start('serve --http 127.0.0.1:0 --read-only');
    await until('it listens', () => server.err().includes('Ctrl-C'), server.ended);
    expect(server.err()).toMatch(
      new RegExp(
        `^Listens at ${socketOf(rig)}\nListens at http://127\\.0\\.0\\.1:\\d+ .*\nRead-only, process ${server.child.pid}\\. `,
      ),
    );
    const [about] = (await rig.dreamos('serve status --json')).json;
    expect(about).toMatchObject({ pid: server.child.pid, root: rig.root, socket: socketOf(rig), readOnly: true });
    const second = await rig.dreamos('serve --json');
    expectRefusal(second, {
      exit: 5,
      code: 'SERVER_RUNNING',
      names: String(server.child.pid),
      next: 'dreamos serve stop',
    });
    expect((await rig.dreamos('serve stop --json')).json).toMatchObject([{ pid: server.child.pid }]);
    expect(await server.ended).toMatchObject({ code: 0, signal: null });
  });

  test('nobody else is ended for it: not whom its number means by now, nor whom another one says', async ({ rig }) => {
    const victim = spawn('sleep', ['60']);
    const { pid } = victim;
    const since = new Date().toISOString();
    const about = { pid, since, version: '0', root: rig.root, socket: socketOf(rig), http: null };
    const liar = createServer((_, answer) => {
      answer.end(JSON.stringify({ ...about, agentSockets: null, readOnly: false }));
    });
    await new Promise<void>((resolve) => void liar.listen(socketOf(rig), resolve));
    try {
      const space = readlinkSync('/proc/self/ns/pid');
      for (const note of [
        {},
        { pid, since, socket: socketOf(rig) },
        { pid, since, socket: socketOf(rig), begun: '1', space },
      ]) {
        writeFileSync(join(rig.root, 'server.json'), JSON.stringify(note));
        expectRefusal(await rig.dreamos('serve stop --json'), {
          exit: 5,
          code: 'SERVER_RUNNING',
          names: String(pid),
          next: 'fuser',
        });
      }
      expect([victim.exitCode, victim.signalCode]).toEqual([null, null]);
    } finally {
      victim.kill();
      liar.close();
    }
  });

  test('a port that is taken, and an address of others, are told with what to type', async ({ rig, bare }) => {
    const server = await served(rig, '--http 127.0.0.1:0');
    const port = new URL(String(server.about['http'])).port;
    await bare.dreamos('init planner');
    const taken = await bare.dreamos(`serve --http 127.0.0.1:${port} --json`);
    expectRefusal(taken, { exit: 5, code: 'CANNOT_LISTEN', names: port, next: 'dreamos serve --http 127.0.0.1:0' });
    expect(existsSync(socketOf(bare))).toBe(false);
    const open = await bare.dreamos('serve --http 0.0.0.0:7420 --json');
    expectRefusal(open, { exit: 2, code: 'USAGE', names: '0.0.0.0', next: 'ssh -L 7420:127.0.0.1:7420' });
    await server.kill('SIGTERM');
  });
});
