/** The same promises of the native program: each step is a command of its own, and what it has printed is what it has promised. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { priorities } from '../../../src/model/message.ts';
import type { Ids } from '../../../src/model/id.ts';
import { bodyMark, keyedMessage, type Ledger } from './ledger.ts';

export interface Typist {
  /** The program, and what stands before it. */
  readonly program: readonly string[];
  readonly root: string;
  readonly ledger: Ledger;
  readonly ids: Ids;
}

interface SentLine {
  readonly id: string;
  readonly mailboxes: readonly string[];
  readonly replaced?: readonly { readonly mailbox: string; readonly id: string }[];
}

interface ReadLine {
  readonly receipt: string;
  readonly mailbox: string;
  readonly message: { readonly id: string };
}

/** @returns what it has printed; `undefined`: nothing was there */
function type({ program, root }: Typist, as: string, ...words: readonly string[]): unknown {
  const [file = '', ...before] = program;
  const { status, stdout, stderr } = spawnSync(file, [...before, ...words, '--json', '--as', as], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], DREAMOS_ROOT: root, DREAMOS_RUNTIME: 'native' },
  });
  if (status === 3) return undefined;
  if (status !== 0) throw new Error(`${words[0]} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

/** @param more options of `send`, and what the ledger keeps of them */
function send(typist: Typist, mailboxes: readonly string[], scene: string, options: readonly string[] = []): void {
  const body = `${scene} ${typist.ids.token()} ${'words '.repeat(Math.floor(typist.ids.fraction() ** 4 * 1500))}`;
  const sent = type(typist, 'sender', 'send', mailboxes.join(','), body, ...options);
  note(typist, sent, body, scene);
}

function note({ ledger }: Typist, printed: unknown, body: string, scene: string, more: { key?: string } = {}): void {
  const sent = printed as SentLine | undefined;
  if (!sent) throw new Error(`a send has printed nothing (${scene})`);
  ledger.write({ kind: 'sent', id: sent.id, mailboxes: sent.mailboxes, body: bodyMark(body), scene, ...more });
  for (const one of sent.replaced ?? []) ledger.write({ kind: 'settled', what: 'replace', ...one });
}

function sendKeyed(typist: Typist, key: string, mailboxes: readonly string[]): void {
  typist.ledger.write({ kind: 'key-tried', key, mailboxes });
  const { body, subject } = keyedMessage(key, '', mailboxes);
  const words = ['send', mailboxes.join(','), body, '--subject', subject, '--dedupe-key', key];
  note(typist, type(typist, 'sender', ...words), body, 'keyed', { key });
}

function take(typist: Typist, name: string): ReadLine | undefined {
  const minutes = 1 + Math.floor(typist.ids.fraction() * 600);
  const line = type(typist, name, 'read', '--lease', `${minutes}m`) as ReadLine | undefined;
  if (line) settled(typist, 'claim', line);
  return line;
}

function settled({ ledger }: Typist, what: string, { mailbox, message: { id } }: ReadLine): void {
  ledger.write({ kind: 'settled', what, id, mailbox });
}

const endings: readonly ((typist: Typist, held: ReadLine) => void)[] = [
  (typist, held) => {
    type(typist, held.mailbox, 'ack', held.receipt);
    settled(typist, 'ack', held);
  },
  (typist, held) => {
    type(typist, held.mailbox, 'nack', held.receipt, '--delay', '2h');
    settled(typist, 'nack', held);
  },
  (typist, held) => {
    type(typist, held.mailbox, 'renew', held.receipt, '--lease', '3h');
    settled(typist, 'renew', held);
  },
  (typist, held) => {
    const reason = `rejected by the power-cut test (${typist.ids.token()})`;
    type(typist, held.mailbox, 'nack', held.receipt, '--dead', '--reason', reason);
    typist.ledger.write({ kind: 'dead', id: held.message.id, mailbox: held.mailbox, reason });
  },
  (typist, held) => {
    const body = `answer ${typist.ids.token()}`;
    note(typist, type(typist, held.mailbox, 'reply', held.receipt, body, '--ack'), body, 'reply');
    settled(typist, 'ack', held);
  },
];

/** Sends of every kind, and with what they brought what consumers do. @param name tells its keys from others' */
export function playRound(typist: Typist, name: string, agents: readonly string[]): void {
  const [first = '', second = ''] = agents;
  for (const priority of priorities) send(typist, [first], 'fixed bucket', ['--priority', priority]);
  send(typist, agents, 'broadcast');
  send(typist, agents, 'delayed broadcast', ['--delay', '2h']);
  send(typist, [second], 'delayed', ['--delay', '3h']);
  for (const to of [[first], agents, [first]]) sendKeyed(typist, `${name}-${to.length}`, to);
  for (let i = 0; i < 2; i++) send(typist, ['state'], 'replaced', ['--replace-key', name]);
  for (const agent of agents)
    for (const end of endings) {
      const held = take(typist, agent);
      if (held) end(typist, held);
      // Right behind what has left a bucket, into that bucket.
      send(typist, [agent], 'claim, then send');
    }
}

/** As long as others send. */
export function consume(typist: Typist, running: string, agents: readonly string[]): void {
  while (fs.existsSync(running))
    for (const agent of agents) {
      const held = take(typist, agent);
      if (held) endings[Math.floor(typist.ids.fraction() * endings.length)]?.(typist, held);
    }
}
