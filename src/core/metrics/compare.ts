/** Who stands out: among at least two, beside all the others together. */
import { emptyHistogram, merge, quantile } from '../../model/metrics/histogram.ts';
import { leastSamples } from '../../model/metrics/numbers.ts';
import { otherNames, type Tally } from '../../model/metrics/tally.ts';

export interface StandsOut {
  readonly name: string;
  readonly count: number;
  /** As long, or as many, as of the others. */
  readonly times: number;
}

const leastTimes = 2;
const mostNamed = 5;
/** Of fewer messages than this nobody is called a hot sender. */
const leastSent = 20;

/** Consumers by the median of how long they held their claims. */
export function slowConsumers({ consumers }: Tally): StandsOut[] {
  const known = Object.entries(consumers).filter(
    ([name, { held }]) => name !== otherNames && held.count >= leastSamples,
  );
  return most(
    known.map(([name, { held }]) => {
      const others = emptyHistogram();
      for (const [other, one] of known) if (other !== name) merge(others, one.held);
      return { name, count: held.count, times: ratio(quantile(held, 0.5), quantile(others, 0.5)) };
    }),
  );
}

export function hotSenders({ senders }: Tally): StandsOut[] {
  const known = Object.entries(senders).filter(([name]) => name !== otherNames);
  const sum = known.reduce((all, [, count]) => all + count, 0);
  return most(
    known
      .filter(([, count]) => count >= leastSent)
      .map(([name, count]) => ({ name, count, times: ratio(count, (sum - count) / (known.length - 1)) })),
  );
}

/** 0 where there is nothing to compare with. */
function ratio(one: number | undefined, others: number | undefined): number {
  return one === undefined || !others ? 0 : one / others;
}

function most(all: readonly StandsOut[]): StandsOut[] {
  return all
    .filter(({ times }) => times >= leastTimes)
    .sort((a, b) => b.times - a.times)
    .slice(0, mostNamed);
}
