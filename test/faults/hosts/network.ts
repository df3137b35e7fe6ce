/** Hosts of a test's own: network namespaces with a cable each into a switch, which is a namespace, too. Needs root. */
import { execFileSync } from 'node:child_process';
import { missing, notRoot, type Lack } from '../../lack.ts';

export interface Host {
  readonly address: string;
  /** What begins a process there, in front of its command line; it is that process then. */
  readonly within: readonly string[];
  /** Nothing reaches it any more, nor what it says anybody, and no connection ends by that. */
  pull(): void;
  plug(): void;
}

export interface Network {
  readonly hosts: readonly Host[];
  /** Behind the end of what runs in them. */
  remove(): void;
}

const ip = (...words: readonly string[]): void =>
  void execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });

let networks = 0;

/** Of the addresses 192.0.2.1 and so on, which lead nowhere else. */
export function createNetwork(count: number): Network {
  // A namespace is known to the whole machine.
  const name = `dreamos-${process.pid}-${++networks}`;
  const made: string[] = [];
  const add = (space: string): string => {
    ip('netns', 'add', space);
    made.push(space);
    return space;
  };
  const remove = (): void => {
    for (const space of made.splice(0).reverse()) ip('netns', 'delete', space);
  };
  try {
    const between = add(`${name}-switch`);
    ip('-n', between, 'link', 'add', 'switch', 'type', 'bridge');
    ip('-n', between, 'link', 'set', 'switch', 'up');
    const hosts = Array.from({ length: count }, (_, i): Host => {
      const space = add(`${name}-${i + 1}`);
      const [address, port] = [`192.0.2.${i + 1}`, `port${i + 1}`];
      ip('-n', between, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'cable', 'netns', space);
      ip('-n', between, 'link', 'set', port, 'master', 'switch', 'up');
      ip('-n', space, 'address', 'add', `${address}/24`, 'dev', 'cable');
      ip('-n', space, 'link', 'set', 'cable', 'up');
      ip('-n', space, 'link', 'set', 'lo', 'up');
      return {
        address,
        within: ['ip', 'netns', 'exec', space],
        pull: () => ip('-n', between, 'link', 'set', port, 'down'),
        plug: () => ip('-n', between, 'link', 'set', port, 'up'),
      };
    });
    return { hosts, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** What has to be there for that, and for what runs on the hosts. */
export async function lackFor(...programs: readonly string[]): Promise<Lack | undefined> {
  return notRoot ?? (await missing('ip', ...programs));
}
