import { expect, test } from 'vitest';
import { instructionsEditor, tomlEditor } from '../../src/setup/text-editors.ts';

const editors = {
  'CLAUDE.md': [instructionsEditor(), '<!-- dreamos:end -->', 'Always use tabs.'],
  'config.toml': [
    tomlEditor({ program: 'dreamos', as: 'reviewer', root: undefined }),
    '# dreamos:end',
    '[projects."/p"]\ntrust_level = "trusted"',
  ],
} as const;

test.each(Object.entries(editors))(
  'in %s what others have written between the marks is not taken out',
  async (_, editor) => {
    const [one, end, others] = editor;
    const ours = await one.add('# mine\n');
    expect(await one.add(ours)).toBe(ours);
    expect(await one.strip(ours, undefined)).toBe('# mine\n');
    const mixed = ours.replace(end, `${others}\n${end}`);
    await expect(one.add(mixed)).rejects.toThrow(/is not dreamos's: move it behind/);
    await expect(one.strip(mixed, undefined)).rejects.toThrow(/is not dreamos's: move it behind/);
  },
);
