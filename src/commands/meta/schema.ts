import type { Context } from '../../cli/context.ts';
import { jsonSchemaOf, schemaNames } from '../../cli/schemas.ts';
import { oneOf } from '../../cli/input/parse.ts';

export async function schemaCommand(context: Context, name: string | undefined): Promise<void> {
  if (name === undefined) {
    for (const [known, what] of Object.entries(schemaNames)) {
      await context.output.item({ name: known, describes: what }, () => `${known.padEnd(9)}  ${what}`);
    }
    return;
  }
  const schema = jsonSchemaOf(oneOf(name, Object.keys(schemaNames) as (keyof typeof schemaNames)[], 'schema'));
  await context.output.item(schema, () => JSON.stringify(schema, null, 2));
}
