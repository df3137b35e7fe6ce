// A hundred tasks: a diamond, a chain, and what can be done at any time. How long each takes is its body, in milliseconds.

const capabilities = ['parse', 'test', 'docs'];

/** Who is there. Each can be done without by the others. */
export const agents = ['ann', 'bob', 'cy', 'dora', 'eve', 'finn', 'gus', 'hana', 'ivo', 'jo'].map((name, i) => ({
  name,
  capabilities: [capabilities[i % 3], capabilities[(i + 1) % 3]],
  // Whoever is killed has one who stands by for him, or none.
  ...(name === 'hana' && { standbyFor: ['bob'] }),
}));

/** @param {number} pace 1 is half a minute @returns {{ key: string, title: string, body: string, requires: string[], dependsOn: string[] }[]} */
export function plan(pace) {
  const tasks = [];
  const add = (key, ms, requires, dependsOn = []) =>
    tasks.push({ key, title: key, body: String(Math.round(ms * pace)), requires, dependsOn });
  add('design', 800, ['docs']);
  const parts = Array.from({ length: 18 }, (_, i) => `part-${i + 1}`);
  for (const [i, part] of parts.entries()) add(part, 900 + (i % 5) * 250, [capabilities[i % 3]], ['design']);
  add('join', 900, ['test'], parts);
  for (let i = 1; i <= 15; i++) add(`step-${i}`, 500, [capabilities[i % 3]], i === 1 ? [] : [`step-${i - 1}`]);
  add('release', 600, ['docs'], ['join', 'step-15']);
  while (tasks.length < 100)
    add(`chore-${tasks.length - 35}`, 900 + (tasks.length % 7) * 200, [capabilities[tasks.length % 3]]);
  return tasks;
}
