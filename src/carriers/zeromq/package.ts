import { usage } from '../../model/refusals.ts';

export type Zeromq = typeof import('zeromq');

/** ZeroMQ, where somebody has installed it beside dreamos, which does not bring it. @throws USAGE: it is not there, or does not run here */
export async function loadZeromq(load: () => Promise<Zeromq> = () => import('zeromq')): Promise<Zeromq> {
  try {
    return await load();
  } catch (cause) {
    const [why = ''] = (cause as Error).message.split('\n');
    throw usage(`tcp:// needs the package zeromq beside dreamos: ${why}.`, 'Where dreamos is: npm install zeromq@6');
  }
}
