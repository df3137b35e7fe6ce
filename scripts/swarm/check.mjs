// What the agents' diaries and the root's events say together: every task is done once, after what it depends on, and never
// were two at one task while the claims of both held.

/** What takes a claim away from its holder. */
const ends = new Set(['acked', 'nacked', 'handed_over', 'lease_expired', 'dead', 'cancelled']);

/**
 * @param {object[]} diaries lines of all agents
 * @param {object[]} events of all mailboxes, in their order
 * @param {object[]} tasks as `tasks.list` gives them
 * @param {Map<string, string[]>} dependencies by id
 * @returns {string[]} what is wrong
 */
export function check(diaries, events, tasks, dependencies) {
  const faults = [];
  for (const { id, title, state, reason } of tasks)
    if (state !== 'done') faults.push(`${title} (${id}) is ${state}${reason === undefined ? '' : `: ${reason}`}`);
  const eventsOf = grouped(events);
  for (const [id, before] of dependencies) {
    const own = eventsOf.get(id) ?? [];
    const acked = own.filter(({ event }) => event === 'acked');
    if (acked.length !== 1) faults.push(`${id} was acked ${acked.length} times`);
    const begun = Math.min(...diaries.filter((line) => line.what === 'begins' && line.id === id).map(({ at }) => at));
    for (const other of before) {
      const done = (eventsOf.get(other) ?? []).find(({ event }) => event === 'acked');
      if (!done || Date.parse(done.at) > begun) faults.push(`${id} was begun before ${other} was done`);
    }
    faults.push(...twoAtOnce(id, spansOf(id, diaries, own)));
  }
  for (const [agent, lines] of grouped(diaries, (line) => line.agent)) {
    let at;
    for (const { what, id } of lines) {
      if (what === 'begins' && at !== undefined) faults.push(`${agent} began ${id} before it had ended ${at}`);
      if (what === 'begins') at = id;
      if (what === 'done' || what === 'lost') at = undefined;
    }
  }
  return faults;
}

/** From when to when somebody was at it and had to believe that it was his. */
function spansOf(id, diaries, events) {
  const spans = [];
  for (const line of diaries.filter((one) => one.id === id)) {
    const { agent, attempt, at, what, until } = line;
    if (what === 'begins') {
      const taken = events.find(
        (event) => ends.has(event.event) && event.attempt === attempt && Date.parse(event.at) >= at - 1000,
      );
      spans.push({ agent, attempt, from: at, until, takenAt: taken && Date.parse(taken.at) });
      continue;
    }
    const span = spans.find((one) => one.agent === agent && one.attempt === attempt);
    if (what === 'renews') span.until = until;
    else if (what === 'ends') span.endedAt = at;
  }
  return spans.map(({ agent, from, until, takenAt = Infinity, endedAt = Infinity }) => ({
    agent,
    from,
    to: Math.min(until, takenAt, endedAt),
  }));
}

function twoAtOnce(id, spans) {
  const faults = [];
  for (const [i, one] of spans.entries())
    for (const other of spans.slice(i + 1))
      if (one.from < other.to && other.from < one.to)
        faults.push(`${one.agent} and ${other.agent} were at ${id} at once`);
  return faults;
}

function grouped(items, keyOf = ({ id }) => id) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
