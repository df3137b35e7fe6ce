import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { schemaNames, schemas } from '../../../src/contract/schemas.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

async function finished(): Promise<string> {
  const id = await rig.sent('send reviewer hello --as planner --subject Look');
  await rig.dreamos(`ack ${await rig.claimed()}`);
  return id;
}

async function dead(): Promise<string> {
  const id = await rig.sent('send reviewer hello --as planner --subject Look');
  await rig.dreamos(['nack', await rig.claimed(), '--dead', '--reason', 'cannot parse']);
  return id;
}

test.each(schemaNames)('schema %s is a JSON Schema', async (name) => {
  const { json } = await rig.dreamos(`schema ${name} --json`);
  expect(json).toMatchObject([{ $schema: expect.stringContaining('2020-12'), type: 'object' }]);
});

test('schema without a name lists the names; an unknown one is refused with them', async () => {
  expect((await rig.dreamos('schema --json')).json.map((one) => one['name'])).toEqual(schemaNames);
  const { code, err } = await rig.dreamos('schema messgae');
  expect(code).toBe(2);
  expect(err).toContain('message, drop');
});

test('what the commands print fits the schemas they publish', async () => {
  const fits = async (name: keyof typeof schemas, line: string) => {
    const { json, err } = await rig.dreamos(`${line} --json`);
    const misfits = json.flatMap((one) => z.safeParse(schemas[name], one).error?.issues ?? []);
    expect({ line, err, items: json.length > 0, misfits }).toEqual({ line, err: '', items: true, misfits: [] });
  };
  await dead();
  await finished();
  await fits('send', 'send reviewer hello --as planner');
  await fits('peek', 'peek reviewer');
  await fits('list', 'list reviewer --state all');
  await fits('read', 'read reviewer');
  await rig.sent();
  await fits('settled', `renew ${await rig.claimed()}`);
  await fits('status', 'status');
  await fits('watch', 'watch --since start --count 5');
  await fits('dlq', 'dlq list reviewer');
  await fits('archive', 'archive list reviewer');
  await fits('agent', 'agent list');
  await fits('entry', `cancel ${await rig.sent()}`);
  await fits('show', `show ${await rig.sent()}`);
});
