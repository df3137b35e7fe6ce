/** Command lines that end in a next step, each in a root with planner and reviewer. */
import type { ErrorCode } from '../../src/model/errors.ts';

export interface Provocation {
  /** A shell script that makes the state. */
  readonly begin?: string;
  readonly type: string;
  /** Of an error. */
  readonly code?: ErrorCode;
  /** What is to be typed, where that is worth to be said; else only that it works. */
  readonly next?: readonly string[];
  /** How what is pasted may end, if not with 0: nothing came, for example. */
  readonly exits?: readonly number[];
  /** Without a root. */
  readonly bare?: true;
}

/** Errors that are not provoked here. */
export const withoutProvocation: Partial<Record<ErrorCode, string>> = {
  ENGINE_LOST: 'needs an engine that was emptied: engine.tools.test.ts',
  OUTPUT_CLOSED: 'a reader that goes is told, if at all, by what it lost',
  PANE_NOT_FOUND: 'needs tmux: wake.tools.test.ts',
  ROOT_NOT_YOURS: 'needs another user: other-user.tools.test.ts',
  SEND_UNCERTAIN: 'needs a disk that fails: test/faults',
  SERVER_BUSY: 'needs more connections than a server takes: test/server/http/places',
  SERVER_DIFFERS: 'needs a server of another version: test/core/remote',
  UNEXPECTED: 'a bug',
  WAKE_UNSAFE: 'needs tmux: wake.tools.test.ts',
};

const sent = 'id=$(dreamos send reviewer hello --as planner)';
const claimed = `${sent}; receipt=$(dreamos read reviewer --json | jq -r .receipt)`;
const task = (rest = ''): string => `dreamos task create --title a${rest} --as planner --json | jq -r .id > id`;
const keys = 'dreamos identity create planner; dreamos identity create reviewer';
const sealed = 'dreamos send reviewer hi --seal --as planner > id';
const dead = `${claimed}; dreamos nack "$receipt" --dead --reason "exit 1; so: it was"`;

/** A move that was killed behind its freeze. */
const moving = '{"format":"dreamos","version":2,"engine":"moving","token":"ABCDEFGHJK","to":"file:%s/cut-off"}';
const cutOff = `r=runtime/agent_comms; mv $r $r.moved-ABCDEFGHJK; mkdir $r; printf '${moving}' "$PWD" > $r/format.json`;

