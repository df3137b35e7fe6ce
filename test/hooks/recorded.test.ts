/** What the real agents gave their hooks (`npm run test:agents -- --record`), given to ours once more. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hosts } from '../../src/hooks/hosts.ts';
import { createRig } from '../commands/rig.ts';

interface Recorded {
  readonly case: string;
  readonly env: Record<string, string>;
  readonly said: Readonly<Record<string, unknown>>;
}

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'hooks');
const jsonIn = (...path: string[]): unknown => JSON.parse(readFileSync(join(folder, ...path), 'utf8')) as unknown;
const recorded = readdirSync(folder).flatMap((host) =>
  readdirSync(join(folder, host))
    .filter((version) => /^\d/.test(version))
    .flatMap((version) =>
      readdirSync(join(folder, host, version)).flatMap((file) => {
        const event = file.replace('.json', '');
        return (jsonIn(host, version, file) as Recorded[]).map((one) => ({ host, version, event, ...one }));
      }),
    ),
);

/** At which events a host is told; at all others, and in subagents, it is not. */
const told: Readonly<Record<string, readonly string[]>> = {
  claude: ['SessionStart', 'UserPromptSubmit', 'PostToolBatch', 'Stop'],
  codex: ['SessionStart', 'UserPromptSubmit', 'PostToolUse', 'Stop'],
  gemini: ['SessionStart', 'BeforeAgent', 'AfterTool', 'AfterAgent'],
  opencode: ['prompt', 'step'],
};
const isTold = ({ host, event, said }: (typeof recorded)[number]): boolean =>
  // What Gemini CLI is told there goes nowhere.
  !(host === 'gemini' && said['source'] === 'clear') &&
  told[host]?.includes(event) === true &&
  said['agent_id'] === undefined &&
  said['stop_hook_active'] !== true;

/** By the host's own schema of what a hook may print, in which no field is left to chance. */
async function refusedBy(host: string, event: string, answer: unknown): Promise<string | undefined> {
  // oxlint-disable-next-line no-restricted-imports -- zod/mini reads no JSON Schema, and nothing starts here.
  const { fromJSONSchema } = await import('zod');
  const schema = fromJSONSchema(jsonIn(host, 'output', `${event}.json`) as Parameters<typeof fromJSONSchema>[0]);
  return schema.safeParse(answer).error?.message;
}

describe('what was recorded', () => {
  test.each(recorded)('$host $version $event: $case', async (one) => {
    const { host, event, env, said } = one;
    const rig = await createRig();
    await rig.sent();
    const { code, out, err } = await rig.dreamos(`hook ${host} --as reviewer`, { stdin: JSON.stringify(said), env });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    if (!isTold(one)) {
      expect(out).toBe('');
      return;
    }
    expect(out).toMatch(/dreamos: reviewer has 1 unread message, from planner\. .*, not from the user\./);
    const answer = JSON.parse(out) as Record<string, unknown>;
    expect(await refusedBy(host, event, answer)).toBeUndefined();
    expect(await refusedBy(host, event, { ...answer, note: 'x' })).toMatch(/note/);
  });

  test.each(recorded.filter(({ case: name }) => name.includes('woken')))(
    '$host $version: a prompt that woke a session was typed by nobody',
    async ({ host, said, env }) => {
      const rig = await createRig();
      await rig.dreamos(`hook ${host} --as reviewer`, { stdin: JSON.stringify(said), env });
      const [session] = await rig.root.store.reach.sessions();
      expect(session).toMatchObject({ state: 'busy', agent: 'reviewer' });
      expect(session?.lastPromptAt).toBeUndefined();
    },
  );

  const isEdit = ({ event, said }: (typeof recorded)[number]): boolean =>
    /^(PreToolUse|BeforeTool|edit)$/.test(event) && said['tool_name'] !== 'invoke_agent';
  test.each(recorded.filter(isEdit))(
    '$host $version $event: which file is about to be changed, and a refusal that the host takes',
    async ({ host, event, said, env }) => {
      const heard = hosts[host]?.hear(said, env);
      expect(heard).toMatchObject({ moment: 'edit', files: [expect.stringMatching(/(^|\/)a\.txt$/)] });
      expect(await refusedBy(host, event, heard && hosts[host]?.refuse?.(heard, 'held'))).toBeUndefined();
    },
  );

  test.each(recorded.filter(({ said }) => said['tool_name'] === 'invoke_agent'))(
    '$host $version $event: a subagent has the work from there, and until there',
    ({ host, event, said, env }) => {
      expect(hosts[host]?.hear(said, env)).toMatchObject({ moment: 'step', delegates: event === 'BeforeTool' });
    },
  );

  test('holds every event at which a host is told', () => {
    for (const [host, events] of Object.entries(told))
      for (const event of events)
        expect(
          recorded.some((one) => one.host === host && one.event === event),
          `${host} ${event}`,
        ).toBe(true);
  });

  test('has no path of the machine that it was recorded on', () => {
    const all = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
    for (const name of all)
      expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(/dreamos-agents-|\/root\b/);
  });
});
