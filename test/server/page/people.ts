/** Agents, tasks in every state, topics, schedules, and what the doctor, the audit and the alerts have to say. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Rig, Words } from '../../e2e/rig.ts';

/** @returns its id */
export async function makeTask(rig: Rig, ...words: readonly string[]): Promise<string> {
  const [made] = (await rig.dreamos(['task', 'create', '--json', '--as', 'planner', ...words])).json;
  expect(made).toMatchObject({ title: expect.any(String) as string });
  return made?.id ?? '';
}

const actions = ['send', 'publish', 'subscribe', 'read', 'look', 'manage'];
/** For a while nobody but planner administers. */
const policy = {
  roles: {
    member: { allow: Object.fromEntries(actions.map((action) => [action, ['*']])) },
    lead: { allow: { '*': ['*'] } },
  },
  everyone: ['member'],
  agents: { planner: ['lead'] },
};

/** The addresses at which all of that is seen. */
export async function peopled(rig: Rig): Promise<readonly (readonly [name: string, hash: string])[]> {
  const run = async (words: Words): Promise<void> => {
    expect(await rig.dreamos(words), [words].flat().join(' ')).toMatchObject({ code: 0 });
  };
  await run('agent register ann --capability ts,docs --max-tasks 2 --group builders --kind specialist --set lease=30m');
  await run(['agent', 'register', 'ann', '--title', 'Ann the parser', '--description', 'Writes parsers']);
  await run('agent register bob --capability go');
  await run('agent register scribe');
  await run('agent retire scribe');
  await run(['agent', 'start', 'ann', '--note', 'at the grammar']);
  await run('agent start reviewer');
  await run('pause bob --as planner');

  const active = await makeTask(rig, '--title', 'Parse it', '--requires', 'ts', '--priority', 'high', '--tag', 'page');
  const deadline = ['--deadline', '2020-01-01T09:00Z'];
  const blocked = await makeTask(
    rig,
    '--title',
    'Write about it',
    '--depends-on',
    active,
    '--body',
    'All.',
    ...deadline,
  );
  await makeTask(rig, '--title', 'Port it', '--requires', 'go');
  const part = await makeTask(rig, '--title', 'Weave it', '--requires', 'cobol', '--parent', active);
  await run(['task', 'cancel', part, '--as', 'planner']);
  await run(['task', 'accept', active, '--as', 'ann']);
  await run(['task', 'progress', active, '--percent', '40', '--note', 'half of the rules', '--as', 'ann']);
  const done = await makeTask(rig, '--title', 'Draft it', '--data', '{"pages":3}');
  await run(['task', 'accept', done, '--as', 'reviewer']);
  await run(['task', 'done', done, '--result', 'as 1a2b3c4', '--data', '{"lines":7}', '--as', 'reviewer']);
  const failed = await makeTask(rig, '--title', 'Fuzz it');
  await run(['task', 'accept', failed, '--as', 'reviewer']);
  await run(['task', 'fail', failed, '--reason', 'no network', '--as', 'reviewer']);

  await run(['subscribe', 'build.*', '--as', 'reviewer']);
  await run(['subscribe', 'build.done', '--as', 'planner']);
  await run(['publish', 'build.done', 'all green', '--subject', 'Build 812', '--as', 'ann']);
  await run(['publish', 'deploy.eu', 'out', '--as', 'ann']);
  await run([
    'schedule',
    'add',
    'nightly',
    '0 3 * * *',
    'reviewer',
    'check the build',
    '--as',
    'planner',
    '--tz',
    'Europe/Berlin',
  ]);
  await run([
    'schedule',
    'add',
    'standup',
    '30 9 * * mon-fri',
    'reviewer,planner',
    'well?',
    '--as',
    'planner',
    '--subject',
    'Standup',
  ]);

  await run('config set audit all --as planner');
  writeFileSync(join(rig.dir, 'policy.json'), JSON.stringify(policy));
  await run('policy set policy.json --as planner');
  expect(await rig.dreamos('config set lease 10m --as bob')).toMatchObject({ code: 9 });
  writeFileSync(join(rig.dir, 'policy.json'), JSON.stringify({ ...policy, everyone: ['lead'] }));
  await run('policy set policy.json --as planner');
  writeFileSync(join(rig.root, 'stray.txt'), 'nothing of dreamos');
  return [
    ['agents', '/agents'],
    ['agent', '/agents/ann'],
    ['agent-paused', '/agents/bob'],
    ['agent-retired', '/agents/scribe'],
    ['board', '/tasks'],
    ['tasks-of-agent', '/tasks?agent=ann'],
    ['tasks-of-state', '/tasks/blocked'],
    ['tasks-ended', '/tasks/ended'],
    ['task-new', `/tasks/new?dependsOn=${active}`],
    ['task', `/task/${active}`],
    ['task-blocked', `/task/${blocked}`],
    ['task-done', `/task/${done}`],
    ['task-failed', `/task/${failed}`],
    ['topics', '/topics'],
    ['topic', '/topics/build.done'],
    ['schedules', '/schedules'],
    ['schedule', '/schedules/standup'],
    ['schedule-new', '/schedules?add=new'],
    ['alerts', '/alerts'],
    ['doctor', '/doctor'],
    ['audit', '/audit'],
    ['audit-denied', '/audit?denied=yes'],
  ];
}

/** The same views, where there is nothing. */
export const bareViews = [
  ['board', '/tasks'],
  ['tasks-of-agent', '/tasks?agent=planner'],
  ['tasks-of-state', '/tasks/ready'],
  ['tasks-ended', '/tasks/ended'],
  ['task-gone', '/task/01AAAAAAAAAAAAAAAAAAAAAAAA'],
  ['agents', '/agents'],
  ['agent', '/agents/reviewer'],
  ['topics', '/topics'],
  ['schedules', '/schedules'],
  ['alerts', '/alerts'],
  ['doctor', '/doctor'],
  ['audit-denied', '/audit?denied=yes'],
] as const;
