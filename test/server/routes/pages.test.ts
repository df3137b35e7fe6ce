import { beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../../src/server/routes/all.ts';
import { createRouteRig, type RouteRig } from './rig.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- a test knows what it asked for
type Item = any;

const planner = { as: 'planner' };
const agents = ['ann', 'Bob', 'cy', 'planner', 'reviewer'];

/** All pages of a list, one after the other. @param between called behind each */
async function pagesOf(
  rig: RouteRig,
  address: string,
  between: (page: number) => Promise<unknown> = async () => undefined,
): Promise<Item[]> {
  const items: unknown[] = [];
  let after = '';
  for (let page = 1; ; page++) {
    const { status, value } = await rig.get(`${address}${address.includes('?') ? '&' : '?'}limit=3${after}`);
    expect(status, JSON.stringify(value)).toBe(200);
    expect(value.items.length).toBeLessThanOrEqual(3);
    items.push(...value.items);
    if (value.next === null) return items;
    after = `&after=${value.next}`;
    await between(page);
  }
}

const idOf = ({ id, mailbox, message }: Item): string => `${mailbox ?? ''} ${id ?? message?.id}`;
const send = async (rig: RouteRig, to: string, more: object = {}): Promise<string> =>
  (await rig.post('/v1/send', { to, body: 'needle', ...more }, planner)).value.id;
const settle = async (
  rig: RouteRig,
  mailbox: string,
  how: '/v1/ack' | '/v1/nack',
  more: object = {},
): Promise<void> => {
  const { value } = await rig.post('/v1/read', { mailbox });
  await rig.post(how, { message: value.receipt, ...more });
};

/** Something in each state of each mailbox. */
async function filled(): Promise<RouteRig> {
  const rig = await createRouteRig(agents);
  for (let i = 0; i < 3; i++)
    for (const to of ['ann', 'Bob', 'cy']) {
      await send(rig, to);
      await settle(rig, to, '/v1/ack');
      // Of some in the same moment.
      rig.time.nowMs += i;
      await send(rig, to);
      await settle(rig, to, '/v1/nack', { dead: true, reason: 'needle' });
    }
  for (const to of ['ann', 'Bob', 'cy']) {
    for (const priority of ['low', 'urgent', 'normal']) await send(rig, to, { priority });
    for (const delay of ['1h', '2h']) await send(rig, to, { delay });
    await rig.post('/v1/read', { mailbox: to });
  }
  await rig.post('/v1/publish', { topic: 'a.b', body: 'needle' }, planner);
  await rig.post('/v1/publish', { topic: 'a.c', body: 'needle' }, planner);
  for (const title of ['one', 'two', 'three', 'four'])
    await rig.post('/v1/tasks/create', { title, priority: title === 'three' ? 'urgent' : 'normal' }, planner);
  for (const lease of ['10m', '11m', '12m', '13m', '14m'])
    await rig.post('/v1/config/set', { key: 'lease', value: lease });
  return rig;
}

const lists = [
  '/v1/list',
  '/v1/list?state=archived,ready,dead',
  '/v1/list?mailbox=ann&state=ready,delayed,inflight,dead,archived',
  '/v1/dlq/list',
  '/v1/dlq/list?mailbox=cy',
  '/v1/archive/list',
  '/v1/archive/export',
  '/v1/archive/search?text=needle',
  '/v1/search?text=needle',
  '/v1/tasks/list?state=blocked,ready,assigned,active,done',
  '/v1/audit/list',
  '/v1/agent/list',
  '/v1/status',
  '/v1/topics/list',
  '/v1/config/history',
];

let looked: RouteRig;
beforeAll(async () => {
  looked = await filled();
});

describe('a list in pages', () => {
  test('each route that has pages is asked here, or comes whole and is sorted', () => {
    const asked = new Set(lists.map((address) => address.split('?')[0]));
    const placed = routes
      .filter(({ pages }) => pages === 'placed')
      .map(({ operation }) => `/v1/${operation.replace('.', '/')}`);
    expect(placed.filter((path) => !asked.has(path))).toEqual([]);
  });

  test.each(lists)('%s has in its pages what it has as a whole, in its order', async (address) => {
    const rig = looked;
    const { value } = await rig.get(address, { accept: 'application/jsonl' });
    expect(value.length).toBeGreaterThan(1);
    const { value: first } = await rig.get(address);
    // What ages between two looks is no matter here.
    const bare = (items: Item[]) => JSON.parse(JSON.stringify(items, (key, part) => (key.endsWith('Ms') ? 0 : part)));
    expect(bare(first.items.slice(0, value.length))).toEqual(bare(value.slice(0, 100)));
    expect(bare(await pagesOf(rig, address))).toEqual(bare(value));
  });

  test('what goes and comes between two pages neither repeats nor hides what stays', async () => {
    const rig = await filled();
    const states = 'state=ready,delayed,inflight,dead,archived';
    const before = (await rig.get(`/v1/list?${states}`, { accept: 'application/jsonl' })).value.map(idOf) as string[];
    const gone: string[] = [];
    const shown = await pagesOf(rig, `/v1/list?${states}`, async (page) => {
      // The last that was shown goes, and one that comes later; something new comes at either end.
      const all = (await rig.get(`/v1/list?${states}`, { accept: 'application/jsonl' })).value;
      const one = all.find(({ state }: Item, at: number) => state === 'ready' && at % 3 === page % 3);
      if (one) {
        gone.push(idOf(one));
        await rig.post('/v1/cancel', { id: one.id });
      }
      await send(rig, page % 2 === 0 ? 'ann' : 'cy', { priority: 'urgent' });
    });
    const ids = shown.map(idOf);
    const staying = before.filter((id) => !gone.includes(id));
    expect(ids.filter((id) => staying.includes(id))).toEqual(staying);
    expect(new Set(ids.filter((id) => staying.includes(id))).size).toBe(staying.length);
  });

  test('of dead letters that are retried from page to page none of the others is missed', async () => {
    const rig = await filled();
    const before = (await rig.get('/v1/dlq/list', { accept: 'application/jsonl' })).value.map(idOf) as string[];
    let last: string[] = [];
    const shown: string[] = [];
    let after = '';
    for (;;) {
      const { value } = await rig.get(`/v1/dlq/list?limit=2${after}`);
      last = value.items.map(({ id }: Item) => id);
      shown.push(...value.items.map(idOf));
      if (value.next === null) break;
      after = `&after=${value.next}`;
      await rig.post('/v1/dlq/retry', { ids: last });
    }
    expect(shown).toEqual(before);
  });

  test('what is no place in the list is refused, and so is a page that is too long', async () => {
    const rig = looked;
    const { value } = await rig.get('/v1/list?limit=1');
    for (const after of ['x', '', 'bm9uZQ', `${value.next}x`]) {
      const { status, value: problem } = await rig.get(`/v1/list?after=${after}`);
      expect([status, problem.code], after).toEqual([400, 'CURSOR_INVALID']);
    }
    // Of another list.
    expect((await rig.get(`/v1/audit/list?after=${value.next}`)).value.code).toBe('CURSOR_INVALID');
    // Of the same, for other states.
    expect((await rig.get(`/v1/list?state=dead&after=${value.next}`)).value.code).toBe('CURSOR_INVALID');
    for (const limit of ['0', '1001', '-1', '1.5', 'x'])
      expect((await rig.get(`/v1/list?limit=${limit}`)).status, limit).toBe(400);
  });

  test('a page tells nothing of a claim by which others could end it', async () => {
    const rig = looked;
    const { value } = await rig.get('/v1/list?state=inflight&limit=1', planner);
    const { value: held } = await rig.get('/v1/list?state=inflight&mailbox=ann', { as: 'ann' });
    const token = held.items[0].receipt.split(':').at(-1);
    expect(token.length).toBeGreaterThan(5);
    expect(Buffer.from(value.next, 'base64url').toString()).not.toContain(token);
  });

  test('a page ends before its text is too much to be held, and goes on', async () => {
    const rig = await createRouteRig();
    const data = 'x'.repeat(900_000);
    for (let i = 0; i < 12; i++) await send(rig, 'reviewer', { data, body: String(i) });
    const { value } = await rig.get('/v1/list');
    expect(value.items.length).toBeLessThan(12);
    const { value: rest } = await rig.get(`/v1/list?after=${value.next}`);
    expect([...value.items, ...rest.items].map(({ message }: Item) => message.body)).toEqual(
      Array.from({ length: 12 }, (_, i) => String(i)),
    );
    expect(rest.next).toBeNull();
  });
});
