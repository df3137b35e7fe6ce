/** Reads `text/event-stream` as its bytes come (HTML standard, 9.2.6): by fetch, because EventSource sends no bearer token. */

export interface Told {
  /** The last that was named: it goes on from there. */
  readonly id: string;
  readonly event: string;
  /** Empty: only an id was told. */
  readonly data: string;
}

/** @returns takes a piece of the stream, and gives the events that are whole with it */
export function createSseReader(): (piece: string) => Told[] {
  let rest = '';
  let [id, event, data, next] = ['', '', '', ''];
  const line = (text: string): Told | undefined => {
    if (text === '') {
      // Only now: of an event that is cut off the id must not be gone on from.
      const isNew = next !== id;
      id = next;
      const told = data !== '' || isNew ? { id, event: event || 'message', data: data.slice(0, -1) } : undefined;
      [event, data] = ['', ''];
      return told;
    }
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(text) ?? [];
    if (name === 'data') data += `${value}\n`;
    else if (name === 'event') event = value;
    else if (name === 'id' && !value.includes('\0')) next = value;
    return undefined;
  };
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    return lines.flatMap((text) => line(text) ?? []);
  };
}
