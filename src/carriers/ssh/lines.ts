/** Whole lines of what comes in pieces. */
export interface Splitter {
  /** @returns those that are whole now, without their ends @throws RangeError: one is longer than it may be */
  add(chunk: Uint8Array): Buffer[];
}

export function createSplitter(mostBytes: number): Splitter {
  let parts: Uint8Array[] = [];
  let held = 0;
  return {
    add(chunk) {
      const lines: Buffer[] = [];
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        const line = chunk.subarray(start, end);
        lines.push(
          parts.length > 0 ? Buffer.concat([...parts, line]) : Buffer.from(line.buffer, line.byteOffset, line.length),
        );
        parts = [];
        held = 0;
        start = end + 1;
      }
      if (start < chunk.length) parts.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > mostBytes) throw new RangeError(`a line is longer than ${mostBytes} bytes`);
      return lines;
    },
  };
}
