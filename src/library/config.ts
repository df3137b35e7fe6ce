import { changeConfig, rollbackConfig, setConfig, unsetConfig } from '../core/config/change.ts';
import { configDiff, configHistory } from '../core/config/history.ts';
import { getConfig, showConfig } from '../core/config/show.ts';
import { validateConfig } from '../core/config/text.ts';
import type { Session } from '../core/root/root.ts';
import { anything, maybe, number, record, text, texts, yesOrNo } from './arguments.ts';
import { type Binders, named } from './bind.ts';
import type { Config } from './config-group.ts';

const changing = { note: text, ifVersion: number };
const validate = named(validateConfig, (session: Session, json?: string) => validateConfig(session, json));

export function bindConfig({ bound }: Binders): Config {
  return {
    get: bound(getConfig, maybe(text)),
    show: bound(showConfig, maybe(texts), { agent: text, origin: yesOrNo }),
    set: bound(setConfig, text, anything, changing),
    change: bound(changeConfig, record, changing),
    unset: bound(unsetConfig, texts, changing),
    validate: bound(validate, maybe(text)),
    diff: bound(configDiff, maybe(number), maybe(number), { agent: text }),
    history: bound(configHistory, { agent: text, limit: number }),
    rollback: bound(rollbackConfig, number, { agent: text, ...changing }),
  };
}
