export interface ImportOptions {
  /** `auto` (default) recognises each file by itself; `dreamos-lenient` also reads two known kinds of broken JSON. */
  readonly format?: string;
  /** Older name to agent's name, for mailboxes, senders and recipients. A name mapped to itself stays apart. */
  readonly maps?: Readonly<Record<string, string>>;
  /** Unfinished messages become ready instead of archived. */
  readonly deliver?: boolean;
  /** Changes nothing; the results are what would happen. */
  readonly dryRun?: boolean;
  /** One sentence, for a person: names that look like one agent's. */
  readonly onNote?: (text: string) => void;
  /** Files done, of so many. */
  readonly onProgress?: (done: number, total: number) => void;
}
