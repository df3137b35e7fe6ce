/** Secretlint, where somebody has installed it beside dreamos, which does not bring it. */
import { DreamosError } from '../../model/errors.ts';
import type { Found } from './found.ts';

type Lint = (text: string) => Promise<Found[]>;

let loading: Promise<Lint> | undefined;

/** @throws CONFIG_INVALID: it is not there, or fails */
export async function lookBySecretlint(text: string): Promise<Found[]> {
  loading ??= load();
  try {
    return await (
      await loading
    )(text);
  } catch (cause) {
    loading = undefined;
    const [why = ''] = (cause as Error).message.split('\n');
    const message = `Secretlint did not look for secrets: ${why}.`;
    const hint = `Where dreamos is: npm install @secretlint/core @secretlint/secretlint-rule-preset-recommend; or name a command that reads the text: dreamos config set secretScanner '["gitleaks","stdin"]'`;
    throw new DreamosError('invalid', 'CONFIG_INVALID', message, { hint, cause });
  }
}

async function load(): Promise<Lint> {
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const rules = [{ id: creator.meta.id, rule: creator }];
  return async (text) => {
    // By a comment with these words a text tells it not to look. Who sends does not decide that. As long as they were.
    const content = text.replace(/secretlint-(?=disable|enable)/g, 'secretlint_');
    const { messages } = await lintSource({
      source: { content, filePath: 'message.txt', ext: '.txt', contentType: 'text' },
      options: { config: { rules }, noPhysicFilePath: true, maskSecrets: true },
    });
    return messages.map(({ messageId, range: [at] }) => ({ what: messageId, at }));
  };
}
