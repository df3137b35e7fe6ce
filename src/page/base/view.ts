import type { ComponentChildren } from 'preact';

/** A page of the page. shell/views.ts has them all. */
export interface View {
  /** The first part of its address: `dlq` is `#/dlq`. */
  readonly path: string;
  /** In the menu; absent: it is not there, because it is of one message or thread. */
  readonly menu?: { readonly name: string; readonly group: 'Mail' | 'People' | 'House'; readonly press: string };
  /** It stays as it is, and keeps the focus, when only what stands behind the first part changes. */
  readonly stays?: true;
  /** Shows it. @param path what stands behind the first part, decoded */
  readonly Show: (props: { readonly path: readonly string[] }) => ComponentChildren;
}
