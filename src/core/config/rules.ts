/** What settings have to be as a whole, whoever writes them. */
import { alertFaults } from '../../model/metrics/alert.ts';
import { DreamosError } from '../../model/errors.ts';
import {
  defaultSettings,
  misspeltSettings,
  settingFault,
  settingNumber,
  type Settings,
  wrongSettings,
} from '../../model/settings.ts';

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly fault: string;
  readonly hint?: string;
}

/** Everything that is wrong with them, for a person, with the field that it is about. */
export function faultsIn(settings: Settings): Fault[] {
  const rules = wrongRules(settings);
  const wrong = wrongSettings(settings)
    .filter((key) => key !== 'alerts' || rules.length === 0)
    .map((key) => ({ path: [key], fault: settingFault(key, settings[key]) }));
  const misspelt = misspeltSettings(settings).map(({ name, meant }) => ({
    path: [name],
    fault: `there is no setting ${JSON.stringify(name)} (did you mean "${meant}"?)`,
  }));
  return [...wrong, ...misspelt, ...(wrong.length > 0 ? [] : crossed(settings)), ...rules];
}

/** Rules that look like rules, and could tell nobody of anything. */
function wrongRules({ alerts }: Settings): (Fault & { readonly hint: string })[] {
  if (alerts === undefined) return [];
  return alertFaults(alerts).map(({ path: within, why, hint }) => {
    const path = ['alerts', ...within];
    return { path, fault: `${path.join('.')}: ${why}`, hint };
  });
}

function crossed(settings: Settings): Fault[] {
  const { backoffMin = defaultSettings.backoffMin, backoffMax = defaultSettings.backoffMax } = settings;
  if (settingNumber('backoffMin', backoffMin) <= settingNumber('backoffMax', backoffMax)) return [];
  return [
    { path: ['backoffMin'], fault: `backoffMin (${backoffMin}) would be longer than backoffMax (${backoffMax})` },
  ];
}

/**
 * A field that means nothing is kept, as it always was, and so is a wrong rule where no rule is changed.
 * @param changed `undefined`: all of them @throws CONFIG_INVALID: they cannot be put in force
 */
export function checkWhole(settings: Settings, changed?: readonly string[]): void {
  const [wrong, ...more] = wrongSettings(settings);
  if (wrong !== undefined) {
    const all = [...(changed ?? []), wrong, ...more].map((key) => `${key}=…`);
    throw new DreamosError(
      'invalid',
      'CONFIG_INVALID',
      `${settingFault(wrong, settings[wrong])}. Nothing was changed.`,
      {
        hint: `Set all that is wrong at once: dreamos config set ${[...new Set(all)].join(' ')}`,
      },
    );
  }
  const [fault] = crossed(settings);
  if (fault)
    throw new DreamosError('invalid', 'CONFIG_INVALID', `${fault.fault}.`, {
      hint: 'Set both at once: dreamos config set backoffMin=1s backoffMax=5m',
    });
  const [rule] = changed && !changed.includes('alerts') ? [] : wrongRules(settings);
  if (rule)
    throw new DreamosError('invalid', 'CONFIG_INVALID', `${rule.fault.replace(/\.$/, '')}. Nothing was changed.`, {
      hint: rule.hint,
    });
}
