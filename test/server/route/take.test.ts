import { describe, expect, test } from 'vitest';
import { createRouteRig } from '../routes/rig.ts';

const planner = { as: 'planner' };
const hello = { to: 'reviewer', body: 'hello' };

describe('what a route takes', () => {
  test('a field that there is not is refused with the nearest name', async () => {
    const rig = await createRouteRig();
    for (const [asked, hint] of [
      [rig.post('/v1/send', { ...hello, subjct: 'x' }, planner), '"subject"'],
      [rig.post('/v1/read', { wait: '1ms', waitms: 1 }, planner), '"waitMs"'],
      [rig.get('/v1/list?mailbx=planner'), '"mailbox"'],
      [rig.post('/v1/nack', { delay: '1s', reson: 'x' }, planner), '"reason"'],
      [rig.get('/v1/trust/list?x=1'), 'It takes: limit, after'],
      [rig.get('/v1/policy/show?x=1'), 'It takes: nothing'],
    ] as const) {
      const { status, value } = await asked;
      expect([status, value.code]).toEqual([400, 'USAGE']);
      expect(value.hint).toContain(hint);
    }
  });

  test('durations are texts or milliseconds, and not both', async () => {
    const rig = await createRouteRig();
    const lease = async (how: object): Promise<number> => {
      await rig.post('/v1/send', hello, planner);
      const { value } = await rig.post('/v1/read', how, { as: 'reviewer' });
      return Date.parse(value.leaseUntil) - rig.time.nowMs;
    };
    expect([await lease({ lease: '5m' }), await lease({ leaseMs: 300_000 })]).toEqual([300_000, 300_000]);
    const both = await rig.post('/v1/read', { lease: '5m', leaseMs: 1 }, { as: 'reviewer' });
    expect([both.status, both.value.detail]).toEqual([400, '"lease" and "leaseMs" say the same; give one of them.']);
    expect((await rig.post('/v1/read', { lease: 'soon' }, { as: 'reviewer' })).status).toBe(400);
  });

  test('a request waits for a minute at most', async () => {
    const rig = await createRouteRig();
    for (const how of [{ wait: '61s' }, { waitMs: 60_001 }, { waitMs: -1 }])
      for (const path of ['/v1/read', '/v1/tasks/next'])
        expect((await rig.post(path, how, planner)).status, JSON.stringify(how)).toBe(400);
  });

  test('a query is read by what its fields are: numbers, yes and no, lists with commas or said several times', async () => {
    const rig = await createRouteRig();
    for (const query of ['state=ready,dead', 'state=ready&state=dead', 'limit=5', 'task=true'])
      expect((await rig.get(`/v1/list?${query}`)).status, query).toBe(200);
    for (const query of ['state=redy', 'limit=five', 'limit=5&limit=6', 'task=yes', 'task=false', 'priority=URGENT'])
      expect((await rig.get(`/v1/list?${query}`)).status, query).toBe(400);
    expect((await rig.get('/v1/who?all=1')).status).toBe(400);
  });

  test('what is no object of JSON is refused, and so is a query beside it', async () => {
    const rig = await createRouteRig();
    for (const body of ['[]', '"x"', '1', 'null', '{"a":', '{}x'])
      expect((await rig.post('/v1/ack', body, planner)).value.code, body).toBe('MESSAGE_INVALID');
    expect((await rig.post('/v1/ack?message=x', {}, planner)).status).toBe(400);
    expect((await rig.lines('/v1/ack', [{}], planner)).status).toBe(400);
  });

  test('where nobody acts and none is named, it is said how to', async () => {
    const rig = await createRouteRig();
    const { status, value } = await rig.post('/v1/read');
    expect([status, value.hint]).toEqual([400, expect.stringContaining('Dreamos-Agent: <agent>')]);
  });

  test('of an inherited name nothing is taken for a field', async () => {
    const rig = await createRouteRig();
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect((await rig.get(`/v1/list?${name}=x`)).status, name).toBe(400);
      expect((await rig.post('/v1/send', `{"to":"reviewer","body":"x","${name}":1}`, planner)).status, name).toBe(400);
    }
  });
});

