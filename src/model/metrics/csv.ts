/** A line of CSV as RFC 4180 has it: `null` and `undefined` are empty fields, an empty text is quoted. */
export function csvLine(fields: readonly (string | number | null | undefined)[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

function csvField(field: string | number | null | undefined): string {
  if (field === null || field === undefined) return '';
  const text = String(field);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
