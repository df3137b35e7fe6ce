import { expect } from 'vitest';
import { agedArchive, type Rig } from './rig.ts';

/** Sends and finishes so many messages, as if it had been days ago. @returns their ids */
export async function finishedDaysAgo(rig: Rig, count: number, days: number): Promise<string[]> {
  const stdin = Array.from({ length: count }, (_, n) => `{"body":"old ${n}"}\n`).join('');
  const { out } = await rig.dreamos('send reviewer --batch --as planner', { stdin });
  expect((await rig.dreamos(`read reviewer --count ${count} --ack --quiet`)).code).toBe(0);
  agedArchive(rig, 'reviewer', days);
  return out.trim().split('\n');
}

export async function archivedIds(rig: Rig): Promise<string[]> {
  const { json } = await rig.dreamos('archive export reviewer --json');
  return json.map(({ id }) => id);
}

export async function archivedCount(rig: Rig): Promise<unknown> {
  return (await rig.dreamos('status reviewer --json')).json[0]?.['archived'];
}
