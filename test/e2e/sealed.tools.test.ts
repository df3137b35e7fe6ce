/** age(1), another implementation by another language: it opens what dreamos seals, and dreamos opens what it seals. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { missing, said, skips } from '../lack.ts';
import { expectRefusal, type Rig, test } from './rig.ts';

const lack = await missing('age', 'jq');

/** With the reviewer's keys as age(1) takes them. */
async function withKeys(rig: Rig): Promise<{ secret: string; recipient: string }> {
  const recipients: string[] = [];
  for (const name of ['planner', 'reviewer']) {
    const { code, err, json } = await rig.dreamos(`identity create ${name} --json`);
    expect({ code, err }).toMatchObject({ code: 0 });
    recipients.push(String(json[0]?.['seal']));
    if (name === 'planner') continue;
    const file = JSON.parse(readFileSync(String(json[0]?.['private']), 'utf8')) as { keys: { seal: string }[] };
    writeFileSync(join(rig.dir, 'key.txt'), `${file.keys[0]?.seal}\n`, { mode: 0o600 });
    expect(statSync(String(json[0]?.['private'])).mode & 0o777).toBe(0o600);
  }
  return { secret: join(rig.dir, 'key.txt'), recipient: recipients[1] ?? '' };
}

describe.concurrent('age(1)', () => {
  test.skipIf(skips(lack))(
    said('opens what --seal has sealed, its data and its subject, too', lack),
    async ({ rig }) => {
      const { secret } = await withKeys(rig);
      const data = '{"code":4711}';
      const id = await rig.sent([
        'send',
        'reviewer',
        'Schlüssel 🔑',
        '--seal',
        '--seal-subject',
        '--subject',
        'S',
        '--data',
        data,
        '--as',
        'planner',
      ]);
      const { out, err } = await rig.shell(`dreamos show ${id} --body | age -d -i ${secret}`);
      expect(err).toBe('');
      expect(JSON.parse(out)).toEqual({
        ...{ v: 1, id, from: 'planner', to: ['reviewer'] },
        ...{ subject: 'S', body: 'Schlüssel 🔑', data: { code: 4711 } },
      });
      const { out: body } = await rig.dreamos(`show ${id} --unseal --body --as reviewer`);
      expect(body).toBe('Schlüssel 🔑');
    },
  );

  test.skipIf(skips(lack))(said('seals what is put into drop/, and dreamos opens it', lack), async ({ rig }) => {
    const { recipient } = await withKeys(rig);
    const id = '01JD3Y6Q0V8M5T2B7K9XWZ4RCE';
    const script = `
      body=$(jq -n --arg id ${id} '{v: 1, id: $id, from: "ci", to: ["reviewer"], body: "by hand"}' | age -a -r ${recipient})
      jq -n --arg id ${id} --arg body "$body" '{id: $id, from: "ci", to: "reviewer", sealed: "age", body: $body}' > made.json
      mv made.json "${rig.box('reviewer')}/drop/made.json"
      dreamos read reviewer --unseal --json --as reviewer`;
    const { err, json } = await rig.shell(script);
    expect(err).toBe('');
    expect(json).toMatchObject([{ unsealed: true, message: { id, from: 'ci', body: 'by hand' } }]);
  });

  test.skipIf(skips(lack))(said('seals words for another message, and they are refused', lack), async ({ rig }) => {
    const { recipient } = await withKeys(rig);
    const [id, other] = ['01JD3Y6Q0V8M5T2B7K9XWZ4RCE', '01JD3Y6Q0V8M5T2B7K9XWZ4RCF'];
    const script = `
      body=$(jq -n '{v: 1, id: "${other}", from: "ci", to: ["reviewer"], body: "by hand"}' | age -a -r ${recipient})
      jq -n --arg body "$body" '{id: "${id}", from: "ci", to: "reviewer", sealed: "age", body: $body}' > made.json
      mv made.json "${rig.box('reviewer')}/drop/made.json"
      dreamos peek reviewer --quiet > /dev/null`;
    await rig.shell(script);
    const shown = await rig.dreamos(`show ${id} --unseal --json --as reviewer`);
    expectRefusal(shown, { exit: 9, code: 'SEAL_UNOPENED', names: other, next: `dreamos show ${id}` });
  });

  test.skipIf(skips(lack))(
    said('of a key that age-keygen has made has nothing of ours: it opens nothing', lack),
    async ({ rig }) => {
      await withKeys(rig);
      const id = await rig.sent('send reviewer secret --seal --as planner');
      const { code, out, err } = await rig.shell(
        `age-keygen -o other.txt 2> /dev/null; dreamos show ${id} --body | age -d -i other.txt`,
      );
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain('no identity matched');
    },
  );
});
