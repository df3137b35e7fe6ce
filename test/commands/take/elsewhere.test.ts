/** What is said of an id that is not in one's own mailbox. */
import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
let id: string;
beforeEach(async () => {
  rig = await createRig();
  await registerAgent(rig.root, { name: 'alice' });
  id = await rig.sent();
});

const verbs = ['ack', 'nack', 'renew', 'reply --ack'] as const;
const line = (verb: (typeof verbs)[number], message: string): string[] => {
  const [name = '', ...options] = verb.split(' ');
  return [name, message, ...(name === 'reply' ? ['done'] : []), ...options, '--as', 'alice', '--json'];
};

async function refused(words: readonly string[]): Promise<{ code: number; error: Record<string, string> }> {
  const { code, out, err } = await rig.dreamos(words);
  expect(out).toBe('');
  return { code, error: (JSON.parse(err) as { error: Record<string, string> }).error };
}

/** A hint of the form `… dreamos <words>`, with the one quoted word that it may have. */
const typed = (hint = ''): string[] =>
  (/dreamos (.*)/.exec(hint)?.[1] ?? '').replace('"your answer"', 'yes').split(' ');

test.each(verbs)(
  '%s of what another holds says who, since when, until when, and what works if it was that one',
  async (verb) => {
    await rig.dreamos('read reviewer');
    for (const text of [id, id.slice(-6).toLowerCase()]) {
      const { code, error } = await refused(line(verb, text));
      expect({ code, errorCode: error['code'] }).toEqual({ code: 5, errorCode: 'LEASE_LOST' });
      expect(error['message']).toBe(
        `Message ${id} is not in alice's mailbox but in reviewer's: held by reviewer since 2026-11-20T09:00:00.000Z until 2026-11-20T09:15:00.000Z.`,
      );
      expect(error['hint']).toContain(`dreamos ${verb.split(' ')[0]} ${id}`);
      expect(error['hint']).toContain('--as reviewer');
    }
    const { error } = await refused(line(verb, id));
    expect(await rig.dreamos(typed(error['hint']))).toMatchObject({ code: 0 });
  },
);

test('a claim that was made for another agent is finished by the name of who made it', async () => {
  await rig.dreamos('read reviewer --as worker-1');
  const { error } = await refused(line('ack', id));
  expect(error['message']).toContain("in reviewer's: held by worker-1 since");
  expect(typed(error['hint'])).toEqual(['ack', id, '--as', 'worker-1']);
  expect(await rig.dreamos(typed(error['hint']))).toMatchObject({ code: 0 });
});

test.each(verbs)('%s of what nobody holds, or what is finished, says so, and names no one', async (verb) => {
  const ready = await refused(line(verb, id));
  expect(ready).toMatchObject({ code: 5, error: { code: 'LEASE_LOST', hint: `dreamos show ${id}` } });
  expect(ready.error['message']).toBe(
    `Message ${id} is not in alice's mailbox but in reviewer's: ready, held by nobody.`,
  );
  await rig.dreamos(`ack ${await rig.claimed()}`);
  const done = await refused(line(verb, id));
  expect(done).toMatchObject({ code: 5, error: { code: 'ALREADY_SETTLED', hint: `dreamos show ${id}` } });
  expect(done.error['message']).toBe(`Message ${id} is not in alice's mailbox but in reviewer's: archived.`);
});

test('of several that hold it each is named, and none is offered', async () => {
  const both = await rig.sent('send reviewer,planner hello --as planner');
  await rig.dreamos(`read reviewer --id ${both}`);
  await rig.dreamos('read planner');
  const { error } = await refused(line('ack', both));
  expect(error['message']).toContain("in planner's: held by planner");
  expect(error['message']).toContain("in reviewer's: held by reviewer");
  expect(error['hint']).toBe(`dreamos show ${both}`);
});

test('what is nowhere is not found, and what one holds oneself is settled', async () => {
  expect(await refused(line('ack', '01JD0000000000000000000000'))).toMatchObject({
    code: 4,
    error: { code: 'MESSAGE_NOT_FOUND', hint: 'dreamos list alice' },
  });
  const own = await rig.sent('send alice hello --as planner');
  await rig.dreamos('read alice');
  expect(await rig.dreamos(line('ack', own))).toMatchObject({ code: 0 });
});

test('show --mailbox of what lies in another one says where it is', async () => {
  const { code, error } = await refused(['show', id, '--mailbox', 'alice', '--json']);
  expect({ code, hint: error['hint'] }).toEqual({ code: 5, hint: `dreamos show ${id}` });
  expect(error['message']).toBe(`Message ${id} is not in alice's mailbox but in reviewer's: ready, held by nobody.`);
  expect(await rig.dreamos('show 01JD0000000000000000000000 --mailbox alice')).toMatchObject({ code: 4 });
});

test('a worker that is no agent is told how to answer what it has acked, in the name of its mailbox', async () => {
  const worker = { env: { DREAMOS_AGENT: 'worker-1' } };
  await rig.dreamos('read reviewer', worker);
  await rig.dreamos('ack', worker);
  const bare = await rig.dreamos(['reply', 'yes, done'], worker);
  expect(bare.err).toContain('what is acked is answered by its id: dreamos reply <id> "your answer"');
  const { code, err } = await rig.dreamos(['reply', id, 'done'], worker);
  expect(code).toBe(5);
  expect(err).toContain(`Message ${id} is not in worker-1's mailbox but in reviewer's: archived.`);
  expect(err).toContain(`dreamos reply ${id} "your answer" --as reviewer`);
  expect((await rig.dreamos(['reply', id, 'done', '--as', 'reviewer'])).code).toBe(0);
});
