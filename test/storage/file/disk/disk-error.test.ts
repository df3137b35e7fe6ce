import { expect, test } from 'vitest';
import { diskError } from '../../../../src/storage/file/disk/disk-error.ts';

test.each(['EACCES', 'EPERM'])(
  '%s says at what to look, because the owner of the root may be the right one',
  (code) => {
    expect(diskError(Object.assign(new Error(code), { code }), '/root/box', 'list')).toMatchObject({
      code: 'DISK_FAILED',
      hint: 'Look at whose it is and at its mode: `ls -ld /root/box`.',
    });
  },
);
