import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandOf, operationNames, operations } from '../../src/contract/operations.ts';
import { topicNames } from '../../src/cli/help/topics.ts';
import { verbs } from './command-table.ts';
import { pageNames, pageOf, upToDate } from './sections.ts';

const textOf = (page: string): string => readFileSync(page, 'utf8');
const pages = ['README.md', ...topicNames.map(pageOf)];

// The reference asks the compiler for the types of the whole library, which takes a busy machine some time.
test.each(pageNames)(
  'the generated sections of %s are up to date (else: npm run readme)',
  { timeout: 60_000 },
  async (page) => {
    expect(textOf(page)).toBe(await upToDate(page, textOf(page)));
  },
);

test('every command that the README and the topics show is one that dreamos has', () => {
  const known = new Set(verbs());
  const shown = pages.flatMap((page) =>
    [...textOf(page).matchAll(/(?:^|[(`|] ?|\$ )dreamos ([a-z]+)/gm)].map(([, verb]) => verb ?? ''),
  );
  expect(shown.length).toBeGreaterThan(60);
  expect(shown.filter((verb) => !known.has(verb))).toEqual([]);
});

test('every topic that a page refers to is there', () => {
  const known = new Set<string>([...topicNames, ...verbs()]);
  const named = pages.flatMap((page) =>
    [...textOf(page).matchAll(/`dreamos help ([a-z-]+)/g)].map(([, topic]) => topic ?? ''),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((topic) => !known.has(topic))).toEqual([]);
});

test('the reference of the library leaves no type unexplained', () => {
  const page = textOf(pageOf('reference'));
  const code = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) =>
    block?.replace(/\/\*\*.*?\*\/|'[^']*'/gs, ''),
  );
  const used = new Set(code.join('\n').match(/\b[A-Z]\w*[a-z]\w*/g));
  const known = new Set(
    [...page.matchAll(/^(?:export )?(?:interface|type|class) (\w+)|^- `(\w+)`: /gm)].map((m) => m[1] ?? m[2]),
  );
  const languages =
    /^(AbortSignal|AsyncGenerator|Iterable|NodeJS|Omit|Partial|Pick|ProcessEnv|Promise|Readonly|Record)$/;
  expect(used.size).toBeGreaterThan(60);
  // Its own subject, and the language's.
  const left = [...used].filter((name) => !known.has(name) && !languages.test(name));
  expect(left.sort()).toEqual(['Dreamos', 'Error']);
});

test.each(['README.md', pageOf('guarantees')])('%s names every command that shows mail and finishes none', (page) => {
  const [, said = ''] =
    /((?:`[a-z]+`(?:,\s+|\s+and\s+)?)+)(?:\s+claim\s+and)?\s+finish\s+nothing/.exec(textOf(page)) ?? [];
  const looking = operationNames.flatMap((name) => {
    const { effect, concerns } = operations[name];
    const words = commandOf(name);
    const looks = effect === 'looks' && !['none', 'topic'].includes(concerns);
    return looks && words !== undefined && !words.includes(' ') ? words : [];
  });
  expect(said.match(/[a-z]{3,}/g)?.filter((word) => word !== 'and')).toEqual(expect.arrayContaining(looking));
});

test('every link of the README leads to a file', () => {
  const links = [...textOf('README.md').matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link]) => link ?? '');
  expect(links.length).toBeGreaterThan(topicNames.length);
  expect(links.filter((link) => !existsSync(link))).toEqual([]);
});

test('the README fits on two pages', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(130);
});

test('every page of help is a topic, and no topic but agent has the name of a command', () => {
  const files = readdirSync('src/cli/help').filter((name) => name.endsWith('.md'));
  expect(files.map((name) => name.replace(/\.md$/, '')).sort()).toEqual([...topicNames].sort());
  expect(topicNames.filter((name) => verbs().includes(name))).toEqual(['agent']);
});
