/**
 * Bad input: each has its exit code, a sentence that names the thing and the next step; nothing is written, nothing lost.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import {
  type Rig,
  errorOf,
  errorsOf,
  expectRefusal,
  filesIn,
  type Refusal,
  test,
  tree,
  type Terms,
  until,
  type Words,
} from './rig.ts';

const invalidName = (names: string | RegExp): Refusal => ({
  exit: 6,
  code: 'NAME_INVALID',
  names,
  next: /1 to 64 letters/,
});
const usage = (names: string | RegExp, next: string | RegExp): Refusal => ({ exit: 2, code: 'USAGE', names, next });

describe.concurrent('what is refused before anything is written', () => {
  const cases: [what: string, words: Words, refusal: Refusal, terms?: Terms][] = [
    [
      'an unknown agent',
      'send reviewr hello --as planner',
      { exit: 4, code: 'AGENT_NOT_FOUND', names: '"reviewr"', next: '"reviewer"' },
    ],
    [
      'one unknown agent of several',
      'send reviewer,testor hello --as planner',
      { exit: 4, code: 'AGENT_NOT_FOUND', names: '"testor"', next: 'dreamos agent register testor' },
    ],
    [
      'reading an unknown agent',
      'read plannr',
      { exit: 4, code: 'AGENT_NOT_FOUND', names: '"plannr"', next: '"planner"' },
    ],
    ['the name ../x', 'send ../x hello --as planner', invalidName('"../x"')],
    ['the name a/b', 'send a/b hello --as planner', invalidName('"a/b"')],
    ['the empty name', ['send', '', 'hello', '--as', 'planner'], invalidName('empty')],
    ['an empty name among others', ['send', 'reviewer,', 'hello', '--as', 'planner'], invalidName('empty')],
    ['a name of 65 characters', `send ${'x'.repeat(65)} hello --as planner`, invalidName('65 characters')],
    ['a name with control characters', ['send', 'rev\u0007iewer', 'hello', '--as', 'planner'], invalidName('u0007')],
    ['a name that begins with a dot', 'send .hidden hello --as planner', invalidName('".hidden"')],
    ['a name with a line end', ['send', 'reviewer\n', 'hello', '--as', 'planner'], invalidName(/reviewer\\n/)],
    ['registering ../x', 'agent register ../x', invalidName('"../x"')],
    ['making the agent a/b with init', 'init a/b', invalidName('"a/b"')],
    ['reading ../planner', 'read ../planner', invalidName('"../planner"')],
    ['watching a/b', 'watch a/b --wait 1s', invalidName('"a/b"')],
    ['acting as ../x', 'send reviewer hello --as ../x', invalidName('"../x"')],
    ['sending from a/b', 'send reviewer hello --from a/b', invalidName('"a/b"')],
    ['nobody as the sender', 'send reviewer hello', usage('who sends', '--as')],
    [
      'a body over the limit, from stdin',
      'send reviewer --as planner',
      { exit: 6, code: 'MESSAGE_TOO_LARGE', names: '1048576', next: 'maxMessageBytes' },
      { stdin: 'x'.repeat(1_048_577) },
    ],
    [
      'a body and data that are over the limit together',
      ['send', 'reviewer', '-', '--as', 'planner', '--data', JSON.stringify('y'.repeat(1000))],
      { exit: 6, code: 'MESSAGE_TOO_LARGE', names: '1048576', next: 'maxMessageBytes' },
      { stdin: 'x'.repeat(1_048_000) },
    ],
    [
      'a body that is not UTF-8',
      'send reviewer --as planner',
      { exit: 6, code: 'BODY_NOT_TEXT', names: /byte 4\b/, next: 'base64' },
      { stdin: Buffer.from([0x61, 0x62, 0x63, 0xff, 0x64]) },
    ],
    [
      'an empty body',
      ['send', 'reviewer', '', '--as', 'planner'],
      { exit: 6, code: 'BODY_EMPTY', names: 'empty', next: '--allow-empty' },
    ],
    [
      'an empty stdin',
      'send reviewer --as planner',
      { exit: 6, code: 'BODY_EMPTY', names: 'empty', next: '--allow-empty' },
    ],
    ['a body file that is not there', 'send reviewer --as planner --body-file none.md', usage('"none.md"', '')],
    ['two bodies', 'send reviewer one --as planner --body-file two', usage('twice', '')],
    [
      'broken --data',
      ['send', 'reviewer', 'hello', '--as', 'planner', '--data', '{"a":'],
      { exit: 6, code: 'MESSAGE_INVALID', names: '--data', next: `--data '{` },
    ],
    [
      'an unknown priority',
      'send reviewer hello --as planner --priority asap',
      usage('"asap"', 'urgent, high, normal, low'),
    ],
    ['a bad duration', 'send reviewer hello --as planner --delay soon', usage(/"soon".*--delay/, '30s')],
    ['a duration without a unit', 'read reviewer --wait 30', usage(/"30".*--wait/, '30s')],
    ['a negative duration', 'read reviewer --lease=-5m', usage(/"-5m".*--lease/, '30s')],
    ['a lease of more than 12 h', 'read reviewer --lease 13h', usage('12', '')],
    ['a delay beyond the time-to-live', 'send reviewer hello --as planner --delay 2h --ttl 1h', usage('expire', '')],
    [
      'a subject of 201 characters',
      ['send', 'reviewer', 'hello', '--as', 'planner', '--subject', 's'.repeat(201)],
      { exit: 6, code: 'MESSAGE_INVALID', names: 'subject', next: 'dreamos schema message' },
    ],
    [
      'an unknown option',
      'send reviewer hello --as planner --prioritty high',
      usage('--prioritty', /--priority\? Then: dreamos send reviewer/),
    ],
    ['an unknown command', 'sned reviewer hello', usage('sned', 'send')],
    ['a count that is no number', 'read reviewer -n many', usage('"many"', 'whole number')],
    ['an unknown state', 'list reviewer --state gone', usage('"gone"', 'inflight')],
    [
      'an unknown setting',
      'config set leese 5m',
      { exit: 6, code: 'CONFIG_INVALID', names: '"leese"', next: '"lease"' },
    ],
    [
      'a setting of the wrong kind',
      'config set maxAttempts lots',
      { exit: 6, code: 'CONFIG_INVALID', names: 'maxAttempts', next: '' },
    ],
    [
      'a broken setting in the environment',
      'read reviewer',
      { exit: 6, code: 'CONFIG_INVALID', names: 'DREAMOS_LEASE', next: '' },
      { env: { DREAMOS_LEASE: 'forever' } },
    ],
    ['an id that is none', 'show nonsense', usage('"nonsense"', '26 letters')],
    [
      'an id that nobody has',
      'show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE',
      { exit: 4, code: 'MESSAGE_NOT_FOUND', names: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE', next: 'dreamos status' },
    ],
    [
      'cancelling an id that nobody has',
      'cancel 01JD3Y6Q0V8M5T2B7K9XWZ4RCE',
      { exit: 4, code: 'MESSAGE_NOT_FOUND', names: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE', next: 'dreamos status' },
    ],
    [
      'a cursor that is none',
      'watch --since yesterday',
      { exit: 6, code: 'CURSOR_INVALID', names: '"yesterday"', next: '--since' },
    ],
    [
      'a receipt that is nonsense',
      'ack what-is-this',
      { exit: 6, code: 'RECEIPT_INVALID', names: '"what-is-this"', next: 'dreamos read' },
    ],
    [
      'a receipt that leads out of the mailboxes',
      'ack ../../x:d1795166100000.i01JD3Y6Q0V8M5T2B7K9XWZ4RCE.p2.a1.cQ7ABCDEF12',
      { exit: 6, code: 'RECEIPT_INVALID', names: '../../x', next: 'dreamos read' },
    ],
    [
      'a receipt that is invented',
      'ack reviewer:d1795166100000.i01JD3Y6Q0V8M5T2B7K9XWZ4RCE.p2.a1.cQ7ABCDEF12',
      { exit: 5, code: 'LEASE_LOST', names: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE', next: 'dreamos show' },
    ],
    [
      'a folder that is not there to import',
      'import nowhere',
      { exit: 4, code: 'SOURCE_NOT_FOUND', names: 'nowhere', next: 'dreamos import' },
    ],
    ['an unknown topic of help', 'help nonsense', usage('"nonsense"', 'format')],
    ['an unknown schema', 'schema nonsense', usage('"nonsense"', 'message')],
    ['an unknown shell', 'completion tcsh', usage('"tcsh"', 'bash')],
  ];

  test('each with its exit code, a sentence that names the thing and the next step; nothing is written', async ({
    rig,
  }) => {
    const id = await rig.sent('send reviewer waiting --as planner');
    // What is refused by a mailbox is counted there, for `status`.
    const mail = (): string[] => tree(rig.root).filter((line) => !line.includes('/refused.jsonl '));
    const before = mail();
    const failures: string[] = [];
    for (const [what, words, refusal, terms] of cases) {
      const list = typeof words === 'string' ? words.split(' ') : words;
      const ended = await rig.dreamos([...list, '--json'], terms);
      try {
        expectRefusal(ended, refusal);
        expect(mail()).toEqual(before);
      } catch (error) {
        failures.push(`${what}: ${(error as Error).message}\n${ended.err}`);
      }
    }
    expect(failures).toEqual([]);
    expect((await rig.dreamos('read reviewer --json')).json).toMatchObject([{ attempt: 1, message: { id } }]);
  });

  test('people get the same sentence and the next step', async ({ rig }) => {
    const { code, out, err } = await rig.dreamos('send reviewr hello --as planner');
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toMatch(/^Error: There is no agent "reviewr" in .*\.\n {2}Next: Did you mean "reviewer"\?.*\n$/);
  });
});

describe.concurrent('receipts', () => {
  test('one that was used: ALREADY_SETTLED, and nothing is written', async ({ rig }) => {
    await rig.sent('send reviewer hello --as planner');
    const receipt = (await rig.dreamos('read reviewer --json')).json[0]?.receipt ?? '';
    expect(await rig.dreamos(`ack ${receipt}`)).toMatchObject({ code: 0 });
    const before = tree(rig.root);
    for (const verb of ['ack', 'nack', 'renew']) {
      const again = await rig.dreamos(`${verb} ${receipt} --json`);
      expectRefusal(again, { exit: 5, code: 'ALREADY_SETTLED', names: /used before/, next: 'dreamos show' });
    }
    expect(tree(rig.root)).toEqual(before);
  });

  test('one of a claim that was taken back: LEASE_LOST, and the message is not lost', async ({ rig }) => {
    const id = await rig.sent('send reviewer hello --as planner');
    const receipt = (await rig.dreamos('read reviewer --json --lease 1s')).json[0]?.receipt ?? '';
    await until('it is taken back', async () => (await rig.dreamos('status reviewer --json')).json[0]?.['ready'] === 1);
    const before = tree(rig.root);
    for (const verb of ['ack', 'nack', 'renew']) {
      const late = await rig.dreamos(`${verb} ${receipt} --json`);
      expectRefusal(late, { exit: 5, code: 'LEASE_LOST', names: id, next: 'dreamos show' });
    }
    expect(tree(rig.root)).toEqual(before);
    expect((await rig.dreamos('read reviewer --json')).json).toMatchObject([{ attempt: 2, message: { id } }]);
  });

  test("of several, every one is tried, and the exit code is the first failure's", async ({ rig }) => {
    await rig.sent('send reviewer one --as planner');
    await rig.sent('send reviewer two --as planner');
    const [one, two] = (await rig.dreamos('read reviewer -n 2 --json')).json;
    const ended = await rig.dreamos([
      'ack',
      one?.receipt ?? '',
      'nonsense',
      one?.receipt ?? '',
      two?.receipt ?? '',
      '--json',
    ]);
    expect(ended.code).toBe(6);
    expect(ended.json.map(({ state }) => state)).toEqual(['archived', 'archived']);
    expect(errorsOf(ended).map(({ code }) => code)).toEqual(['RECEIPT_INVALID', 'ALREADY_SETTLED']);
  });
});

test('send --batch: bad lines are refused one by one with their number, and the others are sent', async ({ rig }) => {
  const lines = [
    '{"to":"reviewer","body":"good 1"}',
    '{"to":"reviewer","body":',
    '{"to":"reviewr","body":"x"}',
    '{"to":"../x","body":"x"}',
    '{"to":"reviewer","body":""}',
    '{"to":"reviewer","body":"x","delay":"soon"}',
    '{"to":"reviewer","body":"x","priority":"asap"}',
    '{"to":"reviewer","body":"x","boddy":"x"}',
    '["reviewer","x"]',
    '{"to":"reviewer","body":"good 2"}',
  ];
  const notText = Buffer.concat([
    Buffer.from(`${lines.join('\n')}\n{"to":"reviewer","body":"`),
    Buffer.from([0xff]),
    Buffer.from('"}\n'),
  ]);
  const ended = await rig.dreamos('send --batch --as planner --json', { stdin: notText });
  expect(ended.code).toBe(6);
  expect(ended.json.length).toBe(2);
  expect(errorsOf(ended).map(({ line, code }) => `${line} ${code}`)).toEqual([
    '2 MESSAGE_INVALID',
    '3 AGENT_NOT_FOUND',
    '4 NAME_INVALID',
    '5 BODY_EMPTY',
    '6 MESSAGE_INVALID',
    '7 MESSAGE_INVALID',
    '8 MESSAGE_INVALID',
    '9 MESSAGE_INVALID',
    '11 BODY_NOT_TEXT',
  ]);
  const read = await rig.dreamos('read reviewer -n 10 --json');
  expect(read.json.map(({ message }) => message.body)).toEqual(['good 1', 'good 2']);
});

describe.concurrent('roots', () => {
  test('no root: exit 4, the hint is dreamos init, and none is made by accident', async ({ bare }) => {
    const before = tree(bare.dir);
    for (const words of [
      'send reviewer hello --as planner',
      'read reviewer',
      'status',
      'agent register reviewer',
      'watch',
      'doctor',
      'config set lease 5m',
    ]) {
      expectRefusal(await bare.dreamos(`${words} --json`), {
        exit: 4,
        code: 'ROOT_NOT_FOUND',
        names: bare.dir,
        next: 'dreamos init',
      });
    }
    expect(tree(bare.dir)).toEqual(before);
  });

  test('a root of a newer format is refused by every command, and nothing is written', async ({ rig }) => {
    await rig.sent('send reviewer hello --as planner');
    writeFileSync(join(rig.root, 'format.json'), '{"format":"dreamos","version":3}\n');
    const before = tree(rig.root);
    for (const words of [
      'send reviewer hello --as planner',
      'read reviewer',
      'status',
      'watch --wait 1s',
      'init',
      'doctor --fix',
      'agent list',
    ]) {
      const ended = await rig.dreamos(`${words} --json`);
      expectRefusal(ended, { exit: 6, code: 'FORMAT_TOO_NEW', names: /version 3.*knows up to 2/, next: /[Uu]pdate/ });
    }
    expect(tree(rig.root)).toEqual(before);
  });

  test('a root that cannot be written: exit 7, the path and the reason, nothing lost', async ({ rig }) => {
    const id = await rig.sent('send reviewer hello --as planner');
    const asOther = makeReadOnly(rig);
    const before = tree(rig.root);
    const send = await rig.dreamos('send reviewer again --as planner --json', asOther);
    expectRefusal(send, { exit: 7, code: 'DISK_FAILED', names: /agent_mailboxes\/reviewer.*EACCES/, next: 'ls -ld' });
    for (const words of [
      'read reviewer',
      'agent register other',
      'config set lease 5m',
      'send planner,reviewer both --as planner',
    ]) {
      const ended = await rig.dreamos(`${words} --json`, asOther);
      expect({ words, exit: ended.code, out: ended.out }).toEqual({ words, exit: 7, out: '' });
      expect(errorOf(ended).message).toMatch(/runtime\/agent_comms.*EACCES/);
    }
    expect(tree(rig.root)).toEqual(before);
    // Looking needs no right to write.
    const shown = await rig.dreamos(`show ${id} --json`, asOther);
    expect(shown.json).toMatchObject([{ message: { id } }]);
  });

  test('a folder in which no root can be made: exit 7', async ({ bare }) => {
    mkdirSync(join(bare.dir, 'closed'));
    chmodSync(join(bare.dir, 'closed'), 0o555);
    const asOther = otherUser(bare);
    const ended = await bare.dreamos('init --root closed --json', asOther);
    expectRefusal(ended, { exit: 7, code: 'DISK_FAILED', names: /closed.*EACCES/, next: /./ });
    expect(filesIn(join(bare.dir, 'closed'))).toEqual([]);
  });

  test('a second root below a root is refused', async ({ rig }) => {
    mkdirSync(join(rig.dir, 'sub'));
    const ended = await rig.dreamos('init --root sub/mail --json');
    expectRefusal(ended, { exit: 5, code: 'ROOT_INSIDE_ROOT', names: rig.root, next: `--root ${rig.root}` });
    expect(existsSync(join(rig.dir, 'sub', 'mail'))).toBe(false);
  });
});

describe.concurrent('standard input and output', () => {
  test('`dreamos read --ack` into a closed pipe stays unacked, and comes again', async ({ rig }) => {
    const id = await rig.sent('send reviewer precious --as planner');
    // The pipe's reader has surely gone before dreamos starts.
    const ended = await rig.shell(
      'exec {gone}> >(exec true); wait $!; dreamos read reviewer --ack --json --lease 2s >&$gone',
    );
    expectRefusal(ended, {
      exit: 7,
      code: 'OUTPUT_CLOSED',
      names: new RegExp(`${id}.*not acked`),
      next: /dreamos nack reviewer:\S+/,
    });
    expect((await rig.dreamos('status reviewer --json')).json).toMatchObject([{ archived: 0 }]);
    const again = await rig.dreamos('read reviewer --wait 20s --json');
    expect(again.json).toMatchObject([{ attempt: 2, message: { id, body: 'precious' } }]);
  });

  test('the hint of an unwritten read gives the message back at once', async ({ rig }) => {
    const id = await rig.sent('send reviewer precious --as planner');
    const ended = await rig.shell('exec {gone}> >(exec true); wait $!; dreamos read reviewer --json >&$gone');
    const nack = /dreamos (nack \S+)/.exec(errorOf(ended).hint)?.[1] ?? '';
    expect(await rig.dreamos(`${nack} --delay 0`)).toMatchObject({ code: 0 });
    expect((await rig.dreamos('read reviewer --json')).json).toMatchObject([{ attempt: 2, message: { id } }]);
  });

  test('a full disk under stdout is exit 7, and the message stays unacked', async ({ rig }) => {
    const id = await rig.sent('send reviewer precious --as planner');
    const ended = await rig.shell('dreamos read reviewer --ack --json > /dev/full');
    expectRefusal(ended, { exit: 7, code: 'DISK_FAILED', names: id, next: 'dreamos nack' });
    expect((await rig.dreamos('status reviewer --json')).json).toMatchObject([{ inflight: 1, archived: 0 }]);
  });
});

const nobody = 65_534;

/** Root may write everywhere, so what a plain user meets is tried as one. */
function otherUser(rig: Rig): Terms {
  if (process.getuid?.() !== 0) return {};
  chmodSync(rig.dir, 0o755);
  return { uid: nobody };
}

function makeReadOnly(rig: Rig): Terms {
  const terms = otherUser(rig);
  const walk = (path: string, line: string) => {
    if (terms.uid !== undefined) chownSync(path, terms.uid, terms.uid);
    chmodSync(path, line.endsWith('/') ? 0o500 : 0o400);
  };
  for (const line of tree(rig.root)) {
    const name = line.replace(/ .*$/, '');
    walk(join(rig.root, name), name);
  }
  if (terms.uid !== undefined) chownSync(join(rig.dir, 'runtime'), terms.uid, terms.uid);
  return terms;
}
