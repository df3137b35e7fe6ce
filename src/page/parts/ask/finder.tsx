import { useEffect, useState } from 'preact/hooks';

interface FinderProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What may be typed: `from: type:`. */
  readonly hint?: string;
}

const restMs = 250;

/** The field that `/` goes to. It tells what was typed once the person rests. */
export function Finder({ label, value, onChange, hint }: FinderProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => onChange(typed), restMs);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label class="finder">
      <span class="said">{label}</span>
      <input
        type="search"
        data-find
        placeholder={hint === undefined ? label : `${label}: ${hint}`}
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </label>
  );
}
