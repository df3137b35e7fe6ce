import type { Mailbox } from './layout.ts';

/** The message that holds an ordering key: which one, in which of its lives, claimed for the how manieth time. */
export interface Head {
  readonly id: string;
  readonly life: number;
  readonly attempt: number;
}

/** The folder of an ordering key, which holds one file: its head. */
export function orderingKeyFolder(mailbox: Mailbox, key: string): string {
  return `${mailbox.keys}/${key}`;
}

/** The same while it is being made. */
export function stagedOrderingKeyFolder(mailbox: Mailbox, key: string, random: string): string {
  return `${mailbox.keys}/${key}.${random}`;
}

/** `undefined`: nothing that lies in keys/. */
export function parseOrderingKeyFolder(name: string): { readonly key: string; readonly staged: boolean } | undefined {
  const match = /^([0-9a-f]{16})(\.[0-9A-HJKMNP-TV-Z]{10})?$/.exec(name);
  return match ? { key: match[1] ?? '', staged: match[2] !== undefined } : undefined;
}

export function headName({ id, life, attempt }: Head): string {
  return `${id}.${life}.${attempt}`;
}

export function parseHead(text: string): Head | undefined {
  const match = /^([0-7][0-9A-HJKMNP-TV-Z]{25})\.(\d{1,6})\.(\d{1,13})$/.exec(text);
  return match ? { id: match[1] ?? '', life: Number(match[2]), attempt: Number(match[3]) } : undefined;
}

/** A folder of dedupe keys. */
export function isDedupeFolder(name: string): boolean {
  return /^[0-9a-f]{2}$/.test(name);
}

/** Whether it is a dedupe key of this folder. */
export function isDedupeKey(folder: string, name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name) && name.startsWith(folder);
}

/** Where a dedupe key goes from its place to be removed. @param token drawn anew */
export function dedupeKeyAside(dedupeFile: string, token: string): string {
  return `${dedupeFile}.${token}`;
}

/** Whether it is such a one. @param of a key, or its folder */
export function isDedupeKeyAside(of: string, name: string): boolean {
  return /^[0-9a-f]{64}\.[0-9A-HJKMNP-TV-Z]{10}$/.test(name) && name.startsWith(of);
}

/** As much of a dedupe key's name as a person needs. */
export function shortDedupeKey(name: string): string {
  return name.slice(0, 12);
}
