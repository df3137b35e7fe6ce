import { logOf } from '../../../model/topic.ts';
import { corruptName, noteOf, reasonOf, waitingOf } from './beside.ts';
import { longestEntryName } from './entry-name.ts';
import { bucketName, laneOf, layoutOf } from './layout.ts';
import { longestName, pathIn } from './path.ts';
import { slotOf, inboxFolder } from './slots.ts';

const ofName = 'x'.repeat(longestName);
const ofEntry = 'x'.repeat(longestEntryName);
const ofId = 'X'.repeat(26);
const random = 'X'.repeat(10);
/** What write-file-atomic puts behind the name of what it writes. */
const beside = '.4294967295';

/** How many bytes the longest path may have that is made in a root; a character of our names is a byte. */
export function longestPathIn(root: string): number {
  const layout = layoutOf(root);
  const agent = layout.mailbox('x'.repeat(64));
  const topicLog = layout.mailbox(logOf('x'.repeat(128)));
  const bucket = bucketName(0, random);
  const paths = [
    pathIn(layout.uncommitted(ofId), ofName),
    pathIn(agent.drop, ofName),
    pathIn(pathIn(pathIn(laneOf(agent, 0, 0), bucket), bucket), ofEntry),
    pathIn(slotOf(agent.inflight, 0), ofEntry),
    pathIn(inboxFolder(agent, 0, ofId), ofEntry),
    `${waitingOf(reasonOf(pathIn(agent.dlq, ofEntry)), random)}${beside}`,
    noteOf(pathIn(topicLog.corrupt, corruptName(0, random, ofName))),
  ];
  return Math.max(...paths.map((path) => Buffer.byteLength(path)));
}
