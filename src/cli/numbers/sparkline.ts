const bars = '▁▂▃▄▅▆▇█';

/** Numbers from 0 on as a line of bars, the largest one the highest; nothing at all is a dot. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 0);
  return values.map((value) => (value > 0 ? (bars[Math.ceil((value / most) * bars.length) - 1] ?? '') : '·')).join('');
}
