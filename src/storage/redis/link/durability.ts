import { DreamosError } from '../../../model/errors.ts';
import { engineHelp } from '../../engine/refusals.ts';
import type { MoveHow } from '../../port/dump/moving.ts';
import { Odd } from './errors.ts';
import type { Link } from './link.ts';

export interface Kept {
  /** What it has answered survives its kill and a power cut. */
  readonly isFull: boolean;
  readonly why: string;
  /** It does not say how it is set: its administrator has denied CONFIG. */
  readonly isUnknown: boolean;
}

/** A master that was just started knows its replicas once they have all its data: it rests 5 s before it sends that. */
const longestMs = 10_000;
const waitMs = 500;

const wanted = {
  appendonly: 'yes',
  appendfsync: 'always',
  // Else nothing is synced while its log is written anew.
  'no-appendfsync-on-rewrite': 'no',
  'maxmemory-policy': 'noeviction',
} as const;

export async function durabilityOf(link: Link): Promise<Kept> {
  const found = new Map<string, string>();
  try {
    for (const name of Object.keys(wanted)) {
      const [, value] = (await link.command('CONFIG', 'GET', name)) as Buffer[];
      found.set(name, String(value ?? ''));
    }
  } catch (error) {
    const isDenied = error instanceof Odd || /NOPERM/.test((error as Error).message);
    if (!isDenied) throw error;
    return { isFull: false, why: 'it does not say how it is set (CONFIG is denied)', isUnknown: true };
  }
  const wrong = Object.entries(wanted).filter(([name, value]) => found.get(name) !== value);
  const why = wrong.map(([name, value]) => `${name} is ${found.get(name)}, not ${value}`).join(', ');
  return { isFull: wrong.length === 0, why, isUnknown: false };
}

/** @throws CONFIG_INVALID: it syncs less than is asked for */
export async function checkDurability(link: Link, durability: 'full' | 'relaxed' = 'full'): Promise<void> {
  const { isFull, why } = durability === 'full' ? await durabilityOf(link) : { isFull: true, why: '' };
  if (!isFull) throw notFull(link.where, why);
}

/** @throws ENGINE_UNREACHABLE: there are fewer for `longestMs` */
export async function awaitReplicas(link: Link, replicas = 0): Promise<void> {
  if (replicas === 0) return;
  const { clock } = link.options;
  const until = clock.uptime() + longestMs;
  const probe = `${link.prefix}probe`;
  // One that is there may still be busy with what it was sent: it is waited until it confirms what is written.
  await link.command('SET', probe, '', 'PX', 2 * longestMs);
  try {
    for (;;) {
      const count = Number(await link.command('WAIT', replicas, waitMs));
      if (count >= replicas) return;
      if (clock.uptime() >= until) throw tooFew(link.where, count, replicas);
    }
  } finally {
    await link.command('DEL', probe);
  }
}

/** As scripts take it, that make a root which keeps it. */
export function promised({ durability, replicas }: MoveHow): readonly [string, string] {
  return [durability === 'relaxed' ? durability : '', replicas === undefined ? '' : String(replicas)];
}

function tooFew(where: string, count: number, replicas: number): DreamosError {
  const message = `The engine at ${where} has ${count} of the ${replicas} replicas that are to have what is sent.`;
  return new DreamosError('unreachable', 'ENGINE_UNREACHABLE', message, {
    hint: `Nothing was made. Start them, then the same again: dreamos help ${engineHelp}`,
  });
}

function notFull(where: string, why: string): DreamosError {
  return new DreamosError(
    'invalid',
    'CONFIG_INVALID',
    `The engine at ${where} may lose what it has answered, so no root is made there that promises to keep it: ${why}.`,
    {
      hint: 'Set appendonly yes, appendfsync always, no-appendfsync-on-rewrite no and maxmemory-policy noeviction there, or make the root with `durability` relaxed',
    },
  );
}
