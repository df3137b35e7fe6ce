/** What dreamos signs, by openssl; what openssl signs, by dreamos. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { demand, missing, said, skips } from '../lack.ts';
import { filesIn, type Rig, test } from './rig.ts';

const lack = await missing('openssl');
beforeAll(() => demand(lack));

interface Identity {
  readonly root: string;
  readonly key: string;
  readonly pem: string;
  readonly private: string;
}

async function identityOf(rig: Rig, agent: string): Promise<Identity> {
  const { json } = await rig.dreamos(`identity create ${agent} --json`);
  return json[0] as unknown as Identity;
}

function onlyFile(rig: Rig): string {
  const [file = '', ...more] = filesIn(join(rig.box('reviewer'), 'ready'));
  expect([file === '', more]).toEqual([false, []]);
  return join(rig.box('reviewer'), 'ready', file);
}

describe.skipIf(skips(lack))(said('a signature', lack), () => {
  test('of dreamos is one to openssl, and not of a byte less', async ({ rig }) => {
    const { pem } = await identityOf(rig, 'planner');
    await rig.dreamos('config set signatures require');
    await rig.dreamos(['send', 'reviewer', '","sig":"', '--as', 'planner']);
    writeFileSync(join(rig.dir, 'public.pem'), pem);
    // As `dreamos help format` says it.
    const verify = (what: string) =>
      rig.shell(
        `set -e
        f=$(echo '${onlyFile(rig)}')
        { echo dreamos-message-v1; sed 's/,"sig":"[^"]*","digest":"sha256:[0-9a-f]*"}$//' "$f" | ${what}; } > signed
        sed 's/.*,"sig":"\\([^"]*\\)","digest":"[^"]*"}$/\\1/' "$f" | base64 -d > signature
        openssl pkeyutl -verify -rawin -pubin -inkey public.pem -in signed -sigfile signature`,
      );
    expect(await verify("tr -d '\\n'")).toMatchObject({ code: 0, out: 'Signature Verified Successfully\n' });
    expect(await verify('head -c -2')).toMatchObject({ code: 1 });
  });

  test('of openssl is one to dreamos', async ({ rig }) => {
    const identity = await identityOf(rig, 'planner');
    await rig.dreamos('config set signatures require');
    const { keys } = JSON.parse(readFileSync(identity.private, 'utf8')) as {
      keys: { private: string }[];
    };
    writeFileSync(join(rig.dir, 'private.pem'), keys[0]?.private ?? '');
    const id = '01JD3Y6Q0V8M5T2B7K9XWZ4RCE';
    const message = {
      ...{ v: 1, id, from: 'planner', to: ['reviewer'], subject: '', body: 'by hand', type: 'message' },
      ...{ priority: 'normal', thread: null, replyTo: null, tags: [], data: null },
      ...{ createdAt: '2026-11-21T09:00:00.000Z', expiresAt: null, dedupeKey: null },
      ...{ root: identity.root, key: identity.key },
    };
    const front = JSON.stringify(message).slice(0, -1);
    writeFileSync(join(rig.dir, 'signed'), `dreamos-message-v1\n${front}`);
    expect(await rig.shell('openssl pkeyutl -sign -rawin -inkey private.pem -in signed -out signature')).toMatchObject({
      code: 0,
    });
    const sig = readFileSync(join(rig.dir, 'signature')).toString('base64');
    writeFileSync(join(rig.dir, 'front'), `${front},"sig":"${sig}"`);
    const { out } = await rig.shell("sha256sum < front | cut -d' ' -f1");
    const text = `${front},"sig":"${sig}","digest":"sha256:${out.trim()}"}\n`;
    writeFileSync(join(rig.box('reviewer'), 'drop', 'a.json'), text.replace('by hand', 'by foot'));
    const refused = await rig.dreamos('read reviewer --json');
    expect(refused).toMatchObject({ code: 3 });
    writeFileSync(join(rig.box('reviewer'), 'drop', 'a.json'), text);
    expect((await rig.dreamos('read reviewer --json')).json).toMatchObject([
      { signature: 'verified', message: { id, body: 'by hand' } },
    ]);
  });
});
