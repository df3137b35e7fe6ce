import { forgetSettings } from '../../../../src/core/root/config-file.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import type { Settings } from '../../../../src/model/settings.ts';

/** As `config set` does, and this process goes by it at once. */
export async function setSetting(session: Session, signatures: NonNullable<Settings['signatures']>): Promise<void> {
  const { documents } = session.store;
  const before = await documents.get('settings');
  await documents.put('settings', { ...(before?.value as object), signatures }, before?.version);
  forgetSettings(session);
}
