/** What tests of a store do in a few words: read and change its documents, name a claim. */
import { changeDocument } from '../../../src/core/root/documents.ts';
import type { AgentCard } from '../../../src/model/agent.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Settings } from '../../../src/model/settings.ts';
import type { DocumentName } from '../../../src/storage/port/documents.ts';
import type { Store } from '../../../src/storage/port/store.ts';

const ids = createIds();

/** A name for one claim. */
export const newToken = (): string => ids.token();

export async function documentIn(store: Store, name: DocumentName): Promise<unknown> {
  return (await store.documents.get(name))?.value;
}

export async function settingsIn(store: Store): Promise<Settings> {
  return (await documentIn(store, 'settings')) ?? {};
}

export function changeIn(store: Store, name: DocumentName, change: (value: unknown) => unknown): Promise<unknown> {
  return changeDocument(store.documents, name, change);
}

export function changeSettingsIn(store: Store, change: (settings: Settings) => Settings): Promise<Settings> {
  return changeDocument(store.documents, 'settings', (value) => change((value ?? {}) as Settings));
}

export function changeAgentIn(
  store: Store,
  name: string,
  change: (card: AgentCard | undefined) => AgentCard,
): Promise<AgentCard> {
  const exact = async (): Promise<DocumentName> => `agents/${(await store.documents.getAgent(name))?.name ?? name}`;
  return changeDocument(store.documents, exact, (card) => change(card as AgentCard | undefined));
}
