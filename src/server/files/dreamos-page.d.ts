/** What scripts/build-page.mjs has made of src/page/: every file that is served, by its path. */
declare module 'dreamos:page' {
  export const files: Readonly<Record<string, { readonly type: string; readonly tag: string; readonly text: string }>>;
}
