import type { Link } from '../link/link.ts';
import { list, text, texts } from '../roles/entry.ts';

const pageSize = 500;

/**
 * Removes all that lies under a root's prefix, but its hash `root`, which says whose it is. The server checks that at each step,
 * so that who was stopped in the middle takes nothing away from who came after him.
 * @param script which removes keys in the name of `who` @throws STATE_CHANGED
 */
export async function clear(
  link: Link,
  who: string,
  script: 'loadUnlink' | 'moveUnlink' = 'loadUnlink',
): Promise<void> {
  for (let cursor = '0'; ;) {
    const pattern = link.prefix.replace(/[[\]?*\\]/g, '\\$&');
    const [next, keys] = list(await link.command('SCAN', cursor, 'MATCH', `${pattern}*`, 'COUNT', pageSize));
    const going = texts(keys).filter((key) => key !== `${link.prefix}root`);
    if (going.length > 0) await link.run(script, who, ...going);
    cursor = text(next);
    if (cursor === '0') return;
  }
}
