/** A line of CSV as RFC 4180 has it; `null` and `undefined` are empty fields. */
export function csvLine(fields: readonly (string | number | null | undefined)[]): string {
  return `${fields.map((field) => quoted(String(field ?? ''))).join(',')}\r\n`;
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
