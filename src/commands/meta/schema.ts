import type { Context } from '../../cli/context.ts';
import { oneOf } from '../../cli/input/parse.ts';
import { describes } from '../../contract/describe.ts';
import { jsonSchemaOf, schemaNames } from '../../contract/schemas.ts';

export async function schemaCommand(context: Context, name: string | undefined): Promise<void> {
  if (name === undefined) {
    const width = Math.max(...schemaNames.map((known) => known.length)) + 2;
    for (const known of schemaNames) {
      const about = { name: known, describes: describes(known) };
      await context.output.item(about, () => `${known.padEnd(width)}${about.describes}`);
    }
    return;
  }
  const schema = jsonSchemaOf(oneOf(name, schemaNames, 'schema'));
  await context.output.item(schema, () => JSON.stringify(schema, null, 2));
}
