/** Sockets of agents, whose users the kernel tells apart: two users, a third who is nobody's friend, and root, who serves. */
import { chmodSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { missing, notRoot, said, skips } from '../lack.ts';
import { type Rig, test } from './rig.ts';
import { served, until } from './serving.ts';

const [ann, bob, eve] = [64_001, 64_002, 64_003];
const nobody = 65_534;
const lack = (await missing('curl')) ?? notRoot;

/** @returns the number that HTTP gives, or what curl says of a socket that it may not open */
async function asked(rig: Rig, uid: number, socket: string, more = '', path = '/v1/status'): Promise<string> {
  const { out, err } = await rig.shell(
    `curl -sS -o /dev/null -w '%{http_code}' ${more} --unix-socket ${socket} http://localhost${path}`,
    { uid, cwd: '/' },
  );
  return out === '000' ? (/Permission denied|Couldn't connect/i.exec(err)?.[0] ?? err) : out;
}

describe.skipIf(skips(lack))(said('the sockets of agents', lack), () => {
  test('are opened by their users, and act as nobody else', { timeout: 120_000 }, async ({ rig }) => {
    chmodSync(rig.dir, 0o755);
    await rig.dreamos('agent register nobody');
    await rig.dreamos('agent register clerk');
    const doors = join(rig.dir, 'doors');
    const door = (agent: string): string => join(doors, agent, 'sock');
    const users = `--agent-sockets ${doors} --agent-user planner=${ann} --agent-user reviewer=${bob}`;
    const server = await served(rig, users);
    expect(server.err()).toContain('No user is called clerk');

    const owner = (path: string): [number, number] => [statSync(path).uid, statSync(path).mode & 0o777];
    expect(owner(join(doors, 'planner'))).toEqual([ann, 0o700]);
    expect(owner(door('planner'))).toEqual([ann, 0o600]);
    // The user who is called as the agent is.
    expect(owner(door('nobody'))).toEqual([nobody, 0o600]);
    expect(owner(door('clerk'))).toEqual([0, 0o600]);

    const found: Record<string, string> = {};
    for (const [name, uid] of Object.entries({ ann, bob, eve }))
      for (const agent of ['planner', 'reviewer']) found[`${name} ${agent}`] = await asked(rig, uid, door(agent));
    for (const agent of ['planner', 'reviewer']) found[`root ${agent}`] = await asked(rig, 0, door(agent));
    const no = expect.stringMatching(/denied|connect/i) as string;
    expect(found).toEqual({
      ...{ 'ann planner': '200', 'ann reviewer': no },
      ...{ 'bob planner': no, 'bob reviewer': '200' },
      ...{ 'eve planner': no, 'eve reviewer': no },
      ...{ 'root planner': '200', 'root reviewer': '200' },
    });
    for (const uid of [ann, eve])
      expect(await asked(rig, uid, join(rig.root, 'server.sock'))).toMatch(/denied|connect/i);
    expect(await asked(rig, ann, door('planner'), "-H 'Dreamos-Agent: reviewer'")).toBe('403');

    const draft = `-H 'Content-Type: application/json' -d '{"to":"reviewer","body":"hello"}'`;
    expect(await asked(rig, ann, door('planner'), draft, '/v1/send')).toBe('201');
    expect((await rig.dreamos('read reviewer --json')).json[0]?.message).toMatchObject({ from: 'planner' });
    const forged = `-H 'Content-Type: application/json' -d '{"to":"reviewer","body":"hello","from":"reviewer"}'`;
    expect(await asked(rig, ann, door('planner'), forged, '/v1/send')).not.toBe('201');

    // Come while it runs, without a user; then everything ends.
    await rig.dreamos('agent register late');
    await until('there is a door for who came', () => lstatSync(door('late'), { throwIfNoEntry: false }) !== undefined);
    expect(await server.kill('SIGTERM')).toMatchObject({ code: 0 });
    expect(lstatSync(door('planner'), { throwIfNoEntry: false })).toBeUndefined();
  });

  test('what a user puts into his folder leads root nowhere', { timeout: 120_000 }, async ({ rig }) => {
    chmodSync(rig.dir, 0o755);
    const doors = join(rig.dir, 'doors');
    const users = `--agent-sockets ${doors} --agent-user planner=${ann}`;
    await (await served(rig, users)).kill('SIGKILL');
    const secret = join(rig.root, 'format.json');
    const before = [lstatSync(secret).uid, lstatSync(secret).mode, readFileSync(secret, 'utf8')];
    const socket = join(doors, 'planner', 'sock');
    rmSync(socket);
    await rig.shell(`ln -s ${secret} ${socket}`, { uid: ann, cwd: '/' });
    expect(lstatSync(socket).isSymbolicLink()).toBe(true);
    const server = await served(rig, users);
    expect([lstatSync(secret).uid, lstatSync(secret).mode, readFileSync(secret, 'utf8')]).toEqual(before);
    expect(lstatSync(socket).isSocket()).toBe(true);
    expect(await asked(rig, ann, socket)).toBe('200');
    await server.kill('SIGKILL');
    // The folder itself is in one that is root's: it cannot be replaced by a link.
    await rig.shell(`rm -rf ${join(doors, 'planner')}; ln -s ${rig.root} ${join(doors, 'planner')}`, {
      uid: ann,
      cwd: '/',
    });
    expect(lstatSync(join(doors, 'planner')).isDirectory()).toBe(true);
    rmSync(join(doors, 'planner'), { recursive: true });
    symlinkSync(rig.root, join(doors, 'planner'));
    const last = await served(rig, users);
    expect(last.err()).toContain('planner has no socket');
    expect(statSync(rig.root).uid).toBe(before[0]);
    await last.kill('SIGTERM');
  });

  test('root alone gives them away', { timeout: 60_000 }, async ({ rig }) => {
    const own = await rig.shell(`mkdir -m 777 own && cd own && setpriv --reuid ${ann} --clear-groups true && ls -d .`);
    expect(own.code, own.err).toBe(0);
    chmodSync(rig.dir, 0o755);
    const as = { uid: ann, cwd: join(rig.dir, 'own') };
    await rig.dreamos('init planner', as);
    const refused = await rig.dreamos('serve --agent-sockets d --agent-user planner=64002', as);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('Only root gives sockets to other users.');
    const unknown = await rig.dreamos('serve --agent-sockets d --agent-user planner=nobody-of-this-name');
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain('There is no user "nobody-of-this-name" in /etc/passwd.');
  });
});
