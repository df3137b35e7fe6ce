// Parsers of our schemas, as code: zod's own compiler makes them (zod/v4/core/compile.js) when dreamos is built. A zod that does
// it otherwise ends the build.
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
  const { compileFn, ...made } = await load(outputFiles[0].contents);
  const parsers = Object.keys(schemas).map((name) => `  ${name}: ${parserOf(name, compileFn, made[name]())},`);
  // `undefined` is what does not fit, and what cannot be said without zod: the schema itself is asked then.
  const text = `const INVALID = Symbol('invalid');
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
  const { premade } = await load(text);
  for (const [name, parse] of Object.entries(premade)) {
    if (parse(null) !== undefined) throw new Error(`What zod has compiled of the schema ${name} takes everything.`);
  }
  return text;
}

/** The module of this text. */
function load(text) {
  return import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
}

/** zod hands its code and the values that this needs to `new Function` once, and nowhere else. */
function parserOf(name, compileFn, schema) {
  const { Function: real } = globalThis;
  const texts = [];
  globalThis.Function = function (...names) {
    const code = names.pop();
    return (...values) => {
      if (names[0] !== 'INVALID') throw new Error(`The first value that zod hands over is ${names[0]}, not INVALID.`);
      const constants = names.slice(1).map((constant, i) => `const ${constant} = ${literal(values[i + 1])};`);
      texts.push(`fitting((() => {\n${constants.join('\n')}\n${code}\n})())`);
      return () => undefined;
    };
  };
  try {
    compileFn(schema);
  } finally {
    globalThis.Function = real;
  }
  if (texts.length !== 1) throw new Error(`zod has compiled ${texts.length} functions of the schema ${name}, not one.`);
  return texts[0];
}

function literal(value) {
  if (value instanceof RegExp) return String(value);
  if (value instanceof Set) return `new Set(${JSON.stringify([...value])})`;
  // zod's own counting of characters, for a text that is near a limit.
  if (typeof value === 'function') return 'leave';
  throw new Error(`A compiled schema needs ${String(value)}, which cannot be written as code.`);
}
