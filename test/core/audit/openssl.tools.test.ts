import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLibrary } from '../../contract/open-library.ts';
import { scratch } from '../../scratch.ts';

test('openssl verifies a checkpoint, with the key that the one before it names', async () => {
  const mail = await openLibrary();
  await mail.config.set('lease', '30m');
  await mail.audit.anchor();
  const [first = '', second = ''] = readFileSync(join(mail.path, 'audit', 'checkpoints.jsonl'), 'utf8').split('\n');
  const { next } = JSON.parse(first) as { next: string };
  const { sig } = JSON.parse(second) as { sig: string };
  const dir = scratch();
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(next, 'base64')]);
  writeFileSync(join(dir, 'key.der'), der);
  writeFileSync(join(dir, 'sig'), Buffer.from(sig, 'base64'));
  const verified = (text: string): boolean => {
    writeFileSync(join(dir, 'text'), text);
    const words = [
      'pkeyutl',
      '-verify',
      '-pubin',
      '-keyform',
      'DER',
      '-inkey',
      'key.der',
      '-rawin',
      '-in',
      'text',
      '-sigfile',
      'sig',
    ];
    try {
      execFileSync('openssl', words, { cwd: dir, stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  };
  const text = `dreamos-audit-v1\n${second.slice(0, second.indexOf(',"sig"'))}`;
  expect(verified(text)).toBe(true);
  expect(verified(text.replace('"n":1', '"n":2'))).toBe(false);
});
