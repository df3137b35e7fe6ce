import { beforeEach, describe, expect, test } from 'vitest';
import { closedPipe, createRig, type Rig } from '../rig.ts';

const ann = { env: { DREAMOS_AGENT: 'ann' } };
const boss = { env: { DREAMOS_AGENT: 'boss' } };
const short = (id: string): string => id.slice(-8);
let rig: Rig;
beforeEach(async () => {
  rig = await createRig(['boss', 'ann', 'bob']);
  await rig.dreamos('agent register ann --capability ts,docs --max-tasks 2');
});

async function create(title: string, ...more: string[]): Promise<string> {
  const made = await rig.dreamos(['task', 'create', '--title', title, '--json', ...more], boss);
  return String(made.json[0]?.['id']);
}

/** Says that it is there, as every `task next` does. */
const isThere = (agent: string) => rig.dreamos(`task next --as ${agent}`);

describe('create', () => {
  const created = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await rig.dreamos(['task', 'create', '--title', 'x', ...words], boss);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return out.replace(/^\w{26} /, '');
  };

  test('says in a line what became of it', async () => {
    await isThere('ann');
    expect(await created('--requires', 'ts')).toBe('assigned to ann\n');
    expect(await created('--requires', 'gpu')).toBe('ready: lacks somebody who can: gpu\n');
    expect(await created('--requires', 'ts', '--no-assign')).toBe('ready: nobody has it yet\n');
    const id = await create('first', '--no-assign');
    expect(await created('--depends-on', short(id))).toBe(`blocked: waits for ${id}\n`);
  });

  test('takes its body from an option, a file or the standard input, and else its title', async () => {
    const bodies = [
      { more: ['--body', 'all of it'], terms: {}, body: 'all of it' },
      { more: ['--body-file', 'b.txt'], terms: { files: { 'b.txt': 'of a file' } }, body: 'of a file' },
      { more: [], terms: { stdin: 'piped', spareInput: true }, body: 'piped' },
      { more: ['--body', '-'], terms: { stdin: 'asked for' }, body: 'asked for' },
      { more: [], terms: { stdin: "the loop's" }, body: 'x' },
    ];
    for (const { more, terms, body } of bodies) {
      const made = await rig.dreamos(['task', 'create', '--title', 'x', '--json', ...more], { ...boss, ...terms });
      expect(made.code).toBe(0);
      const shown = await rig.dreamos(`task show ${String(made.json[0]?.['id'])} --json`);
      expect(shown.json[0]).toMatchObject({ title: 'x', body });
    }
  });

  test('of many says that they are made where it could not be written out, but not of a dry run', async () => {
    const gone = (line: string, stdin: string) => rig.dreamos(line, { ...boss, stdin, stdout: closedPipe() });
    const batch = '{"title":"a"}\n{"title":"b"}\n';
    expect(await gone('task create --batch - --dry-run', batch)).toMatchObject({ code: 0, err: '' });
    const dry = await gone('task import - --dry-run', '{"id":"bd-1","title":"a"}\n');
    expect(dry).toMatchObject({ code: 0, err: '' });
    expect((await rig.dreamos('task list --json')).json).toEqual([]);
    const { code, err } = await gone('task create --batch -', batch);
    expect(code).toBe(7);
    expect(err).toContain('What became of 2 tasks could not be written out; they are made.');
    expect((await rig.dreamos('task list --json')).json).toHaveLength(2);
  });

  test('keeps what is said of it', async () => {
    const parent = await create('whole');
    const id = await create(
      'part',
      ...['--requires', 'ts', '--requires', 'docs', '--priority', 'high', '--deadline', '2h', '--tag', 'a'],
      ...['--parent', short(parent), '--data', '{"x":1}'],
    );
    expect((await rig.dreamos(`task show ${short(id)} --json`)).json[0]).toMatchObject({
      ...{ requires: ['docs', 'ts'], priority: 'high', tags: ['a'], parent, input: { x: 1 }, by: 'boss' },
      deadline: '2026-11-20T11:00:00.000Z',
    });
    expect((await rig.dreamos(`task show ${parent} --json`)).json[0]).toMatchObject({ children: [id] });
  });

  test.each([
    ['create', 2, 'USAGE', /needs a title/],
    [`create --title ${'x'.repeat(201)}`, 6, 'MESSAGE_INVALID', /The title has 201 characters; it may have 200/],
    ['create --title x --requires TS', 6, 'MESSAGE_INVALID', /no capability/],
    ['create --title x --depends-on 01JD3Y6Q0V8M5T2B7K9XWZ4RCE', 4, 'MESSAGE_NOT_FOUND', /no task 01JD/],
    ['create --title x --priority soon', 2, 'USAGE', /not a priority/],
    ['create --title x --deadline soon', 2, 'USAGE', /--deadline/],
    ['create --title x --body a --body-file b', 2, 'USAGE', /given twice/],
    ['create --title x --body - --data -', 2, 'USAGE', /standard input/],
    ['list --state lost', 2, 'USAGE', /not a state of a task/],
    ['list --all --ready', 2, 'USAGE', /given twice/],
    ['list --mine --agent ann', 2, 'USAGE', /two agents/],
    ['list --agent ghost', 4, 'AGENT_NOT_FOUND', /ghost/],
    ['show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE', 4, 'MESSAGE_NOT_FOUND', /no task/],
    ['show x', 2, 'USAGE', /not a message id/],
  ])('"task %s" is refused with %d', async (words, code, name, message) => {
    const did = await rig.dreamos(`task ${words} --json`, boss);
    expect(did).toMatchObject({ code, out: '' });
    const { error } = JSON.parse(did.err) as { error: { code: string; message: string } };
    expect(error.code).toBe(name);
    expect(error.message).toMatch(message);
    expect((await rig.dreamos('task list --all --json')).json).toEqual([]);
  });

  test('a deadline may be so long from now, and a wrong one is told so', async () => {
    const { code, err } = await rig.dreamos('task create --title x --deadline soon', boss);
    expect(code).toBe(2);
    expect(err).toContain('Next: Write how long from now, 2h, or day and time: 2026-');
  });

  test('what is no task is led to the list of tasks, and mail to where it is shown', async () => {
    const none = await rig.dreamos('task show 9999');
    expect(none).toMatchObject({
      code: 4,
      err: 'Error: There is no task whose id ends in 9999.\n  Next: dreamos task list --all\n',
    });
    const id = (await rig.dreamos('send ann hello', boss)).out.trim();
    const mail = await rig.dreamos(`task done ${short(id)}`, ann);
    expect(mail).toMatchObject({
      code: 4,
      err: `Error: ${id} is a message and no task.\n  Next: dreamos show ${id}\n`,
    });
  });
});

