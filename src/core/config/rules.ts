/** What settings have to be as a whole, whoever writes them. */
import { alertFault } from '../../model/metrics/alert.ts';
import { DreamosError } from '../../model/errors.ts';
import {
  defaultSettings,
  misspeltSettings,
  settingFault,
  settingNumber,
  type Settings,
  wrongSettings,
} from '../../model/settings.ts';

/** Everything that is wrong with them, for a person, with the field that it is about. */
export function faultsIn(settings: Settings): { readonly field: string; readonly fault: string }[] {
  const wrong = wrongSettings(settings).map((key) => ({ field: key, fault: settingFault(key, settings[key]) }));
  const misspelt = misspeltSettings(settings).map(({ name, meant }) => ({
    field: name,
    fault: `there is no setting ${JSON.stringify(name)} (did you mean "${meant}"?)`,
  }));
  return wrong.length > 0 ? [...wrong, ...misspelt] : [...misspelt, ...crossed(settings), ...wrongRules(settings)];
}

/** Rules that look like rules, and could tell nobody of anything. */
function wrongRules({
  alerts,
}: Settings): { readonly field: string; readonly fault: string; readonly hint?: string }[] {
  const fault = alerts === undefined ? undefined : alertFault(alerts);
  if (!fault) return [];
  const field = ['alerts', ...fault.path].join('.');
  return [{ field, fault: `${field}: ${fault.why}`, hint: fault.hint }];
}

function crossed(settings: Settings): { readonly field: string; readonly fault: string }[] {
  const { backoffMin = defaultSettings.backoffMin, backoffMax = defaultSettings.backoffMax } = settings;
  if (settingNumber('backoffMin', backoffMin) <= settingNumber('backoffMax', backoffMax)) return [];
  return [{ field: 'backoffMin', fault: `backoffMin (${backoffMin}) would be longer than backoffMax (${backoffMax})` }];
}

/** @throws CONFIG_INVALID: they cannot be put in force. A field that means nothing is kept, as it always was */
export function checkWhole(settings: Settings, changed: readonly string[] = []): void {
  const [wrong, ...more] = wrongSettings(settings);
  if (wrong !== undefined) {
    const all = [...changed, wrong, ...more].map((key) => `${key}=…`);
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
  const [rule] = wrongRules(settings);
  if (rule)
    throw new DreamosError('invalid', 'CONFIG_INVALID', `${rule.fault.replace(/\.$/, '')}. Nothing was changed.`, {
      ...(rule.hint !== undefined && { hint: rule.hint }),
    });
}
