// Parsers of our schemas, as code: zod's own compiler makes them (zod/v4/core/compile.js), once, when the command is built.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(fileURLToPath(import.meta.url), '../..');
const schemas = { agentCard: 'agent.ts', mailEvent: 'event.ts', message: 'message.ts', settings: 'settings.ts' };

/** @returns the text of a module in the place of src/model/premade.ts */
export async function premadeModule() {
  const imports = Object.entries(schemas).map(
    ([name, file]) => `export { ${name}Schema as ${name} } from './src/model/${file}';`,
  );
  const { outputFiles } = await build({
    stdin: { contents: [...imports, `export { compileFn } from 'zod/v4/core';`].join('\n'), resolveDir: root },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const { compileFn, ...made } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  );
  const parsers = Object.keys(schemas).map((name) => `  ${name}: ${parserOf(compileFn, made[name]())},`);
  // `undefined` is what does not fit, and what cannot be said without zod: the schema itself is asked then.
  return `const INVALID = Symbol('invalid');
const leave = () => {
  throw INVALID;
};
const fitting = (parse) => (value) => {
  try {
    const data = parse(value);
    return data === INVALID ? undefined : data;
  } catch (error) {
    if (error === INVALID) return undefined;
    throw error;
  }
};
export const premade = {
${parsers.join('\n')}
};
`;
}

/** zod hands its code and the values that this needs to `new Function`, and nowhere else. */
function parserOf(compileFn, schema) {
  const { Function: real } = globalThis;
  let text = '';
  globalThis.Function = function (...names) {
    const code = names.pop();
    return (...values) => {
      const constants = names.slice(1).map((name, i) => `const ${name} = ${literal(values[i + 1])};`);
      text = `fitting((() => {\n${constants.join('\n')}\n${code}\n})())`;
    };
  };
  try {
    // The compiler notes on the function whether it may throw.
    compileFn(schema);
  } catch (error) {
    if (text === '') throw error;
  } finally {
    globalThis.Function = real;
  }
  return text;
}

function literal(value) {
  if (value instanceof RegExp) return String(value);
  if (value instanceof Set) return `new Set(${JSON.stringify([...value])})`;
  // zod's own counting of characters, for a text that is near a limit.
  if (typeof value === 'function') return 'leave';
  throw new Error(`A compiled schema needs ${String(value)}, which cannot be written as code.`);
}
