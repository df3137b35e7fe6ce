/** How the parts of the help pages are laid out that are made from tables. */

/** Of a terminal that nobody has widened. */
const pageWidth = 80;

/** Lines at the width of the help pages, broken at spaces, and, where there is none, behind a comma; what is too long for a line, behind a bar. */
export function wrap(text: string, width = pageWidth): string {
  const lines = [''];
  const words = text.split(/(?<=[ ,])(?=\S)/);
  for (const word of words.flatMap((one) => (one.length > width ? one.split(/(?<=\|)/) : one))) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && `${line}${word}`.trimEnd().length > width) lines.push(word);
    else lines[lines.length - 1] = `${line}${word}`;
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** Labels with what belongs to each, wrapped, in a column beside them; a label that is too long has a line of its own. */
export function columns(rows: readonly (readonly [label: string, text: string])[], labelWidth: number): string {
  const margin = ' '.repeat(labelWidth + 4);
  return rows
    .map(([label, text]) => {
      const body = wrap(text, pageWidth - margin.length).replaceAll('\n', `\n${margin}`);
      if (label.length <= labelWidth) return `  ${label.padEnd(labelWidth)}  ${body}`;
      return `  ${wrap(label, pageWidth - 2).replaceAll('\n', '\n  ')}\n${margin}${body}`;
    })
    .join('\n');
}

/** A remark at the width of a screen: paragraphs are filled, and in a line that is indented what stands behind its label. */
export function fill(remark: string): string {
  return remark
    .split(/\n(?=\n|  )|(?<=\n)\n/)
    .map((part) => {
      const label = /^\n*  \S.*?  +(?=\S)/.exec(part)?.[0] ?? '';
      const margin = ' '.repeat(label.replace(/^\n*/, '').length);
      const text = part.slice(label.length).replace(/(?<=\S)\n(?=\S)/g, ' ');
      return label + wrap(text, pageWidth - margin.length).replaceAll('\n', `\n${margin}`);
    })
    .join('\n');
}
