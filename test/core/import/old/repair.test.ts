import { describe, expect, it } from 'vitest';
import { repairJson } from '../../../../src/core/import/old/repair.ts';

describe('mending', () => {
  it('leaves out exactly the stray lines and the comments', () => {
    expect(repairJson('{{\n{"a":"//b{{"} // c\n}}\n')?.text).toBe('{"a":"//b{{"} ');
    expect(repairJson('{{\r\n{"a":1}\r\n}}')?.text).toBe('{"a":1}');
    expect(repairJson('{"a":"\\"//"} // c\n')?.text).toBe('{"a":"\\"//"} \n');
  });

  it('has nothing to offer for anything else', () => {
    expect(repairJson('{"a":1,}')).toBeUndefined();
    expect(repairJson('{{"a":1}}')).toBeUndefined();
  });
});
