/** The topics of `dreamos help` and what each answers; the texts are in <topic>.md. No topic but `agent` has a command's name. */
export const topics = {
  format: 'the files, and how a script hands in a message without dreamos',
  guarantees: 'what is promised and what is not, what is synced, the evidence',
  tour: 'examples: two agents at work, following, asking, later, again',
  agent: 'all that an agent has to know: a page for CLAUDE.md or AGENTS.md',
  commands: 'every command in a line',
  tasks: 'work to be done: its states, who gets it, who takes over',
  settings: 'every setting, its default, and where it can be set',
  policies: 'who may what: roles, actions, patterns; changing a policy',
  json: 'what every command prints with --json',
  'exit-codes': 'what each exit code means',
  scripting: 'how scripts and agents send, consume and repeat safely',
  numbers: 'what stats tells: each number with its formula',
  cursors: 'how a watcher goes on where it stopped, without a gap',
  addressing: 'who gets a message: names, groups, topics; and who is there',
  tools: 'mail as tools of an agent, by MCP: adding them, what each does',
  http: 'from any language: paths for curl, streams, errors; Python',
  library: 'the same from TypeScript and JavaScript',
  reference: 'every function of the library, its options, results and errors',
  server: 'programs in any language, by HTTP; who gets in; the page; ssh',
  bridges: 'mail to agents in other roots: by ssh, by brokers',
  hosts: "what setup writes into agents' tools, and how it is undone",
  housekeeping: 'how a root stays small and sound; backups; older mailboxes',
  prometheus: 'metrics, alert rules and a dashboard for Prometheus and Grafana',
  alerting: 'who is told when mail is not as it should be',
  security: 'who sent it, who may, what is sealed; what that is worth',
  tables: 'mail as tables: what export writes, and five questions answered',
  reach: 'how an agent hears of its mail in its own tool, by hooks',
  engines: 'one root for many machines: mail in Redis or Valkey',
  native: 'send, read, ack and their like without the start of Node',
  figures: 'how fast it is, beside other queues',
} as const;

export type TopicName = keyof typeof topics;

export const topicNames = Object.keys(topics) as TopicName[];

/** For the ends of help pages, at the width of a terminal. */
export const topicsLine = `Topics: dreamos help ${topicNames.join(' | ').replace(/(.{50,}?) \|/g, `$1\n${' '.repeat(21)}|`)}`;
