const sizes = ['', 'k', 'm', 'g', 't'];

/** `1048576`, `10MB` (10,000,000), `10MiB` (10,485,760), in any case. @returns `undefined`: no whole number of bytes */
export function bytesIn(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,3})?) ?(?:([kmgt]?)(i?)b)?$/i.exec(text);
  const [, number = '', size = '', binary = ''] = match ?? [];
  if (match === null || (size === '' && binary !== '')) return undefined;
  const bytes = Number(number) * (binary === '' ? 1000 : 1024) ** sizes.indexOf(size.toLowerCase());
  const whole = Math.round(bytes);
  return Math.abs(whole - bytes) < 1e-3 && Number.isSafeInteger(whole) ? whole : undefined;
}
