import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { theme } from '../../base/settings.ts';
import { moment } from '../../base/words.ts';

export interface Series {
  readonly name: string;
  /** One for each time; `null`: nothing is known. */
  readonly values: readonly (number | null)[];
}

interface LineChartProps {
  /** What it shows, for who hears the page: a table says the same. */
  readonly label: string;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly say: (value: number) => string;
}

const height = 200;
/** As many as there are colours in views.css. */
export const mostSeries = 6;

/** Lines over time. What the pointer is at is said below. */
export function LineChart({ label, times, series, say }: LineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | undefined>(undefined);
  const shape = [series.map(({ name }) => name).join('\n'), theme.value].join('\n');
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const make = (): void => {
      chart.current?.destroy();
      chart.current = new UPlot(optionsFor(element, series, say), dataOf(times, series), element);
    };
    make();
    const sized = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height }));
    sized.observe(element);
    // Canvas has no colours of its own.
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', make);
    return () => {
      dark.removeEventListener('change', make);
      sized.disconnect();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [shape]);
  useEffect(() => chart.current?.setData(dataOf(times, series)), [times, series]);
  return <div class="chart" ref={place} role="img" aria-label={label} />;
}

function dataOf(times: readonly number[], series: readonly Series[]): UPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}

function optionsFor(element: HTMLElement, series: readonly Series[], say: (value: number) => string): UPlot.Options {
  const colour = (name: string): string => {
    // Resolved by the browser: canvas takes no light-dark().
    const probe = element.appendChild(document.createElement('i'));
    probe.className = name;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const axis = { stroke: colour('c-quiet'), grid: { stroke: colour('c-line'), width: 1 }, ticks: { show: false } };
  const font = '12px system-ui, sans-serif';
  return {
    width: element.clientWidth,
    height,
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { live: true },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] } },
    axes: [
      { ...axis, font, values: (_, ticks, __, ___, step) => ticks.map((at) => clock(at, step)) },
      { ...axis, font, size: 56, values: (_, ticks) => ticks.map(say) },
    ],
    series: [
      { value: (_, at) => (at === null || at === undefined ? '' : clock(at, 1)) },
      ...series.map(({ name }, i) => {
        const stroke = colour(`c-${i % mostSeries}`);
        return {
          label: name,
          stroke,
          width: 1.5,
          points: { show: false },
          value: (_: UPlot, at: number | null) => (at === null || at === undefined ? '–' : say(at)),
        };
      }),
    ],
  };
}

/** `04:35`, of days `11-30`, of seconds `04:35:20`. @param at seconds since 1970 @param step between two */
function clock(at: number, step: number): string {
  const text = moment(at * 1000);
  return step >= 86_400 ? text.slice(5, 10) : text.slice(11, step < 60 ? 19 : 16);
}
