/** What `dreamos help http` says is done as it stands there, from its first line to its last. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { project } from '../e2e/runtime.ts';
import { test } from '../e2e/rig.ts';
import { demand, missing, said, skips } from '../lack.ts';

const lack = await missing('curl', 'jq', 'python3');
beforeAll(() => demand(lack));

const page = readFileSync(join(project, 'src/cli/help/http.md'), 'utf8');
const blocks = [...page.matchAll(/^```(sh|python)\n([^]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const startsServer = 'dreamos serve &\n';

/** In the order of the page. */
const shown = ['status', 'sending', 'taking', 'lists', 'changes', 'following', 'errors', 'copy', 'python'] as const;

describe.skipIf(skips(lack))(said('dreamos help http', lack), () => {
  test('every line of it works', async ({ rig }) => {
    expect(blocks).toHaveLength(shown.length);
    expect(blocks[0]?.text.startsWith(startsServer)).toBe(true);
    const modules = join(rig.dir, 'modules');
    mkdirSync(modules);
    symlinkSync(project, join(modules, 'dreamos'));
    // Where a package that is installed would be.
    writeFileSync(join(rig.dir, 'bin', 'npm'), `#!/bin/sh\necho '${modules}'\n`, { mode: 0o755 });
    const script = blocks.map(({ language, text }, i) => {
      const listens = 'until [ -S runtime/agent_comms/server.sock ]; do sleep 0.05; done\n';
      const words = text.replace(startsServer, `dreamos serve 2>/dev/null &\n${listens}`);
      return `echo '=== ${shown[i]}'\n${language === 'sh' ? words : `python3 - <<'END'\n${text}END\n`}`;
    });
    const ended = await rig.shell(`set -e\n${script.join('')}\necho '=== end'\ndreamos serve stop --quiet`);
    expect(ended).toMatchObject({ code: 0, err: '' });
    const parts = new Map(
      ended.out.split('=== ').map((part) => [part.split('\n')[0], part.slice(part.indexOf('\n') + 1)]),
    );
    const part = (name: (typeof shown)[number]): string => parts.get(name) ?? '';
    // Answers of one thing have no line end.
    const objects = (name: (typeof shown)[number]): unknown[] =>
      JSON.parse(
        `[${part(name)
          .trim()
          .replaceAll(/\}\s*(?=\{)/g, '},')}]`,
      ) as unknown[];
    expect(objects('status')).toMatchObject([{ items: [{ mailbox: 'planner' }, { mailbox: 'reviewer' }] }]);
    expect(objects('sending')).toMatchObject([
      { state: 'ready' },
      { state: 'ready' },
      { to: ['reviewer'] },
      { error: { code: 'AGENT_NOT_FOUND' } },
    ]);
    expect(objects('taking')).toMatchObject([{ state: 'inflight' }, { to: ['planner'] }, { state: 'archived' }]);
    const [firstPage, ...lines] = objects('lists');
    expect(firstPage).toMatchObject({ items: [{}, {}], next: expect.any(String) as string });
    expect(lines).toHaveLength(2);
    expect(objects('changes')).toMatchObject([{ key: 'lease', value: '20m' }]);
    expect(part('following').match(/"event":"delivered"/g)?.length).toBeGreaterThan(2);
    expect(part('following')).toMatch(/^id: \S+\ndata: \{/m);
    expect(part('following')).toMatch(/"topic":"build\.done"/);
    expect(objects('errors')).toMatchObject([
      { status: 404, code: 'AGENT_NOT_FOUND', hint: expect.any(String) as string },
    ]);
    expect(part('python').split('\n')).toContain('planner build 7 is green');
    // The session's own, the reply, and what was handed in by a file.
    const { json } = await rig.dreamos('peek planner --json -n 10');
    expect(json.map(({ message }) => message.body)).toEqual(['seen', 'I am there', 'by a file']);
  }, 120_000);
});
