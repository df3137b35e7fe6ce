/** The setting `secrets` by the built command and the built library, which load secretlint in two ways. */
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { project, test } from './rig.ts';

// Put together here, so that nobody who looks through this repository takes it for a real one.
const token = ['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_');

describe.concurrent('under secrets=refuse', () => {
  test('a secret is found in an argument, a pipe, a file and a batch, and nothing of it is said', async ({ rig }) => {
    await rig.dreamos('config set secrets refuse');
    const scripts = [
      `dreamos send reviewer 'use ${token}' --as planner`,
      `echo 'use ${token}' | dreamos send reviewer --as planner`,
      `echo 'use ${token}' > body; dreamos send reviewer --body-file body --as planner`,
      `echo '{"to":"reviewer","body":"use ${token}"}' | dreamos send --batch --as planner`,
    ];
    for (const script of scripts) {
      const { code, out, err } = await rig.shell(script);
      expect({ code, out }, script).toEqual({ code: 9, out: '' });
      expect(err).toContain('looks as if it held a secret: GITHUB_TOKEN');
      expect(err).not.toContain(token);
    }
    expect(await rig.shell('echo hello | dreamos send reviewer --as planner')).toMatchObject({ code: 0, err: '' });
    expect((await rig.dreamos('list reviewer --json')).json).toHaveLength(1);
  });

  test('the library finds it, too', async ({ rig }) => {
    await rig.dreamos('config set secrets refuse');
    const script = `import { open } from '${join(project, 'dist/index.js')}';
      const mail = await open({ as: 'planner' });
      await mail.send({ to: 'reviewer', body: 'hello' });
      await mail.send({ to: 'reviewer', body: '${token}' }).catch((error) => console.log(error.code, error.kind));
      await mail.close();`;
    const { out, err } = await rig.shell(`node --input-type=module -e "${script.replaceAll('"', '\\"')}"`);
    expect({ out, err }).toEqual({ out: 'SECRET_FOUND denied\n', err: '' });
    expect((await rig.dreamos('list reviewer --json')).json).toHaveLength(1);
  });
});
