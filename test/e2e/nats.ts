/** A NATS server of its own on loopback, with JetStream in a folder of its own; what it starts ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTo, type ConnectionOptions, type NatsConnection, nkeys } from '@nats-io/transport-node';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { freePort } from '../free-port.ts';
import type { Ended, Rig, Running } from './rig.ts';

export interface NatsServer {
  /** Without the password. */
  readonly url: string;
  readonly port: number;
  readonly password: string;
  /** kill -9 */
  kill(): Promise<void>;
  /** With what it has on disk. @returns once it takes connections */
  begin(): Promise<void>;
  /** SIGSTOP. @returns once it stands still */
  stop(): Promise<void>;
  /** SIGCONT */
  goOn(): void;
  /** What is in it, for who looks past the bridge. */
  look<T>(how: (jsm: JetStreamManager, nc: NatsConnection) => Promise<T>): Promise<T>;
}

const password = 'p@ss/word';
const permissions = `publish: ["*.mail.>", "*.refused.>", "*.unreadable.>", "$JS.API.>", "$JS.ACK.>"], subscribe: "_INBOX.>"`;
export const byPassword = {
  lines: [
    `authorization { users: [
      { user: mail, password: ${JSON.stringify(password)}, permissions: { ${permissions} } }
      { user: admin, password: ${JSON.stringify(password)} }
    ] }`,
  ],
  login: { user: 'admin', pass: password } as ConnectionOptions,
};

/** It is not begun yet. @param how lines of its configuration, and how it is reached by them @param at its port */
export async function natsServer(dir: string, how = byPassword, at?: number): Promise<NatsServer> {
  const { lines, login } = how;
  const port = at ?? (await freePort());
  mkdirSync(dir, { recursive: true });
  const config = join(dir, 'nats.conf');
  const all = [`listen: "127.0.0.1:${port}"`, `jetstream { store_dir: ${JSON.stringify(dir)} }`, ...lines];
  writeFileSync(config, `${all.join('\n')}\n`);
  let server: ChildProcess | undefined;
  let isWanted = false;
  const isOver = (): boolean => !server || server.exitCode !== null || server.signalCode !== null;
  const reach = (): Promise<NatsConnection> => connectTo({ servers: `localhost:${port}`, reconnect: false, ...login });
  return {
    url: `nats://mail@127.0.0.1:${port}`,
    port,
    password,
    kill: async () => {
      isWanted = false;
      if (!server || isOver()) return;
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    },
    begin: async () => {
      isWanted = true;
      for (let begun = 0; ;) {
        if (!isWanted) throw new Error('The NATS server was killed before it was up');
        // A connection that goes out may have its port for a moment.
        if (isOver()) {
          if (++begun > 20) throw new Error(`The NATS server has ended: ${dir}/log`);
          server = spawn('nats-server', ['-c', config, '-l', join(dir, 'log')], { stdio: 'ignore' });
        }
        const nc = await reach().catch(() => undefined);
        const isUp = await nc
          ?.flush()
          .then(
            async () => jetstreamManager(nc),
            () => undefined,
          )
          .catch(() => undefined);
        await nc?.close();
        if (isUp) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    stop: async () => {
      server?.kill('SIGSTOP');
      while (!/\) T/.test(readFileSync(`/proc/${server?.pid}/stat`, 'utf8')))
        await new Promise((resolve) => setTimeout(resolve, 20));
    },
    goOn: () => void server?.kill('SIGCONT'),
    look: async (look) => {
      const nc = await reach();
      try {
        return await look(await jetstreamManager(nc), nc);
      } finally {
        await nc.close();
      }
    },
  };
}

export interface NatsWay {
  readonly stream: string;
  start(from: 'a' | 'b'): Running;
  once(from: 'a' | 'b'): Promise<Ended>;
}

let streams = 0;

/** Bridges between both roots, of a stream that no other test has. */
export function natsWay(rig: Rig, roots: { a: string; b: string }, server: NatsServer): NatsWay {
  const stream = `team${++streams}`;
  writeFileSync(join(rig.dir, 'password'), `${server.password}\n`);
  const env = { DREAMOS_NATS_PASSWORD_FILE: join(rig.dir, 'password') };
  const words = (from: 'a' | 'b', more: readonly string[]) => {
    const peer = from === 'a' ? 'b' : 'a';
    return ['bridge', peer, '--via', `${server.url}/${stream}`, '--name', from, '--json', ...more];
  };
  return {
    stream,
    start: (from) => rig.start(words(from, []), { cwd: roots[from], env }),
    once: (from) => rig.dreamos(words(from, ['--once']), { cwd: roots[from], env }),
  };
}

/** @returns lines of a server's configuration that knows one user by keys, and his file of credentials */
export function withCreds(): { readonly lines: string[]; readonly creds: string } {
  const [operator, user] = [nkeys.createOperator(), nkeys.createUser()];
  const [account, system] = [nkeys.createAccount(), nkeys.createAccount()];
  const base64 = (what: string | Uint8Array): string => Buffer.from(what).toString('base64url');
  const tokenOf = (by: typeof operator, sub: string, what: object): string => {
    const claims = {
      jti: sub,
      iat: Math.floor(Date.now() / 1000),
      iss: by.getPublicKey(),
      name: 'mail',
      sub,
      nats: what,
    };
    const said = `${base64('{"typ":"JWT","alg":"ed25519-nkey"}')}.${base64(JSON.stringify(claims))}`;
    return `${said}.${base64(by.sign(Buffer.from(said)))}`;
  };
  const all = -1;
  const limits = { subs: all, conn: all, leaf: all, imports: all, exports: all, data: all, payload: all };
  const room = { mem_storage: all, disk_storage: all, streams: all, consumer: all, wildcards: true };
  const isAccount = { type: 'account', version: 2, limits: { ...limits, ...room } };
  const isUser = { type: 'user', version: 2, subs: all, data: all, payload: all };
  const known = [account, system].map((one) => {
    const of = one.getPublicKey();
    return `${of}: ${tokenOf(operator, of, one === account ? isAccount : { ...isAccount, limits })}`;
  });
  return {
    lines: [
      `operator: ${tokenOf(operator, operator.getPublicKey(), { type: 'operator', version: 2 })}`,
      `system_account: ${system.getPublicKey()}`,
      'resolver: MEMORY',
      `resolver_preload: { ${known.join('\n')} }`,
    ],
    creds: [
      '-----BEGIN NATS USER JWT-----',
      tokenOf(account, user.getPublicKey(), isUser),
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      Buffer.from(user.getSeed()).toString(),
      '------END USER NKEY SEED------',
      '',
    ].join('\n'),
  };
}
