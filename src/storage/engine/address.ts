/**
 * Where an engine is, as people write it: `redis://host:6379/0`, `rediss://` by TLS, `redis+unix:///path?db=0`, and several
 * hosts with commas between, of which the engine finds the one that may be written to. What follows a `#` is the root in it.
 *
 * An address is shown, kept and handed on as it is, so it never holds a password. Half of all programs take what stands alone
 * before an `@` for the password (redis-cli, Lettuce), the others for the user (IANA's form), so nothing may stand there at all.
 */
import type { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { engineHelp } from './refusals.ts';

export interface EngineAddress {
  /** By its name in format.json. */
  readonly engine: 'redis';
  /** In the one form in which it is kept and told. */
  readonly text: string;
  readonly tls: boolean;
  /** None: `socket` says where it is. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** The path of a unix socket. */
  readonly socket?: string;
  readonly db: number;
}

/** A root in an engine. */
export interface EnginePlace {
  readonly address: EngineAddress;
  readonly id: string;
  /** What its maker has settled for where the server does not sync what it confirms; else `full`. */
  readonly durability?: 'relaxed';
  /** How many replicas have to have what is confirmed. */
  readonly replicas?: number;
}

const usualPort = 6379;

/** How the customary schemes are called here. `unix:` is that of redis-py and node-redis. */
const schemes: Readonly<Record<string, string>> = {
  redis: 'redis',
  valkey: 'redis',
  rediss: 'rediss',
  valkeys: 'rediss',
  unix: 'redis+unix',
  'redis+unix': 'redis+unix',
  'valkey+unix': 'redis+unix',
  'redis+socket': 'redis+unix',
};

/** As the hints have it. */
const exampleAddress = 'redis://localhost:6379/0';

/** @throws USAGE; one that holds a password is not repeated */
export function parseAddress(said: string): EngineAddress {
  const { address, id } = split(said);
  if (id !== undefined) throw wrong(said, 'names a root, behind its "#", where an engine alone is meant');
  return addressOf(said, address);
}

/** `redis://host:6379/0#<id>`. @throws USAGE */
export function parsePlace(said: string): EnginePlace {
  const { address, id } = split(said);
  const at = addressOf(said, address);
  if (id === undefined) {
    throw usage(
      `${at.text} is where an engine is, and does not say which root in it is meant.`,
      `One that is there has its id behind a "#", as init has printed it; to make one: dreamos init --store ${at.text}`,
    );
  }
  return { address: at, id };
}

export interface StoreSaid {
  readonly address: EngineAddress;
  /** Of a root that is in it already. */
  readonly id: string | undefined;
}

/** What `--store` says: an engine, or also a root in it. @throws USAGE */
export function parseStore(said: string): StoreSaid {
  const { address, id } = split(said);
  return { address: addressOf(said, address), id };
}

export function placeText({ address, id }: EnginePlace): string {
  return `${address.text}#${id}`;
}

/** Of a root's id: letters and digits, as ids have. */
export function isRootId(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(text);
}

/** @throws USAGE */
function split(said: string): { readonly address: string; readonly id: string | undefined } {
  const at = said.lastIndexOf('#');
  if (at < 0) return { address: said, id: undefined };
  const id = said.slice(at + 1);
  // Before anything of it is told: a "#" may be part of a password.
  checkNoPassword(said);
  if (!isRootId(id)) throw wrong(said, 'has no id of a root behind its "#"');
  return { address: said.slice(0, at), id };
}

function addressOf(said: string, address: string): EngineAddress {
  checkNoPassword(said);
  // As a file's address may have one slash or three.
  const [, named = '', rest = ''] =
    /^([a-z+]+):\/\/(.*)$/is.exec(address.replace(/^([a-z]+\+|)unix:(?=\/(?!\/))/i, '$1unix://')) ?? [];
  const scheme = schemes[named.toLowerCase()];
  if (scheme === undefined) throw wrong(said, 'is no address of an engine');
  const [, before = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(rest) ?? [];
  const asked = dbIn(said, query);
  if (scheme === 'redis+unix') return atSocket(said, before, asked ?? 0);
  const [, places = '', path = ''] = /^([^/]*)\/?(.*)$/s.exec(before) ?? [];
  if (!/^\d{0,5}$/.test(path)) throw wrong(said, 'has no number of a database behind its hosts');
  const hosts = places.split(',').map((host) => hostOf(said, host));
  const db = path === '' ? (asked ?? 0) : Number(path);
  if (asked !== undefined && asked !== db) throw wrong(said, 'names two databases');
  const text = `${scheme}://${hosts.map(({ host, port }) => `${bracketed(host)}:${port}`).join(',')}/${db}`;
  return { engine: 'redis', text, tls: scheme === 'rediss', hosts, db };
}

function atSocket(said: string, path: string, db: number): EngineAddress {
  if (!path.startsWith('/') || path.endsWith('/')) throw wrong(said, 'has no path of a socket behind its scheme');
  const socket = decoded(said, path);
  const text = `redis+unix://${encodeURI(socket).replaceAll('?', '%3F').replaceAll('#', '%23')}${db === 0 ? '' : `?db=${db}`}`;
  return { engine: 'redis', text, tls: false, hosts: [], socket, db };
}

function decoded(said: string, path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw wrong(said, 'has a "%" that stands for no sign');
  }
}

/** `?db=1`, or as Celery has it. */
function dbIn(said: string, query: string | undefined): number | undefined {
  if (!query) return undefined;
  const [, digits] = /^(?:db|virtual_host)=(\d{1,5})$/.exec(query) ?? [];
  if (digits === undefined) throw wrong(said, 'asks for more than a database behind its "?"');
  return Number(digits);
}

function hostOf(said: string, text: string): EngineAddress['hosts'][number] {
  const [, inBrackets, plain, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = inBrackets ?? plain;
  const port = digits === undefined ? usualPort : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) throw wrong(said, 'has no host that could be meant');
  return { host: host.toLowerCase(), port };
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** @throws USAGE, without what it might be */
function checkNoPassword(said: string): void {
  const [, scheme = '', rest = said] = /^([^/]*:\/\/)(.*)$/s.exec(said) ?? [];
  const isSocket = /^(?:unix|.*\+)/i.test(scheme);
  const mayHold = /[?&](?:password|pass|auth|user(?:name)?)=/i.test(rest);
  // A socket's path may have an "@" in it (/run/user@1000), but begins with its "/".
  const before = rest.includes('@') && !(isSocket && rest.startsWith('/'));
  if (!mayHold && !before) return;
  throw usage(
    'The address of an engine holds a user or a password, and it is kept and shown to everybody who asks.',
    `Take it out of the address, and say it in DREAMOS_STORE_PASSWORD_FILE, the path of a file (the user: DREAMOS_STORE_USER): dreamos help ${engineHelp}`,
  );
}

function wrong(said: string, why: string): DreamosError {
  return usage(
    `${JSON.stringify(said.slice(0, 200))} ${why}.`,
    `For example: ${exampleAddress}, rediss://one:6379,two:6379/0, redis+unix:///run/redis.sock; more: dreamos help ${engineHelp}`,
  );
}
