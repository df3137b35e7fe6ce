/** What is true of a root at a moment, by the names that rules and metrics go by. */

interface GaugeKind {
  readonly unit: 'messages' | 'tasks' | 'ms' | 'bytes' | 'share' | 'state' | 'units';
  /** Of what there is a value each; of an agent's mailbox, too, `mailbox` says which. */
  readonly of: 'mailbox' | 'agent' | 'root';
  /** The label that tells apart several values of one of those. */
  readonly label?: string;
  /** What it says, and when there is no value. */
  readonly help: string;
}

export const gaugeTable = {
  ready: { unit: 'messages', of: 'mailbox', help: 'Messages that can be read.' },
  delayed: { unit: 'messages', of: 'mailbox', help: 'Messages that are not due yet.' },
  inflight: { unit: 'messages', of: 'mailbox', help: 'Messages that somebody holds under a lease.' },
  backlog: { unit: 'messages', of: 'mailbox', help: 'Messages that are not finished: ready, delayed or in flight.' },
  archived: { unit: 'messages', of: 'mailbox', help: 'Finished messages that are still kept.' },
  dead: { unit: 'messages', of: 'mailbox', help: 'Messages in the dead-letter queue.' },
  corrupt: { unit: 'messages', of: 'mailbox', help: 'Files that could not be read and were put aside.' },
  refused: { unit: 'messages', of: 'mailbox', help: 'Messages that it has refused in the last 24 hours, about.' },
  oldestReadyMs: {
    unit: 'ms',
    of: 'mailbox',
    help: 'How long ago its oldest ready message was sent; none is ready: no value.',
  },
  silentMs: { unit: 'ms', of: 'mailbox', help: 'How long ago somebody last asked it for mail, or it was made.' },
  unreadMs: {
    unit: 'ms',
    of: 'mailbox',
    help: 'For how long mail has waited in it and nobody has asked for any; nothing waits, it is paused or holds tasks that nobody has yet: no value.',
  },
  agentState: { unit: 'state', of: 'agent', label: 'state', help: '1 for the state that an agent is in.' },
  goneWithMail: { unit: 'messages', of: 'agent', help: 'Unfinished messages of an agent that is gone; 0 of others.' },
  resourceUsed: {
    unit: 'units',
    of: 'agent',
    label: 'resource',
    help: 'What an agent uses of what has a limit: tasks at once, sends a minute, messages and bytes in its mailbox.',
  },
  resourceLimit: {
    unit: 'units',
    of: 'agent',
    label: 'resource',
    help: 'How much of it there may be.',
  },
  resourceShare: {
    unit: 'share',
    of: 'agent',
    label: 'resource',
    help: 'The one through the other.',
  },
  tasks: {
    unit: 'tasks',
    of: 'root',
    label: 'state',
    help: 'Tasks that are to be done or have failed, by their state.',
  },
  diskBytes: { unit: 'bytes', of: 'root', help: 'What the disk of the root holds in all.' },
  diskFreeBytes: { unit: 'bytes', of: 'root', help: 'What of it may still be written.' },
  diskFreeShare: { unit: 'share', of: 'root', help: 'The one through the other.' },
} as const satisfies Record<string, GaugeKind>;

export type GaugeName = keyof typeof gaugeTable;
export const gaugeNames = Object.keys(gaugeTable) as GaugeName[];
