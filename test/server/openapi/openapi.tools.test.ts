/** What others make of /openapi.json: whether it is OpenAPI, and whether the server does what it says, whatever comes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createToken } from '../../../src/core/tokens/tokens.ts';
import { documented } from '../../../src/server/openapi/documented.ts';
import { openapi } from '../../../src/server/openapi/openapi.ts';
import { watches } from '../../../src/server/live/watches.ts';
import { aboutPath } from '../../../src/server/place/running.ts';
import { demand, noTool, said, skips } from '../../lack.ts';
import { removeScratch } from '../../scratch.ts';
import { createServed } from '../rig.ts';

const venv = mkdtempSync(join(tmpdir(), 'dreamos-openapi-'));
afterAll(() => {
  rmSync(venv, { recursive: true, force: true });
  removeScratch();
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
}

function run(program: string, words: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd: venv, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (out += text));
    child.once('error', reject).once('close', (code) => resolve({ code, out }));
  });
}

async function tools(): Promise<string | undefined> {
  const given = process.env['DREAMOS_TEST_OPENAPI'];
  if (given !== undefined) return given;
  try {
    if ((await run('python3', ['-m', 'venv', venv])).code !== 0) return undefined;
    const wanted = ['schemathesis==4.32.5', 'openapi-spec-validator==0.9.0'];
    const { code } = await run(join(venv, 'bin/pip'), ['install', '--quiet', ...wanted]);
    return code === 0 ? join(venv, 'bin') : undefined;
  } catch {
    return undefined;
  }
}

const bin = await tools();
const lack = bin === undefined ? noTool('schemathesis cannot be installed') : undefined;

/** What changes who may what, for all that comes behind it; and what is listened to, which does not end by itself. */
const lastingPaths = ['/v1/policy/set', '/v1/policy/rollback', ...watches.map(({ path }) => path)];

/** As the server has it, but that nobody asks it to wait, nor says another name than that of the token, which is refused before all else. */
function impatient(): string {
  const left = ['wait', 'waitMs', 'from'];
  return JSON.stringify(openapi(documented('1.2.3')), (key, part: unknown) => {
    if (key === 'properties')
      return Object.fromEntries(Object.entries(part as object).filter(([name]) => !left.includes(name)));
    if (key !== 'parameters' || !Array.isArray(part)) return part;
    return (part as { name?: string; $ref?: string }[]).filter(
      ({ name = '', $ref }) => !name.startsWith('wait') && $ref !== '#/components/parameters/Dreamos-Agent',
    );
  });
}

describe.skipIf(skips(lack))(said('/openapi.json', lack), () => {
  test('is OpenAPI 3.1', async () => {
    demand(lack);
    expect(
      await run(join(bin ?? '', 'openapi-spec-validator'), [join(process.cwd(), 'share/openapi.json')]),
    ).toMatchObject({
      code: 0,
    });
  });

  test(
    'is what the server does, whatever it is asked: no failure of its own, no status and no shape that it does not say',
    { timeout: 900_000 },
    async () => {
      demand(lack);
      const served = await createServed(['planner', 'reviewer', 'Agent-3'], { http: { host: '127.0.0.1', port: 0 } });
      try {
        const { token } = await createToken(served.root, 'planner');
        const { value } = await served.get(aboutPath);
        for (let i = 0; i < 5; i++)
          for (const to of ['planner', 'reviewer']) await served.post('/v1/send', { to, body: 'x' }, { as: 'planner' });
        const file = join(venv, 'openapi.json');
        writeFileSync(file, impatient());
        const ended = await run(join(bin ?? '', 'schemathesis'), [
          ...['run', file, '--url', String(value.http), '-H', `Authorization: Bearer ${token}`],
          ...['--checks', 'all', '--exclude-checks', 'positive_data_acceptance,ignored_auth'],
          ...['--phases', process.env['DREAMOS_TEST_PHASES'] ?? 'coverage,fuzzing'],
          ...['--max-examples', process.env['DREAMOS_TEST_EXAMPLES'] ?? '5', '--continue-on-failure', '--no-color'],
          ...[
            '--suppress-health-check',
            'all',
            '--request-timeout',
            '45',
            '--max-response-time',
            '45',
            '--seed',
            '18',
            '--no-shrink',
          ],
          ...lastingPaths.flatMap((path) => ['--exclude-path', path]),
        ]);
        if (ended.code !== 0) writeFileSync(process.env['DREAMOS_TEST_REPORT'] ?? join(venv, 'report'), ended.out);
        expect(ended.code, ended.out.slice(-20_000)).toBe(0);
      } finally {
        await served.close();
      }
    },
  );
});
