import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('trace, thread and search say in which topic something was published', async () => {
  await rig.dreamos('subscribe build.* --as reviewer');
  const id = (await rig.dreamos('publish build.done green --as planner')).out.trim();
  const { out } = await rig.dreamos(`trace ${id}`);
  expect(out).toContain(`${id}  from planner to topic build.done: green`);
  expect(out).toMatch(/ {2}topic build\.done {2}published$/m);
  expect(out).toContain('Now: ready in reviewer, archived in topic build.done');
  const { json } = await rig.dreamos(`trace ${id} --json`);
  expect(json).toContainEqual(expect.objectContaining({ mailbox: '#build.done', event: 'published' }));
  expect(json.every((step) => !('key' in step))).toBe(true);
  const mermaid = (await rig.dreamos(`trace ${id} --mermaid`)).out;
  expect(mermaid).toMatch(/participant p(\d) as topic build\.done\n[^]*p0->>p\1: published green/);
  expect((await rig.dreamos(`thread ${id}`)).out).toMatch(
    /planner -> topic build\.done\n.*\(reviewer: ready, topic build\.done: archived\)/,
  );
  expect((await rig.dreamos('search green')).out).toContain('topic build.done  from planner: green');
});
