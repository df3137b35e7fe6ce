/** This process and this machine, as far as a store on a server has to know them. */
import { kill, pid } from 'node:process';
import { hostname, userInfo } from 'node:os';

export function self(): { pid: number; host: string; user?: number } {
  const { uid } = userInfo();
  return { pid, host: hostname(), ...(uid >= 0 && { user: uid }) };
}

/** Whether a process of this machine runs, be it another user's. */
export function runsHere(process: number): boolean {
  try {
    return kill(process, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export { hostname };
