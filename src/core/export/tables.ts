/** What an export has, once: the tables in SQLite, the heads of CSV and the fields of JSON Lines are made from it. */

/** How a column is kept; `text` may hold anything, `word` no character that has to be looked at. */
type Kind = 'word' | 'text' | 'time' | 'json' | 'number';

export interface Table {
  readonly columns: Readonly<Record<string, readonly [kind: Kind, about: string]>>;
  /** Of which there is one row each. Without it: rows in the order of their coming. */
  readonly key?: readonly string[];
}

export type TableName = 'messages' | 'deliveries' | 'events' | 'tags' | 'tasks';

export const tables = {
  messages: {
    columns: {
      id: ['word', 'sorts by when it was sent'],
      sender: ['word', 'from whom'],
      recipients: ['json', 'to whom: a list'],
      topic: ['word', 'under which it was published'],
      subject: ['text', ''],
      body: ['text', 'NULL: it was gone before it was exported'],
      type: ['text', ''],
      priority: ['word', ''],
      thread: ['text', ''],
      reply_to: ['text', 'the id of what it answers'],
      data: ['json', 'as it was sent, to the digit'],
      created_at: ['time', ''],
      expires_at: ['time', ''],
      reply_by: ['time', 'so long an answer is waited for'],
      dedupe_key: ['text', ''],
      ordering_key: ['text', ''],
      replace_key: ['text', ''],
      traceparent: ['text', 'its W3C trace context'],
    },
  },
  deliveries: {
    columns: {
      message: ['word', 'its id'],
      mailbox: ['word', 'what it is called now; `#…`: a topic'],
      state: ['word', 'where it is, or what took it away'],
      outcome: ['word', 'what came of it; NULL: it is open'],
      attempts: ['number', 'how often it was claimed'],
      delivered_at: ['time', 'when it first arrived'],
      claimed_at: ['time', 'when it was first claimed'],
      last_claimed_at: ['time', ''],
      ended_at: ['time', 'when it was finished, or died'],
      waited_ms: ['number', 'from ready to its first claim'],
      held_ms: ['number', 'the last claim, until it ended'],
      agent: ['word', 'who claimed it last'],
      label: ['text', 'what that consumer calls itself'],
      reason: ['text', 'why it is dead'],
      score: ['number', 'as the consumer scored it: 0 to 1'],
      note: ['text', ''],
      due_at: ['time', 'delayed: until when'],
      lease_until: ['time', 'inflight: until when'],
    },
    key: ['message', 'mailbox'],
  },
  events: {
    columns: {
      at: ['time', ''],
      mailbox: ['word', 'what it is called now'],
      event: ['text', ''],
      message: ['text', 'its id'],
      agent: ['text', 'who did it'],
      label: ['text', ''],
      attempt: ['number', ''],
      reason: ['text', ''],
      waited_ms: ['number', ''],
      held_ms: ['number', ''],
      more: ['json', 'what else the line says'],
    },
  },
  tags: {
    columns: { message: ['word', 'its id'], tag: ['text', ''] },
    key: ['message', 'tag'],
  },
  tasks: {
    columns: {
      id: ['word', "its message's"],
      title: ['text', ''],
      state: ['word', 'as `dreamos task list` has it'],
      priority: ['word', ''],
      mailbox: ['word', 'where it lies'],
      assignee: ['word', 'who has it'],
      created_by: ['word', ''],
      created_at: ['time', ''],
      ended_at: ['time', ''],
      deadline: ['time', ''],
      parent: ['word', ''],
      requires: ['json', ''],
      depends_on: ['json', ''],
      attempts: ['number', ''],
      progress: ['json', 'the last that was said of it'],
      result: ['text', ''],
      data: ['json', ''],
      reason: ['text', 'why it failed'],
    },
    key: ['id'],
  },
} as const satisfies Record<TableName, Table>;

export const tableNames = Object.keys(tables) as TableName[];

export function noRows(): Record<TableName, number> {
  return { messages: 0, deliveries: 0, events: 0, tags: 0, tasks: 0 };
}

export type Value = string | number | null;
/** A row by its columns; one that is left out is NULL. */
export type Row<Name extends TableName> = { -readonly [Column in keyof (typeof tables)[Name]['columns']]?: Value };

export function columnsOf(name: TableName): [name: string, kind: Kind][] {
  return Object.entries<readonly [Kind, string]>(tables[name].columns).map(([column, [kind]]) => [column, kind]);
}
