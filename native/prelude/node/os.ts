/** What chalk asks for, of Windows alone. */
export function release(): string {
  return '';
}

export default { release };
