import type { AgentCard } from '../../model/agent.ts';
import type { ExportDatabase } from './database.ts';

// No mailbox has it in its name.
const under = '>';

/** What was exported under a former name is called as its mailbox is now; two may have changed names. */
export function followRenames(database: ExportDatabase, cards: readonly AgentCard[]): void {
  let some = false;
  for (const { name, formerNames = [] } of cards) {
    const former = formerNames.find((one) => {
      const place = one.name === name ? undefined : database.placeOf(one.name);
      return place && place.lookedAt <= one.until;
    });
    if (!former) continue;
    some = true;
    for (const table of ['deliveries', 'events', 'tasks', 'places'])
      database.run(`UPDATE OR REPLACE ${table} SET mailbox = ? WHERE mailbox = ?`, `${under}${name}`, former.name);
  }
  if (!some) return;
  for (const table of ['deliveries', 'events', 'tasks', 'places'])
    database.run(`UPDATE OR REPLACE ${table} SET mailbox = substr(mailbox, 2) WHERE mailbox LIKE '${under}%'`);
}
