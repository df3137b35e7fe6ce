/** What format.json says of a root that an engine keeps. */
import { DreamosError } from '../../model/errors.ts';
import { type EnginePlace, isRootId, parseAddress } from './address.ts';
import { engineVersion } from '../file/find-root.ts';
import { engineHelp } from './refusals.ts';

export interface Descriptor {
  readonly format: 'dreamos';
  readonly version: typeof engineVersion;
  readonly engine: string;
  readonly address: string;
  readonly id: string;
  readonly durability?: 'relaxed';
  readonly replicas?: number;
}

export function descriptorOf({ address, id, durability, replicas }: EnginePlace): Descriptor {
  return {
    format: 'dreamos',
    version: engineVersion,
    engine: address.engine,
    address: address.text,
    id,
    ...(durability && { durability }),
    ...(replicas !== undefined && { replicas }),
  };
}

/** @param file where it stands, for messages @throws FORMAT_UNKNOWN */
export function placeIn(file: string, format: object): EnginePlace {
  const { address, id, durability, replicas } = format as Partial<Record<keyof Descriptor, unknown>>;
  if (typeof address !== 'string') throw unknown(file, 'does not say at which address its engine is');
  if (!isRootId(id)) throw unknown(file, 'does not say which root in its engine it is');
  if (durability !== undefined && durability !== 'relaxed' && durability !== 'full')
    throw unknown(file, 'says a durability that there is not');
  if (replicas !== undefined && !isReplicas(replicas)) throw unknown(file, 'says no number of replicas');
  return {
    address: addressIn(file, address),
    id,
    ...(durability === 'relaxed' && { durability }),
    ...(replicas !== undefined && { replicas }),
  };
}

export function isReplicas(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 16;
}

function addressIn(file: string, address: string): EnginePlace['address'] {
  try {
    return parseAddress(address);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    throw new DreamosError('invalid', 'FORMAT_UNKNOWN', `In ${file}: ${error.message}`, { hint: error.hint });
  }
}

function unknown(file: string, why: string): DreamosError {
  return new DreamosError('invalid', 'FORMAT_UNKNOWN', `${file} ${why}.`, {
    hint: `Copy it from another folder of this root; what it has to say: dreamos help ${engineHelp}`,
  });
}
