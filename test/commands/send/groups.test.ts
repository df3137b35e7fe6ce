import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

test('a group that nobody is in is exit 4 with the nearest one, and nothing is sent', async () => {
  await rig.dreamos('agent register reviewer --group reviewers');
  const { code, out, err } = await rig.dreamos('send planner,@reviewer hello --as planner');
  expect({ code, out }).toEqual({ code: 4, out: '' });
  expect(err).toContain('Did you mean "@reviewers"?');
  expect((await rig.dreamos('peek planner')).code).toBe(3);
});

test('send --dry-run says who would get it and why, checks everything, and sends nothing', async () => {
  await rig.dreamos('agent register reviewer --group reviewers');
  const words = 'send @reviewers,planner,@all hello --as planner --dry-run';
  const { code, out, err } = await rig.dreamos(words);
  expect({ code, out: lines(out) }).toEqual({ code: 0, out: ['reviewer  @reviewers, @all', 'planner  named, @all'] });
  expect(err).toContain('Nothing was sent');
  expect((await rig.dreamos(`${words} --json`)).json).toEqual([
    { mailbox: 'reviewer', reasons: ['@reviewers', '@all'] },
    { mailbox: 'planner', reasons: ['named', '@all'] },
  ]);
  expect((await rig.dreamos('peek reviewer')).code).toBe(3);
  expect((await rig.dreamos('send @all --as planner --dry-run')).code).toBe(6);
  expect((await rig.dreamos('send --batch --dry-run --as planner')).code).toBe(2);
});

test('a line of --batch goes to groups and names, too', async () => {
  await rig.dreamos('agent register reviewer --group r');
  const stdin = '{"to":"@r","body":"a"}\n{"to":["@all","planner"],"body":"b"}\n{"to":"@x","body":"c"}\n';
  const { code, json, err } = await rig.dreamos('send --batch --as planner --json', { stdin });
  expect(code).toBe(4);
  expect(json.map((line) => line['to'])).toEqual([['reviewer'], ['planner', 'reviewer']]);
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'AGENT_NOT_FOUND', line: 3 } });
});
