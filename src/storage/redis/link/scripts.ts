/**
 * The scripts that run on the server, each as one step. A file of lua/ is a role: what stands above its first `--@` is shared by
 * its scripts, each of which begins with `--@ <name> <flags>`. The flags are Redis': `no-writes` runs also where nothing may be
 * written, `allow-oom` also when memory is full, because it ends what is there; `deny-oom` is none, and says so.
 */
import { createHash } from 'node:crypto';
import audit from '../lua/kept.lua';
import base from '../lua/base.lua';
import byHand from '../lua/by-hand.lua';
import claim from '../lua/claim.lua';
import documents from '../lua/documents.lua';
import due from '../lua/due.lua';
import entries from '../lua/entries.lua';
import events from '../lua/events.lua';
import journal from '../lua/journal.lua';
import look from '../lua/look.lua';
import moveDump from '../lua/move/dump.lua';
import moveLoad from '../lua/move/load.lua';
import moveAway from '../lua/move/away.lua';
import reach from '../lua/reach.lua';
import send from '../lua/send.lua';
import settle from '../lua/settle.lua';
import upkeep from '../lua/upkeep.lua';

const mail = [events, entries, due];
/** `isMover`: its scripts are let in also where there is no root yet, or none any more, and look for themselves. */
const roles: readonly { readonly shared: readonly string[]; readonly text: string; readonly isMover?: boolean }[] = [
  { shared: [events, entries], text: send },
  { shared: mail, text: claim },
  { shared: mail, text: settle },
  { shared: mail, text: byHand },
  { shared: [events, entries], text: look },
  { shared: [events, entries], text: journal },
  { shared: [events, entries], text: reach },
  { shared: mail, text: upkeep },
  { shared: [], text: documents },
  { shared: [], text: audit },
  { shared: [events, entries], text: moveDump, isMover: true },
  { shared: [events, entries], text: moveLoad, isMover: true },
  { shared: [], text: moveAway, isMover: true },
];

export interface Script {
  readonly name: string;
  readonly source: string;
  /** Of `source`, in hex, as EVALSHA wants it. */
  readonly sha: string;
  /** It changes nothing. */
  readonly isLook: boolean;
}

/** A script that fails at its end undoes nothing, and a user of Redis 7 may publish nowhere until he is given a channel. */
const mayTell = `if not redis.acl_check_cmd('PUBLISH', P .. 'bell') then
  return redis.error_reply('NOPERM this user may not publish to ' .. P .. 'bell')
end`;

/** What scripts call: whoever may not call one of these changes nothing (roles/known.ts). */
export const commandsCalled =
  'APPEND DEL EXISTS GET GETRANGE HDEL HEXISTS HGET HGETALL HINCRBY HKEYS HLEN HMGET HSCAN HSET HSETNX HVALS INFO LTRIM PEXPIRE RPUSH SADD SET SMEMBERS SREM STRLEN TIME UNLINK XADD XDEL XRANGE XREVRANGE ZADD ZCARD ZCOUNT ZRANGE ZRANGEBYSCORE ZREM ZREVRANGEBYSCORE ZSCORE'.split(
    ' ',
  );

const known = new Map<string, Script>();

export function scriptOf(name: string): Script {
  const before = known.get(name);
  if (before) return before;
  const source = sourceOf(name);
  const sha = createHash('sha1').update(source).digest('hex');
  const script = { name, source, sha, isLook: source.startsWith('#!lua flags=no-writes') };
  known.set(name, script);
  return script;
}

function sourceOf(name: string): string {
  for (const { shared, text, isMover = false } of roles) {
    const [head = '', ...parts] = text.split(/^--@ /m);
    const part = parts.find((one) => one.startsWith(`${name} `));
    if (part === undefined) continue;
    const end = part.indexOf('\n');
    const flags = part.slice(name.length + 1, end).trim();
    const first = `#!lua${flags === 'deny-oom' ? '' : ` flags=${flags}`}\n`;
    const operation = ['local function operation()', part.slice(end + 1), 'end', 'return answered(operation())'];
    const called = usedBy(withoutComments(operation.join('\n')), withoutComments([...shared, head].join('\n')));
    const tells = flags !== 'no-writes' && called.includes("'PUBLISH'");
    const whole = usedBy(called, withoutComments([base, ...(tells ? [mayTell] : [])].join('\n')));
    return `${first}local isMover = ${isMover}\n${whole}`;
  }
  throw new Error(`There is no script ${name}.`);
}

/**
 * `text` behind those functions of `library` that it needs: with each call the server makes a closure of each, and clears it away.
 * A function of Lua calls only what stands above it.
 */
function usedBy(text: string, library: string): string {
  let used = text;
  for (const piece of library.split(/^(?=\S)(?!end\b)/m).reverse()) {
    const [, name] = /^local function (\w+)/.exec(piece) ?? [];
    if (name === undefined || new RegExp(`\\b${name}\\b`).test(used)) used = `${piece.trimEnd()}\n${used}`;
  }
  return used;
}

/** For the tests: every script that there is. */
export function scriptNames(): string[] {
  return roles.flatMap(({ text }) => [...text.matchAll(/^--@ (\w+)/gm)].map((match) => match[1] ?? ''));
}

function withoutComments(text: string): string {
  return text.replace(/^ *--.*\n/gm, '').replace(/\n{2,}/g, '\n');
}
