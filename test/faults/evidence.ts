import { natively, type Results } from './results.ts';

/** What the parts proved, in a line, and how to repeat it: made of results.json, never typed. */
export function evidence(results: Results): string {
  const all = Object.values(results.parts);
  const dates = [...new Set(all.map(({ date }) => date))].sort().join(' and ');
  const machines = [...new Set(all.map(({ machine }) => machine))].join('; ');
  return `${evidenceLine(results)}${ofNative(results)}\n\n(${dates}, ${machines}. To repeat it: npm run test:faults)`;
}

/** The line alone. @throws when a part did not run or did not hold, because then there is nothing to publish */
export function evidenceLine({ parts }: Results): string {
  const of = (part: string, figure: string): number => {
    const found = parts[part]?.figures[figure];
    if (found === undefined) throw new Error(`results.json has no "${figure}" of "${part}": run all parts again.`);
    return found;
  };
  const failed = Object.entries(parts).filter(([, { failures }]) => failures.length > 0);
  if (failed.length > 0) throw new Error(`These parts did not hold: ${failed.map(([name]) => name).join(', ')}.`);

  const all = (names: readonly string[]): number =>
    Object.values(parts)
      .flatMap(({ figures }) => Object.entries(figures))
      .filter(([name]) => names.includes(name.replace(', clock stepped', '')))
      .reduce((sum, [, count]) => sum + count, 0);
  const told = [
    `${n(of('power cut', 'states'))} power-cut states x ${of('power cut', 'fileSystems')} file systems x ${n(of('power cut', 'operations'))} operations`,
    `${n(of('kill -9', 'kill points'))} kill -9 points in ${of('kill -9', 'commands')} commands`,
    `${n(of('disk errors', 'calls failed'))} failed system calls`,
    `${n(of('corruption', 'spoilt'))} spoilt files`,
    `${n(of('model', 'histories'))} simulated histories with ${n(of('model', 'states'))} crashes and rests`,
    `${n(all(['acknowledged']))} sends of ${of('total queue', 'processes')} processes under ${n(all(['kills']))} SIGKILLs and ${n(all(['pauses']))} SIGSTOPs`,
  ];
  const caught = of('power cut', 'controlsCaught') + of('model', 'mutationsCaught');
  const controls = of('power cut', 'controls') + of('model', 'mutations');
  return `${told.join('; ')}: lost = ${all(['lost'])}, torn = ${all(['torn'])}, duplicates = ${all(['doubled'])}, negative controls caught ${caught} of ${controls}.`;
}

/** Of the native program, as far as it was tried. */
function ofNative({ parts }: Results): string {
  const told = [
    ['power cut', 'states', 'power-cut states', 'operations'],
    ['kill -9', 'kill points', 'kill -9 points', 'commands'],
    ['disk errors', 'calls failed', 'failed system calls', 'commands'],
  ].flatMap(([part = '', figure = '', what, where = '']) => {
    const figures = parts[natively(part)]?.figures;
    return figures ? [`${n(figures[figure] ?? 0)} ${what} in ${n(figures[where] ?? 0)} ${where}`] : [];
  });
  return told.length === 0 ? '' : `\n\nThe same by the native program: ${told.join('; ')}.`;
}

function n(count: number): string {
  return count.toLocaleString('en');
}
