import { expect, test } from 'vitest';
import { listAudit } from '../../src/core/audit/list.ts';
import { setPolicy } from '../../src/core/policy/policy.ts';
import { type ToolName, toolNames } from '../../src/mcp/shapes.ts';
import { gather } from '../core/rig.ts';
import { connect } from './rig.ts';

const id = '01JD3Y6Q0V8M5T2B7K9XWZ4RCE';
const inputs: Record<ToolName, object> = {
  mail_status: {},
  mail_peek: {},
  mail_list: {},
  mail_thread: { id },
  mail_read: {},
  mail_ack: { message: id },
  mail_nack: { message: id },
  mail_send: { to: 'planner', body: 'x' },
  mail_reply: { message: id, body: 'x' },
  mail_request: { to: 'planner', body: 'x', wait: '1ms' },
  reserve: { paths: ['a'] },
  release: { paths: ['a'] },
  task_list: {},
  task_next: {},
  task_progress: { id },
  task_done: { id },
  task_fail: { id },
  task_create: { title: 'x' },
};
const all = { allow: { '*': ['*'] } };

test.each(toolNames)('%s asks the policy', async (name) => {
  await using rig = await connect();
  await setPolicy(rig.root.root, { roles: { all, none: {} }, everyone: ['none'], agents: { planner: ['all'] } });
  const { error } = await rig.call(name, inputs[name]);
  expect(error).toMatchObject({ code: 'FORBIDDEN', hint: expect.stringContaining('dreamos policy check') });
});

test('a resource is looked at by who may look, and the list of them asks as well', async () => {
  await using rig = await connect();
  const self = { allow: { look: ['$self'] } };
  await setPolicy(rig.root.root, { roles: { all, self }, everyone: ['self'], agents: { planner: ['all'] } });
  await expect(rig.client.readResource({ uri: 'dreamos://mailbox/planner' })).rejects.toThrow(/FORBIDDEN/);
  expect((await rig.client.readResource({ uri: 'dreamos://mailbox/reviewer' })).contents).toHaveLength(1);
  expect((await rig.client.listResources()).resources).toHaveLength(3);
  await setPolicy(rig.root.root, { roles: { all }, agents: { planner: ['all'] } });
  await expect(rig.client.listResources()).rejects.toThrow(/FORBIDDEN/);
  await expect(rig.client.readResource({ uri: `dreamos://message/${id}` })).rejects.toThrow(/FORBIDDEN/);
  const denied = await gather(listAudit(rig.root.root, { denied: true }));
  expect(denied.map(({ op, by, code }) => [op, by, code]).reverse()).toEqual(
    ['list', 'agent.list', 'show'].map((op) => [op, 'reviewer', 'FORBIDDEN']),
  );
});
