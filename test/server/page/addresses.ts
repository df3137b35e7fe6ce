/** Every view of the page, as it is looked at in both themes and on a narrow page. */
import type { Rig } from '../../e2e/rig.ts';

/** Mail in every state, and ids of it. */
export async function filled(rig: Rig): Promise<readonly (readonly [name: string, hash: string])[]> {
  const id = await rig.sent('send reviewer --subject Review --type task --tag page first --as planner');
  await rig.dreamos('read --as reviewer');
  await rig.dreamos(['reply', id, 'By four.', '--as', 'reviewer']);
  await rig.dreamos(['ack', id, '--as', 'reviewer']);
  const held = await rig.sent('send planner --priority high --subject Held text --as reviewer');
  await rig.dreamos('read --as planner');
  await rig.sent(['send', 'reviewer', 'later', '--delay', '2h', '--data', '{"a":[1,2]}', '--as', 'planner']);
  for (const reason of ['timeout', 'timeout', 'no disk']) {
    const dead = await rig.sent('send reviewer dies --as planner');
    await rig.dreamos('read --as reviewer');
    await rig.dreamos(['nack', dead, '--dead', '--reason', reason, '--as', 'reviewer']);
  }
  await rig.sent('send reviewer waits --as planner');
  await rig.dreamos(['config', 'set', 'lease', '10m', '--note', 'builds take longer', '--as', 'planner']);
  await rig.dreamos('config set lease 15m --as planner');
  return [
    ['mailboxes', '/'],
    ['inbox', '/inbox'],
    ['inbox-message', `/inbox/${held}`],
    ['inbox-sent', '/inbox?side=sent'],
    ['compose', '/compose?to=reviewer&type=task'],
    ['messages', '/mail/reviewer'],
    ['messages-found', '/mail?state=dead&find=dies'],
    ['done', '/mail/reviewer?state=archived'],
    ['dlq', '/dlq'],
    ['dlq-mailbox', '/dlq/reviewer'],
    ['message', `/message/${id}`],
    ['thread', `/thread/${id}`],
    ['trace', `/trace/${id}`],
    ['charts', '/charts'],
    ['settings', '/settings'],
    ['history', '/settings/history?from=1&to=2'],
    ['nowhere', '/nowhere'],
  ];
}