describe('list', () => {
  test('fits a terminal of 80 columns, with ends of ids', async () => {
    const going = await create('a title that is much longer than anything that a line of a terminal has room for');
    await rig.dreamos(`task accept ${going}`, ann);
    await rig.dreamos(['task', 'progress', going, '--percent', '40'], ann);
    await create('render', '--requires', 'gpu', '--priority', 'urgent');
    const { out } = await rig.dreamos('task list --no-color', { terminal: true, screen: { rows: 24, columns: 80 } });
    const [head = '', first = '', second = ''] = out.split('\n');
    expect(head).toMatch(/^id +state +priority +agent +title +note$/);
    expect(first).toMatch(new RegExp(`^${short(going)} +active +ann +a title .*… +1[45]m.* left, 40 %$`));
    expect(second).toMatch(/ready +urgent +render +lacks somebody/);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('says of what is blocked why that is not done', async () => {
    const failed = await create('fails');
    await rig.dreamos(`task accept ${failed}`, ann);
    const open = await create('open', '--no-assign');
    const id = await create('waits', '--depends-on', `${failed},${open}`);
    await rig.dreamos(['task', 'fail', failed, '--reason', 'no words'], ann);
    const { out } = await rig.dreamos('task list --blocked');
    expect(out).toContain(`${id}  blocked`);
    expect(out).toContain(`waits for ${failed} (failed: no words), ${open} (ready)`.replace(/\w{18}(\w{8})/g, '$&'));
  });

  test('has parts below what they are a part of, and names what is not shown', async () => {
    const whole = await create('whole', '--no-assign');
    const part = await create('part', '--parent', whole, '--priority', 'urgent', '--no-assign');
    await create('smaller', '--parent', part, '--no-assign');
    const { out } = await rig.dreamos('task list --tree');
    expect(out).toMatch(/ {2}whole .*\n.* {4}part .*\n.* {6}smaller .*\n/);
    await rig.dreamos(`task cancel ${whole}`);
    expect((await rig.dreamos('task list --tree')).out).toContain(`part of ${whole}`);
  });

  test('of one agent, of who acts, by state, and so many', async () => {
    const mine = await create('mine');
    await rig.dreamos(`task assign ${mine} ann`);
    await create('other', '--no-assign');
    const ids = async (words: string) => (await rig.dreamos(`task list ${words} --json`, ann)).json.map(({ id }) => id);
    expect(await ids('--mine')).toEqual([mine]);
    expect(await ids('--agent ANN')).toEqual([mine]);
    expect(await ids('--state assigned,done')).toEqual([mine]);
    expect(await ids('-n 1')).toEqual([mine]);
    expect(await ids('--ready')).toHaveLength(1);
    expect(await ids('--agent bob')).toEqual([]);
    expect((await rig.dreamos('task list --agent bob')).err).toBe(
      'No task is active or assigned or ready or blocked that bob has.\n',
    );
  });
});

describe('next', () => {
  test('prints what there is to do, and how to end it', async () => {
    const id = await create('parse', '--body', 'all of it', '--requires', 'ts');
    const { code, out } = await rig.dreamos('task next --lease 10m', ann);
    expect(code).toBe(0);
    expect(out).toMatch(/^Task: +parse\nState: +active, with ann, until 2026-11-20T09:10:00.000Z \(in 10m\)\n/);
    expect(out).toContain('Words of agent "boss": data');
    expect(out).toContain('```\nall of it\n```');
    expect(out).toContain(`When it is done, type:\ndreamos task done ${id} --result "what came of it"\n`);
  });

  test('ends with 3 where there is none, and with 5 where its agent has enough', async () => {
    expect(await rig.dreamos('task next --wait 10ms', ann)).toMatchObject({
      ...{ code: 3, out: '', err: 'There was no task for ann within 10ms.\n' },
    });
    for (const title of ['a', 'b', 'c']) await create(title);
    for (const _ of ['a', 'b']) expect((await rig.dreamos('task next', ann)).code).toBe(0);
    const full = await rig.dreamos('task next --json', ann);
    expect(full.code).toBe(5);
    expect(JSON.parse(full.err)).toMatchObject({ error: { code: 'LIMITED' } });
    expect(await rig.dreamos('task next')).toMatchObject({ code: 2 });
  });

  test('accept takes a certain one, by the end of its id, and none of another agent', async () => {
    const id = await create('parse', '--no-assign');
    await create('urgent', '--priority', 'urgent', '--no-assign');
    expect((await rig.dreamos(`task accept ${short(id)} --json`, ann)).json).toMatchObject([{ id, assignee: 'ann' }]);
    const bobs = await create('for bob', '--no-assign');
    await rig.dreamos(`task assign ${bobs} bob`);
    const refused = await rig.dreamos(`task accept ${bobs} --json`, ann);
    expect(refused.code).toBe(5);
    expect(JSON.parse(refused.err)).toMatchObject({ error: { code: 'TASK_NOT_FOR_YOU' } });
  });
});

describe('assign', () => {
  test('without an agent it is who suits best, and of nobody it says what is missing', async () => {
    await isThere('ann');
    const id = await create('parse', '--requires', 'ts', '--no-assign');
    const hard = await create('render', '--requires', 'gpu');
    expect(await rig.dreamos(`task assign ${hard}`)).toMatchObject({
      code: 3,
      out: '',
      err: `Nobody could be given task ${hard}: it lacks somebody who can: gpu. Each agent, and why not: dreamos task assign ${hard} --explain\n`,
    });
    expect((await rig.dreamos(`task assign ${id}`)).out).toBe(`${id} assigned to ann\n`);
  });

  test('--explain shows each, and changes nothing', async () => {
    const id = await create('parse', '--requires', 'ts', '--no-assign');
    await rig.dreamos('agent pause ann');
    await isThere('bob');
    const before = (await rig.dreamos(`task show ${id} --json`)).json;
    const { out } = await rig.dreamos(`task assign ${id} --explain`);
    expect(out.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual(
      expect.arrayContaining([
        'agent state tasks score idle for note',
        expect.stringMatching(/^ann unseen 0\/2 1 never said that it is there$/) as string,
        expect.stringMatching(/^bob \w+ \d\/1 \d .*lacks ts$/) as string,
      ]),
    );
    expect((await rig.dreamos(`task show ${id} --json`)).json).toEqual(before);
  });
});

test('show has its words, its result and its history', async () => {
  const id = await create('parse', '--body', 'all of it');
  await rig.dreamos(`task accept ${id}`, ann);
  await rig.dreamos(['task', 'done', id, '--result', 'merged'], ann);
  const { out } = await rig.dreamos(`task show ${id}`);
  expect(out).toMatch(/^Task: +parse\nState: +done, with ann, 2026-/);
  expect(out).toMatch(
    /Words of agent "boss": data.*\n```\nall of it\n```\n\nResult:\n(.|\n)*"ann": data.*\n```\nmerged\n```/,
  );
  expect(out).toMatch(/History:\n(.|\n)*claimed by ann, attempt 1(.|\n)*acked by ann/);
});

describe('watch', () => {
  test('of a task that is over tells how it ended', async () => {
    const done = await create('parse');
    await rig.dreamos(`task accept ${done}`, ann);
    await rig.dreamos(`task done ${done}`, ann);
    expect(await rig.dreamos(`task watch ${done}`)).toMatchObject({ code: 0, err: `${done} done\n` });
    const gone = await create('off', '--no-assign');
    await rig.dreamos(`task cancel ${gone}`);
    expect(await rig.dreamos(`task watch ${gone}`)).toMatchObject({ code: 5, out: '' });
    const open = await create('open', '--no-assign');
    expect(await rig.dreamos(`task watch ${open} --wait 10ms`)).toMatchObject({ code: 3, out: '' });
  });

  test('tells of tasks, and of no other message, also of their type', async () => {
    let told = '';
    const stop = new AbortController();
    const watching = rig.dreamos('task watch --json', { signal: stop.signal, onOutput: (text) => (told = text) });
    let id = '';
    while (!told.includes('"event":"delivered"')) {
      await rig.sent('send ann hello --as boss --type task');
      id ||= await create('parse', '--no-assign');
      if (told === '') id = await create('parse', '--no-assign');
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    stop.abort(0);
    const { json } = await watching;
    expect(json.every(({ mailbox }) => mailbox === 'task-pool')).toBe(true);
  });
});