export const provocations: readonly Provocation[] = [
  // Who and where.
  { type: 'dreamos send bob hi --as planner', code: 'AGENT_NOT_FOUND', next: ['dreamos agent register bob'] },
  { type: 'dreamos send reviwer hi --as planner', code: 'AGENT_NOT_FOUND' },
  { type: 'dreamos send @ops hi --as planner', code: 'AGENT_NOT_FOUND' },
  { type: 'dreamos send @all hi --as planner', begin: 'rm -rf runtime; dreamos init', code: 'AGENT_NOT_FOUND' },
  { type: 'dreamos send reviewer hi', code: 'USAGE' },
  { begin: 'dreamos agent retire reviewer', type: 'dreamos send reviewer hi --as planner', code: 'AGENT_RETIRED' },
  { begin: 'dreamos pause reviewer', type: 'dreamos read reviewer', code: 'AGENT_PAUSED' },
  { begin: 'dreamos pause reviewer', type: 'dreamos status' },
  { begin: 'dreamos pause reviewer', type: 'dreamos list reviewer' },
  { type: 'dreamos pause reviewer', next: ['dreamos resume reviewer'] },
  { begin: sent, type: 'dreamos agent delete reviewer', code: 'MAILBOX_NOT_EMPTY' },
  { type: 'dreamos agent delete reviewer' },
  { begin: 'dreamos agent delete reviewer', type: 'dreamos read reviewer', code: 'AGENT_NOT_FOUND' },
  { type: 'dreamos agent register "a b"', code: 'NAME_INVALID' },
  { type: 'dreamos send reviewer hi --as nobody' },

  // Keys.
  { type: 'dreamos identity rotate planner', code: 'UNAUTHENTICATED', next: ['dreamos identity create planner'] },
  {
    begin: 'dreamos identity create planner; chmod 644 .config/dreamos/identities/*/planner.json',
    type: 'dreamos identity rotate planner',
    code: 'UNAUTHENTICATED',
  },
  {
    begin: 'dreamos identity create planner; rm -r .config',
    type: 'dreamos identity create planner',
    code: 'ALREADY_EXISTS',
    next: ['dreamos identity revoke planner'],
  },
  { begin: 'dreamos identity create planner', type: 'dreamos identity revoke planner' },
  {
    begin: 'dreamos identity create planner',
    type: 'dreamos trust accept planner --key 3q2-7wEjRWeJq83v',
    code: 'KEY_CHANGED',
    next: ['dreamos identity show planner'],
  },
  { type: 'dreamos identity show planner', next: ['dreamos identity create planner'] },
  { type: 'dreamos trust remove nobody', code: 'AGENT_NOT_FOUND' },
  { type: 'dreamos trust accept planner', code: 'USAGE', next: ['dreamos identity create planner'] },
  { type: 'dreamos agent register rev --set lease', code: 'USAGE' },
  { type: 'dreamos agent register rev --set dedupeWindow=1d', code: 'CONFIG_INVALID' },

  { type: 'dreamos sned reviewer hi --as planner', code: 'USAGE', next: ['dreamos send reviewer hi --as planner'] },
  { type: 'dreamos send "hello there" --as planner', code: 'NAME_INVALID' },
  {
    type: 'dreamos send reviewer it works --as planner',
    code: 'USAGE',
    next: ["dreamos send reviewer 'it works' --as planner"],
  },
  { type: 'dreamos search release notes', code: 'AGENT_NOT_FOUND', next: ["dreamos search 'release notes'"] },
  { type: 'dreamos read reviewer --wait', code: 'USAGE', next: ['dreamos read reviewer --wait 30s'], exits: [3] },
  { begin: claimed, type: 'dreamos ack reviewer', code: 'RECEIPT_INVALID', next: ['dreamos ack --as reviewer'] },
  { begin: claimed, type: 'dreamos reply reviewer hi --as planner', code: 'RECEIPT_INVALID' },
  { begin: `${claimed}; ${sent}; dreamos read reviewer`, type: 'dreamos ack' },
  { type: 'dreamos work reviewer true', code: 'USAGE' },
  { type: 'dreamos help LEASE_LOST', code: 'USAGE', next: ['dreamos explain LEASE_LOST'] },
  { type: 'dreamos explain 5', code: 'USAGE', next: ['dreamos help exit-codes'] },

  // What is sealed.
  {
    begin: 'dreamos identity create planner',
    type: 'dreamos send reviewer hi --seal --as planner',
    code: 'NO_SEAL_KEY',
    next: ['dreamos identity create reviewer'],
  },
  {
    begin: `${keys}; dreamos agent register other; dreamos identity create other; ${sealed}`,
    type: 'dreamos show "$(cat id)" --unseal --as other',
    code: 'SEAL_UNOPENED',
  },
  {
    begin: `${keys}; ${sealed}; rm -r ~/.config/dreamos`,
    type: 'dreamos show "$(cat id)" --unseal --as reviewer',
    code: 'UNAUTHENTICATED',
    next: ['dreamos identity show reviewer'],
  },
  {
    begin: `${keys}; ${sealed}; dreamos read --as reviewer; dreamos identity revoke reviewer`,
    type: 'dreamos reply seen --as reviewer',
    code: 'NO_SEAL_KEY',
  },
  // Who it is from.
  {
    begin: `${sent}; dreamos config set signatures require; echo "$id" > id`,
    type: 'dreamos read reviewer --id "$(cat id)"',
    code: 'SIGNATURE_MISSING',
  },
  {
    begin: `dreamos identity create planner; dreamos config set signatures require; ${sent}; dreamos identity revoke planner; echo "$id" > id`,
    type: 'dreamos read reviewer --id "$(cat id)"',
    code: 'SIGNATURE_INVALID',
  },
  {
    begin: 'dreamos config set signatures require',
    type: 'dreamos send reviewer hi --as planner',
    code: 'UNAUTHENTICATED',
    next: ['dreamos identity create planner'],
  },

  // In the files of tools.
  {
    begin: 'mkdir .claude; echo "{} // mine" > .claude/settings.local.json',
    type: 'dreamos setup claude --as reviewer',
    code: 'HOST_FILE_REFUSED',
  },
  { type: 'dreamos setup claude --check', code: 'SETUP_INCOMPLETE', next: ['dreamos setup claude'] },
  { type: 'dreamos setup', code: 'USAGE', next: ['dreamos setup claude'] },
  { type: 'dreamos setup claude --check --uninstall', code: 'USAGE', exits: [3] },
  { begin: 'dreamos setup claude --as reviewer', type: 'dreamos setup claude --check --mcp', code: 'SETUP_INCOMPLETE' },

  // No name, no words.
  ...['read', 'peek', 'pause', 'resume', 'archive pack'].map((verb) => ({
    type: `dreamos ${verb}`,
    code: 'USAGE' as const,
    exits: verb === 'read' || verb === 'peek' ? [3] : [0],
  })),
  { type: 'dreamos work -- true', code: 'USAGE' },
  { type: 'dreamos archive prune --older-than 3d', code: 'USAGE' },
  { begin: 'rm -rf runtime; dreamos init', type: 'dreamos read', code: 'USAGE' },
  { begin: 'rm -rf runtime; dreamos init', type: 'dreamos list' },
  { begin: 'rm -rf runtime; dreamos init', type: 'dreamos status' },
  { begin: 'rm -rf runtime; dreamos init', type: 'dreamos agent list' },
  { begin: 'rm -rf runtime; dreamos init', type: 'dreamos init' },
  { type: 'dreamos init', next: ['dreamos status', 'dreamos agent list'] },
  { type: 'dreamos init ann bob', exits: [0, 3] },
  { type: 'dreamos init ann', exits: [0, 3] },
  ...['send', 'work', 'show', 'search', 'request', 'cancel', 'agent', 'dlq', 'dlq show', 'dlq retry', 'dlq purge'].map(
    (words) => ({ type: `dreamos ${words}`, code: 'USAGE' as const }),
  ),
  ...['archive show', 'archive restore', 'archive prune', 'deliver', 'publish', 'subscribe x', 'listen', 'import'].map(
    (words) => ({ type: `dreamos ${words}`, code: 'USAGE' as const }),
  ),
  ...[
    'search ""',
    'archive search ""',
    'explain why',
    'schema why',
    'help why',
    'sned',
    'list --foo',
    'read --lease 0s --as reviewer',
  ].map((words) => ({ type: `dreamos ${words}`, code: 'USAGE' as const })),
  { type: 'dreamos read reviewer --lease 13h', code: 'USAGE' },
  { type: 'dreamos send reviewer a b --as planner', code: 'USAGE' },
  { type: 'dreamos send reviewer -- "-x y" --as planner', code: 'USAGE' },
  { type: 'dreamos send reviewer "-x y" --as planner', code: 'USAGE' },
  { type: 'dreamos send reviewer --help --as planner', code: 'USAGE' },
  { type: 'dreamos send --batch --dry-run', code: 'USAGE' },
  { type: 'dreamos send --batch reviewer hi', code: 'USAGE' },
  { type: `echo '{"body":"x"}' | dreamos send --batch --as planner`, code: 'MESSAGE_INVALID' },
  { type: `echo '{"to":' | dreamos send --batch --as planner`, code: 'MESSAGE_INVALID' },

  {
    begin: `dreamos config set secrets=refuse 'secretScanner=["false"]'`,
    type: 'dreamos send reviewer hi --as planner',
    code: 'SECRET_FOUND',
    next: ['dreamos help security'],
  },

  // Tasks.
  {
    begin: 'dreamos agent register planner --set sendRate=1; dreamos send reviewer one --as planner',
    type: 'dreamos send reviewer two --as planner',
    code: 'LIMITED',
    exits: [0, 5],
  },
  {
    begin: `dreamos agent start reviewer; ${task()}`,
    type: 'dreamos task done "$(cat id)" --as reviewer',
    code: 'TASK_STATE',
    exits: [0, 3],
  },
  {
    begin: task(' --requires ts'),
    type: 'dreamos task accept "$(cat id)" --as reviewer',
    code: 'TASK_NOT_FOR_YOU',
  },
  {
    type: `printf '%s\\n' '{"key":"a","title":"a","dependsOn":["b"]}' '{"key":"b","title":"b","dependsOn":["a"]}' | dreamos task create --batch - --as planner`,
    code: 'TASK_CYCLE',
  },

  // Mail.
  { type: 'dreamos show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE', code: 'MESSAGE_NOT_FOUND' },
  { type: 'dreamos show 4RCE', code: 'MESSAGE_NOT_FOUND' },
  { type: 'dreamos cancel 01JD3Y6Q0V8M5T2B7K9XWZ4RCE', code: 'MESSAGE_NOT_FOUND' },
  { type: 'dreamos thread "no such"', code: 'MESSAGE_NOT_FOUND' },
  { type: 'dreamos dlq show 4RCE', code: 'MESSAGE_NOT_FOUND' },
  { type: 'dreamos archive show 4RCE', code: 'MESSAGE_NOT_FOUND' },
  { type: 'dreamos ack', code: 'MESSAGE_NOT_FOUND' },
  { type: 'dreamos ack --as reviewer', code: 'MESSAGE_NOT_FOUND', exits: [3] },
  { type: 'dreamos ack --as nobody', code: 'MESSAGE_NOT_FOUND' },
  { type: 'dreamos reply AB12 --as reviewer', code: 'MESSAGE_NOT_FOUND', exits: [4] },
  {
    begin: `${claimed}; dreamos send reviewer two --as planner; dreamos read reviewer`,
    type: 'dreamos ack --as reviewer',
    code: 'USAGE',
  },
  {
    begin: `${claimed}; dreamos send reviewer two --as planner; dreamos read reviewer`,
    type: 'dreamos ack',
    code: 'USAGE',
  },
  { begin: claimed, type: 'dreamos read reviewer', code: 'NOTHING_THERE' },
  { type: 'dreamos read reviewer', code: 'NOTHING_THERE', exits: [3] },
  { type: 'dreamos peek reviewer', code: 'NOTHING_THERE', exits: [3] },
  { begin: sent, type: 'dreamos peek reviewer', next: ['dreamos read reviewer'] },
  { begin: sent, type: 'dreamos read reviewer' },
  { begin: sent, type: 'dreamos read reviewer --brief' },
  { begin: `${sent}; dreamos send reviewer two --as planner`, type: 'dreamos read reviewer -n 2' },
  {
    begin: `dreamos send reviewer later --delay 1h --as planner > id`,
    type: 'dreamos read reviewer --id "$(cat id)"',
    code: 'NOTHING_THERE',
  },
  {
    begin: `${claimed}; echo "$receipt" > r; dreamos ack "$receipt"`,
    type: 'dreamos ack "$(cat r)"',
    code: 'ALREADY_SETTLED',
  },
  {
    begin: `${sent}; dreamos read reviewer --lease 100ms --json | jq -r .receipt > r; sleep 0.2; dreamos read reviewer`,
    type: 'dreamos ack "$(cat r)"',
    code: 'LEASE_LOST',
  },
  { type: 'dreamos ack not:a-receipt', code: 'RECEIPT_INVALID' },
  { begin: `${dead}; echo "$id" > id`, type: 'dreamos ack "$(cat id)"', code: 'ALREADY_SETTLED' },
  { begin: `${dead}; echo "$id" > id`, type: 'dreamos deliver "$(cat id)" now', code: 'STATE_CHANGED' },
  { begin: `${claimed}; echo "$id" > id`, type: 'dreamos cancel "$(cat id)"', code: 'STATE_CHANGED' },
  {
    begin: `${claimed}; echo "$id" > id; dreamos ack "$receipt"`,
    type: 'dreamos cancel "$(cat id)"',
    code: 'STATE_CHANGED',
  },
  { begin: `${dead}; echo "$receipt" > r`, type: 'dreamos ack "$(cat r)"' },
  { begin: dead, type: 'dreamos dlq list' },
  { begin: dead, type: 'dreamos dlq list reviewer' },
  { begin: dead, type: 'dreamos dlq purge --all', code: 'USAGE' },
  { begin: dead, type: 'dreamos doctor' },
  { type: 'timeout 2 dreamos send reviewer x --as planner --until acked --wait 200ms', code: 'NOTHING_THERE' },
  {
    type: '(dreamos read reviewer --wait 5s --json | jq -r .receipt | xargs -I{} dreamos nack {} --dead) >/dev/null & dreamos send reviewer x --as planner --until acked',
    code: 'DEAD_LETTERED',
  },
  { type: 'dreamos request reviewer "why?" --as planner --wait 300ms', code: 'NOTHING_THERE', exits: [3] },
  {
    begin: `${claimed}; echo "$receipt" > r; dreamos reply "$receipt" one`,
    type: 'dreamos reply "$(cat r)" two --as reviewer',
    code: 'ALREADY_EXISTS',
  },
  { type: 'dreamos send reviewer "" --as planner', code: 'BODY_EMPTY' },
  { type: "printf '\\377' | dreamos send reviewer --as planner", code: 'BODY_NOT_TEXT' },
  { type: "head -c 1200000 /dev/zero | tr '\\0' a | dreamos send reviewer --as planner", code: 'MESSAGE_TOO_LARGE' },
  { type: 'dreamos send reviewer x --as planner --data {', code: 'MESSAGE_INVALID' },
  {
    begin: `dreamos send reviewer a --as planner --dedupe-key k`,
    type: 'dreamos send reviewer b --as planner --dedupe-key k',
    code: 'DEDUPE_MISMATCH',
  },
  {
    begin: `dreamos config set maxMessages 1; ${sent}`,
    type: 'dreamos send reviewer b --as planner',
    code: 'MAILBOX_FULL',
  },

  // Time, topics, workers, settings.
  { type: 'dreamos schedule list' },
  { type: 'dreamos schedule show nightly', code: 'SCHEDULE_NOT_FOUND' },
  { type: 'dreamos schedule add a "x" reviewer hi --as planner', code: 'CRON_INVALID' },
  { type: 'dreamos schedule add a "0 3 * * *" reviewer hi --as planner --tz Mars', code: 'TIMEZONE_INVALID' },
  {
    begin: 'dreamos schedule add a "0 3 * * *" reviewer hi --as planner',
    type: 'dreamos schedule add a "0 4 * * *" reviewer ho --as planner',
    code: 'ALREADY_EXISTS',
  },
  { type: 'dreamos topics list' },
  { type: 'dreamos topics show build.done', code: 'TOPIC_NOT_FOUND' },
  { type: 'dreamos publish "a b" x --as planner', code: 'TOPIC_INVALID' },
  { type: 'dreamos unsubscribe "build.*" --as reviewer', code: 'SUBSCRIPTION_NOT_FOUND' },
  { begin: 'dreamos publish build.done x --as planner', type: 'dreamos listen "build.>" --since start --count 1' },
  { begin: sent, type: 'dreamos watch reviewer --since start --count 1' },
  { type: 'dreamos watch --since nonsense', code: 'CURSOR_INVALID' },
  { type: 'dreamos work reviewer -- ./missing', code: 'COMMAND_NOT_STARTED' },
  { type: 'dreamos work reviewer --wait 100ms -- true', code: 'NOTHING_THERE' },
  { begin: sent, type: 'dreamos work reviewer --wait 300ms -- false' },
  { type: 'dreamos config set lease 13h', code: 'CONFIG_INVALID' },
  { type: 'dreamos config get leese', code: 'CONFIG_INVALID' },
  { type: 'dreamos alerts silence ded', code: 'CONFIG_INVALID' },
  { type: 'dreamos alerts check', code: 'NOTHING_THERE' },
  {
    begin: `echo '{"alerts":[{"name":"a","metric":"bakclog","over":1}]}' > runtime/agent_comms/config.json`,
    type: 'dreamos config validate',
    code: 'CONFIG_INVALID',
  },
  { type: 'dreamos config rollback 3', code: 'VERSION_NOT_FOUND' },
  { type: 'dreamos policy rollback 3', code: 'VERSION_NOT_FOUND' },
  { type: 'dreamos policy remove --if-version 3', code: 'STATE_CHANGED' },
  { begin: 'dreamos config set lease 5m', type: 'dreamos config set lease=6m --if-version 7', code: 'STATE_CHANGED' },
  { begin: `echo '{"lease":"soon"}' > new.json`, type: 'dreamos config validate new.json', code: 'CONFIG_INVALID' },
  {
    begin: `echo '{"lease":"soon"}' > runtime/agent_comms/config.json`,
    type: 'dreamos send reviewer x --as planner',
    code: 'CONFIG_INVALID',
  },
  {
    begin: `echo '{"lease":"soon"}' > runtime/agent_comms/config.json`,
    type: 'dreamos doctor',
    code: 'PROBLEMS_FOUND',
  },
  { begin: 'echo x > runtime/agent_comms/agent_mailboxes/reviewer/dlq/junk', type: 'dreamos doctor' },
  {
    begin: `${dead}; for f in runtime/agent_comms/agent_mailboxes/reviewer/dlq/*; do echo x > $f; done`,
    type: 'dreamos dlq show "$(ls runtime/agent_comms/agent_mailboxes/reviewer/dlq | head -1 | grep -oE "01[0-9A-Z]{24}")"',
    code: 'CORRUPT',
    // It does find something.
    exits: [6],
  },

  // Roots and files.
  { bare: true, type: 'dreamos status', code: 'ROOT_NOT_FOUND', next: ['dreamos init'] },
  { bare: true, type: 'dreamos status --root elsewhere', code: 'ROOT_NOT_FOUND' },
  { type: 'dreamos init --root runtime/agent_comms/sub', code: 'ROOT_INSIDE_ROOT' },
  { begin: cutOff, type: 'dreamos status', code: 'ROOT_MOVED' },
  { begin: cutOff, type: 'dreamos move --to file:other', code: 'ROOT_MOVED' },
  { type: 'dreamos move --resume --abort', code: 'USAGE' },
  { begin: 'touch x.jsonl', type: 'dreamos load x.jsonl --root $(mktemp -d)/again', code: 'FORMAT_UNKNOWN' },
  { begin: 'dreamos dump x.jsonl', type: 'dreamos dump x.jsonl', code: 'ALREADY_EXISTS' },
  { begin: 'echo "{}" > runtime/agent_comms/format.json', type: 'dreamos status', code: 'FORMAT_UNKNOWN' },
  { begin: 'sed -i s/1/99/ runtime/agent_comms/format.json', type: 'dreamos status', code: 'FORMAT_TOO_NEW' },
  { type: 'dreamos send reviewer x --as planner > /dev/full', code: 'DISK_FAILED' },
  { type: 'dreamos import missing', code: 'SOURCE_NOT_FOUND' },
  { type: 'dreamos import runtime/agent_comms', code: 'USAGE' },
  { type: 'dreamos backup runtime/agent_comms/x.tar.gz', code: 'USAGE' },
  { begin: 'touch x.tar.gz', type: 'dreamos backup x.tar.gz', code: 'ALREADY_EXISTS' },
  { begin: 'echo notes > x.db', type: 'dreamos export --sqlite x.db', code: 'EXPORT_REFUSED' },
  { begin: 'echo notes > x.csv', type: 'dreamos export --csv x.csv --table tags', code: 'ALREADY_EXISTS' },
  { type: 'dreamos export --csv', code: 'USAGE' },
  { type: 'dreamos export --sqlite none/x.db', code: 'SOURCE_NOT_FOUND' },
  { begin: 'dreamos backup x.tar.gz', type: 'rm -rf ../new; dreamos restore x.tar.gz --root ../new' },
  { type: 'dreamos restore missing.tar.gz --root ../new', code: 'SOURCE_NOT_FOUND' },

  // What a card says.
  { type: `dreamos agent register reviewer --card '{"version":1}'`, code: 'CARD_INVALID' },
  { type: `dreamos agent register reviewer --card '{"groups":["x"]}'`, code: 'CARD_INVALID' },
  { type: `dreamos agent register reviewer --card '{'`, code: 'CARD_INVALID' },
  { type: 'dreamos agent show reviewer --a2a' },
  { type: 'dreamos agent show reviewer --a2a --url http://agents.example/reviewer' },

  // A root in an engine.
  {
    type: 'dreamos init --store redis://127.0.0.1:1',
    code: 'ENGINE_UNREACHABLE',
    next: ['dreamos help engines'],
    bare: true,
  },
  { type: "dreamos status --root 'redis://127.0.0.1:1/0#01ABC'", code: 'ENGINE_UNREACHABLE' },
  {
    type: 'dreamos init --store redis://:secret@127.0.0.1',
    code: 'USAGE',
    next: ['dreamos help engines'],
  },
  { type: 'dreamos init --store nowhere', code: 'USAGE', next: ['dreamos help engines'] },
  { type: 'dreamos init --store redis://127.0.0.1:1', code: 'ALREADY_EXISTS' },
  { type: 'dreamos init --durability relaxed', code: 'USAGE', exits: [5] },
  { type: 'dreamos status --root redis://127.0.0.1:1/0', code: 'USAGE', exits: [5] },
  { type: "dreamos restore x.tar.gz --root 'redis://127.0.0.1:1/0#01ABC'", code: 'USAGE' },

  // Through a server.
  { type: 'dreamos bridge far --via false --once', code: 'PEER_UNREACHABLE' },
  { type: 'dreamos bridge far --via smtp://far', code: 'USAGE' },
  { type: 'dreamos agent register reviewer --at far/away', code: 'CARD_INVALID' },
  { type: 'DREAMOS_SERVER=unix:/nowhere dreamos status', code: 'SERVER_UNREACHABLE', next: ['dreamos serve'] },
  { type: 'DREAMOS_SERVER=nowhere dreamos status', code: 'USAGE' },
  {
    type: 'DREAMOS_SERVER=unix:/nowhere dreamos doctor --fix',
    code: 'USAGE',
    next: ["DREAMOS_SERVER='' dreamos doctor --fix"],
  },

  // Files that are reserved.
  {
    begin: 'dreamos reserve a.ts --as planner',
    type: 'dreamos reserve a.ts --as reviewer',
    code: 'RESERVED',
    exits: [0, 5],
  },
  {
    begin: 'dreamos reserve a.ts --as planner',
    type: 'dreamos reserve check a.ts --as reviewer',
    code: 'RESERVED',
    exits: [0, 5],
  },
  { type: 'dreamos reserve renew a.ts --as reviewer', code: 'RESERVATION_LOST' },
  { type: 'dreamos reserve release a.ts --as reviewer', code: 'RESERVATION_LOST' },
  { type: "dreamos reserve '!a.ts' --as reviewer", code: 'PATH_INVALID' },

  // Who may what.
  {
    begin: `echo '{"roles":{"own":{"allow":{"read":["$self"]}},"all":{"allow":{"*":["*"]}}},"everyone":["own"],"agents":{"planner":["all"]}}' > p; dreamos policy set p --as planner`,
    type: 'dreamos read planner --as reviewer',
    code: 'FORBIDDEN',
    next: ['dreamos policy check read planner --as reviewer'],
    exits: [9],
  },
  { begin: 'echo "{" > p', type: 'dreamos policy set p', code: 'CONFIG_INVALID', next: ['dreamos help policies'] },
  { type: 'dreamos policy check sned reviewer', code: 'USAGE' },

  // The server.
  { type: 'dreamos serve status', exits: [3] },
  { type: 'dreamos serve --http 0.0.0.0:80', code: 'USAGE' },
  { begin: 'touch there', type: 'dreamos serve --socket there', code: 'CANNOT_LISTEN' },
  {
    type: 'dreamos serve --json > said 2> err & until grep -q pid said; do sleep 0.1; done; dreamos serve',
    code: 'SERVER_RUNNING',
    next: ['dreamos serve status', 'dreamos serve stop'],
    exits: [0, 3],
  },
  { type: 'dreamos token list', next: ['dreamos token create planner'] },
  { type: 'dreamos token revoke planner', code: 'TOKEN_NOT_FOUND', next: ['dreamos token list'] },
  { type: 'dreamos token create plannr', code: 'AGENT_NOT_FOUND' },
  { type: 'dreamos dashboard', code: 'USAGE', next: ['dreamos dashboard --as planner'] },

  // From elsewhere, by --root.
  ...[
    'send bob hi --as planner',
    'ack --as nobody',
    'read reviewer',
    'peek',
    'show 4RCE',
    'schedule list',
    'inbox',
  ].map((words) => ({
    begin: 'mkdir -p away; mv runtime "away/a b"',
    type: `dreamos ${words} --root "$PWD/away/a b/agent_comms"`,
    exits: [0, 3],
  })),
];
