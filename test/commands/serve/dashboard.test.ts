import { expect, test } from 'vitest';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { createToken, listTokens, revokeToken } from '../../../src/core/tokens/tokens.ts';
import { createRig } from '../rig.ts';

test.for(['99999', '65536', '0', 'x'])('%s is no port of a dashboard', async (port) => {
  const rig = await createRig();
  const { code, err } = await rig.dreamos(`dashboard --port ${port} --as planner`);
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringMatching(/"\w+" cannot be --port\.\n.*a whole number from 1 to 65535/s) as string,
  });
});

test('ends its token also where its agent was renamed meanwhile, and no other of it', async () => {
  const rig = await createRig();
  const ctrlC = new AbortController();
  const onOutput = (): void => {
    if (ctrlC.signal.aborted) return;
    void (async () => {
      await createToken(rig.root, 'planner');
      await renameAgent(rig.root, 'planner', 'architect');
      ctrlC.abort();
    })();
  };
  const { code, err } = await rig.dreamos('dashboard --as planner --json', { signal: ctrlC.signal, onOutput });
  expect(code, err).toBe(0);
  expect(await listTokens(rig.root)).toMatchObject([{ agent: 'architect', expiresAt: null }]);
});

test('ends in peace, and serves no more, also where its token was revoked meanwhile', async () => {
  const rig = await createRig();
  const ctrlC = new AbortController();
  let url = '';
  const onOutput = (text: string): void => {
    if (url !== '') return;
    ({ url } = JSON.parse(text) as { url: string });
    void revokeToken(rig.root, 'planner').then(() => ctrlC.abort());
  };
  const { code, err } = await rig.dreamos('dashboard --as planner --json', { signal: ctrlC.signal, onOutput });
  expect(code, err).toBe(0);
  await expect(fetch(new URL('/healthz', url))).rejects.toThrow('fetch failed');
});
