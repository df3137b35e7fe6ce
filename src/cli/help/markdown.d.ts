/** The pages of help: esbuild and vitest give their text. */
declare module '*.md' {
  const text: string;
  export { text as default };
}
