/** The scripts that run on the server: esbuild and vitest give their text. */
declare module '*.lua' {
  const text: string;
  export { text as default };
}
