import type { ConfigDifference } from '../../contract/system.ts';
import type { AgentCard } from '../../model/agent.ts';
import { type Settings } from '../../model/settings.ts';
import { differencesBetween } from '../root/history.ts';

type Said = Settings | AgentCard;

/** Field by field, the settings of a card one by one. Nothing, where both say the same. */
export function differencesOf(from: Said, to: Said): ConfigDifference[] {
  return differencesBetween(fieldsOf(from), fieldsOf(to));
}

function fieldsOf(value: Said): Map<string, unknown> {
  if (!('createdAt' in value)) return new Map(Object.entries(value));
  const { settings = {}, ...others } = value;
  return new Map([
    ...Object.entries(others),
    ...Object.entries(settings).map(([key, one]): [string, unknown] => [`settings.${key}`, one]),
  ]);
}
