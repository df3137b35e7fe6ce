import type { Priority } from '../../../model/message.ts';

/** A message of an older format, read but not yet at home in a mailbox. */
export interface OldMessage {
  /** Which format it was recognised as: `dreamos-message`, `agent-cellphone`, `markdown`… */
  readonly format: string;
  /** Names as they are written there; they may not be valid. */
  readonly from: string | undefined;
  readonly to: readonly string[];
  readonly subject: string;
  readonly body: string;
  readonly type: string;
  readonly priority: Priority;
  readonly thread: string | null;
  readonly replyTo: string | null;
  readonly tags: readonly string[];
  /** Its own time; `undefined`: it has none that can be read. */
  readonly at: number | undefined;
  /** Nobody has to act on it any more. */
  readonly finished: boolean;
  /** The whole original: the JSON value, exactly, or the text. */
  readonly original: unknown;
  /** It names itself, and stands in several places of a tree: the same bytes in one mailbox are one message. */
  readonly hasCopies?: true;
  /** Whose it is: of the agent in whose folder it lies, whoever it is for, or of all who it is for. By default the first of these that is there. */
  readonly belongsTo?: 'folder' | 'recipients';
  /** What its id is made of, where its bytes change while it lies there: whether it was read, for one. */
  readonly identity?: string;
  /** What did not come over as it was written, one phrase each. */
  readonly notes: readonly string[];
}
