import { expect, test } from 'vitest';
import { csvLine } from '../../../src/model/metrics/csv.ts';

test('what is not known is an empty field, and an empty text is quoted, as is what would end a field', () => {
  expect(csvLine([null, undefined, '', 0, 'plain', 'a,b', 'say "x"', 'two\r\nlines'])).toBe(
    ',,"",0,plain,"a,b","say ""x""","two\r\nlines"\r\n',
  );
});
