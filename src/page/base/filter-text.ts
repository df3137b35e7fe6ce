/** What is typed into the field of a list: `from:planner type:review timeout` asks for fields, and for a text. */

const filterNames = ['from', 'type', 'tag', 'thread', 'priority', 'subject', 'reason', 'id', 'older'] as const;
export type FilterName = (typeof filterNames)[number];

export interface Typed {
  readonly fields: Readonly<Partial<Record<FilterName, string>>>;
  /** What is left: to be found anywhere in a message. */
  readonly text: string;
}

const part = /(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/g;

export function typedFilter(line: string): Typed {
  const fields: Partial<Record<FilterName, string>> = {};
  const rest: string[] = [];
  for (const [whole, name = '', quoted, plain = ''] of line.matchAll(part)) {
    const value = quoted ?? plain;
    if (isFilterName(name) && value !== '') fields[name] = value;
    else rest.push(name === '' ? value : whole);
  }
  return { fields, text: rest.join(' ').trim() };
}

function isFilterName(name: string): name is FilterName {
  return (filterNames as readonly string[]).includes(name);
}

export function isEmpty({ fields, text }: Typed): boolean {
  return text === '' && Object.keys(fields).length === 0;
}

/** `from planner, and with "timeout" in it`: for a question before something is done to all that match. */
export function inWords({ fields, text }: Typed): string {
  const said = Object.entries(fields).map(([name, value]) => `${labels[name as FilterName]} ${value}`);
  return [...said, ...(text === '' ? [] : [`with “${text}” in it`])].join(', ');
}

const labels: Readonly<Record<FilterName, string>> = {
  from: 'from',
  type: 'of type',
  tag: 'tagged',
  thread: 'in thread',
  priority: 'of priority',
  subject: 'with in the subject',
  reason: 'dead because of',
  id: 'with the id',
  older: 'older than',
};
