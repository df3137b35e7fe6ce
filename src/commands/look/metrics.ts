import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { type MetricsFormat, metricsFormats, metricsText } from '../../core/metrics/exposition.ts';
import { metrics } from '../../core/metrics/metrics.ts';
import { replaceTextfile } from '../../core/metrics/textfile.ts';
import { absolute, usage } from '../../model/refusals.ts';

interface Options {
  readonly format?: string;
  readonly textfile?: string;
}

export async function metricsCommand(context: Context, { format, textfile }: Options): Promise<void> {
  const { output, around } = context;
  const wanted = formatOf(format, textfile);
  if (textfile === '') throw usage('--textfile needs the name of a file.', 'dreamos metrics --textfile dreamos.prom');
  const session = await context.session();
  const path = textfile === undefined ? undefined : absolute(around.cwd(), textfile, 'SOURCE_NOT_FOUND');
  const all = await metrics(session, around.version());
  if (path !== undefined) {
    await replaceTextfile(path, metricsText(all, wanted));
    if (!path.endsWith('.prom'))
      await output.warn(`node_exporter reads only files that end in .prom; ${path} does not.`);
  }
  if (output.json) for (const family of all) await output.item(family, () => '');
  else if (path !== undefined) await output.note(`Wrote ${harmless(path)}`);
  else await output.data(forWhom(output.toTerminal, metricsText(all, wanted)));
}

/** A program wants it as it is; the path of a root may have what steers a terminal. */
function forWhom(isPerson: boolean, text: string): string {
  return isPerson ? harmless(text, 'block') : text;
}

function formatOf(format: string | undefined, textfile: string | undefined): MetricsFormat {
  const known = metricsFormats.find((one) => one === format);
  if (format !== undefined && known === undefined)
    throw usage(`"${format}" is no format of metrics.`, `One of: ${metricsFormats.join(', ')}`);
  if (textfile === undefined) return known ?? 'openmetrics';
  if (known === 'openmetrics')
    throw usage(
      "node_exporter's textfile collector refuses OpenMetrics.",
      'Leave --format away: the file is in the older text',
    );
  return 'prometheus';
}
