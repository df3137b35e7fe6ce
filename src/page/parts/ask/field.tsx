interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: string;
  /** The id of a list of what may be chosen. */
  readonly list?: string;
  readonly required?: true;
  /** Of a text of several lines. */
  readonly rows?: number;
  /** One of these; the first is the usual one, and may be empty. */
  readonly options?: readonly string[];
}

/** A label and what is filled in. */
export function Field({ label, value, onInput, hint, list, required, rows, options }: FieldProps) {
  return (
    <label class="field">
      <span>
        {label}
        {hint !== undefined && <span class="quiet"> {hint}</span>}
      </span>
      {options ? (
        <select value={value} onChange={(event) => onInput(event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option} value={option}>
              {option || 'as usual'}
            </option>
          ))}
        </select>
      ) : rows !== undefined ? (
        <textarea
          rows={rows}
          value={value}
          required={required}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      ) : (
        <input
          value={value}
          list={list}
          required={required}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </label>
  );
}
