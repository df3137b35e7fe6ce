/** What one who looks for secrets has found: never the secret itself, which would go on into warnings and logs. */
export interface Found {
  /** The kind of secret, or who says so. */
  readonly what: string;
  /** Where it begins in what was looked at, in UTF-16 units; nobody knows: absent. */
  readonly at?: number;
}