describe('many at once', () => {
  test('lines and a list are as good; each has its own result, in their order, and a bad one keeps no other', async () => {
    const rig = await createRouteRig();
    const drafts = [hello, { to: 'nobody', body: 'x' }, { to: 'reviewer' }, 5, null, { ...hello, body: 'last' }];
    const codes = [undefined, 'AGENT_NOT_FOUND', 'MESSAGE_INVALID', 'MESSAGE_INVALID', 'MESSAGE_INVALID', undefined];
    const listed = await rig.post('/v1/sendAll', { drafts }, planner);
    expect(listed.value.items.map((one: { error?: { code: string } }) => one.error?.code)).toEqual(codes);
    const lined = await rig.lines('/v1/sendAll', drafts, { ...planner, accept: 'application/x-ndjson' });
    expect(lined.headers['content-type']).toBe('application/jsonl');
    expect(lined.value.map((one: { error?: { code: string } }) => one.error?.code)).toEqual(codes);
    expect(lined.value[1].error).toMatchObject({ line: 2, hint: expect.any(String) });
    expect((await rig.get('/v1/status?mailbox=reviewer')).value.items[0].ready).toBe(4);
  });

  test('a line that is no JSON is refused with its number, before anything is sent', async () => {
    const rig = await createRouteRig();
    const { status, value } = await rig.lines('/v1/sendAll', [hello, '{"to":'], planner);
    expect([status, value.detail]).toEqual([400, expect.stringContaining('Line 2 is not JSON')]);
    expect((await rig.get('/v1/status?mailbox=reviewer')).value.items[0].ready).toBe(0);
  });

  test('what is nested beyond all measure is refused at once, closed or not, and brackets in a text are none', async () => {
    const rig = await createRouteRig();
    const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const draft = (data: string): string => `{"to":"reviewer","body":"x","data":${data}}`;
    const begun = performance.now();
    for (const body of [draft(nested(2_000_000)), draft('{"a":'.repeat(500_000)), nested(2_000_000)]) {
      const { status, value } = await rig.post('/v1/send', body, planner);
      expect([status, value.code]).toEqual([400, 'MESSAGE_INVALID']);
      expect(value.detail).toContain('nested too deeply');
    }
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect((await rig.post('/v1/send', draft(nested(999)), planner)).status).toBe(201);
    const { status, value } = await rig.post('/v1/send', draft(nested(1000)), planner);
    expect([status, value.detail]).toEqual([400, expect.stringContaining('at most 1000 levels')]);
    const text = JSON.stringify({ to: 'reviewer', body: `\\"${'[{'.repeat(2000)}`, data: ['"[\\'.repeat(2000)] });
    expect((await rig.post('/v1/send', text, planner)).status).toBe(201);
  });

  test('more than a thousand are sent in several commits', async () => {
    const rig = await createRouteRig();
    const drafts = Array.from({ length: 1001 }, (_, i) => ({ ...hello, body: String(i) }));
    const { value } = await rig.lines('/v1/sendAll', drafts, { ...planner, accept: 'application/jsonl' });
    expect(value.length).toBe(1001);
    expect((await rig.get('/v1/status?mailbox=reviewer')).value.items[0].ready).toBe(1001);
  });
});

test('a poll that is left hands over nothing', async () => {
  const rig = await createRouteRig();
  const gone = new AbortController();
  const handed: string[] = [];
  const asking = { as: 'reviewer', signal: gone.signal, hands: (receipt: string) => void handed.push(receipt) };
  const polling = rig.post('/v1/read', { wait: '20s' }, asking);
  gone.abort();
  expect((await polling).status).toBe(204);
  await rig.post('/v1/send', hello, planner);
  const { value } = await rig.post('/v1/read', {}, { as: 'reviewer', hands: asking.hands });
  expect(handed).toEqual([value.receipt]);
});
