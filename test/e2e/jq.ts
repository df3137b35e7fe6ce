import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rig } from './rig.ts';

/** So much of jq as the documented scripts use (`jq -r .a.b`), so that the tests need no jq. */
export function provideJq({ dir }: Rig): void {
  const file = join(dir, 'bin', 'jq');
  const script = `#!/usr/bin/env node
const [flag, path] = process.argv.slice(2);
if (flag !== '-r' || !/^(\\.\\w+)+$/.test(path)) throw new Error('not a use of jq that is known here');
const whole = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const found = path.split('.').slice(1).reduce((value, name) => value?.[name], whole);
process.stdout.write((typeof found === 'string' ? found : JSON.stringify(found ?? null)) + '\\n');
`;
  writeFileSync(file, script);
  chmodSync(file, 0o755);
}
