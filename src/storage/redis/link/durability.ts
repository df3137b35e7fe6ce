import { DreamosError } from '../../../model/errors.ts';
import { Odd } from './errors.ts';
import type { Link } from './link.ts';

export interface Kept {
  /** What it has answered survives its kill and a power cut. */
  readonly isFull: boolean;
  readonly why: string;
  /** It does not say how it is set: its administrator has denied CONFIG. */
  readonly isUnknown: boolean;
}

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
