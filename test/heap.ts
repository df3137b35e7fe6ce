/** What of a thing that is done again and again stays behind it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** @returns by how many bytes the heap is larger behind so many times, once what nobody holds is collected */
export async function heapGrowth(times: number, work: () => unknown): Promise<number> {
  // What is made at the first times only is no growth.
  for (let i = 0; i < times / 10; i++) await work();
  const before = await heapNow();
  for (let i = 0; i < times; i++) await work();
  return (await heapNow()) - before;
}

async function heapNow(): Promise<number> {
  // What is weakly held goes one turn later.
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}
