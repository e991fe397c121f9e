import { SearchInput } from "@patternfly/react-core";
import { useEffect, useRef, useState } from "react";

/** How long to wait for the next letter before the list is asked for again. */
const PAUSE_MS = 300;

/** A field that narrows a list down, without a request for each letter. */
export function FilterField({
  label,
  placeholder = label,
  value,
  onChange,
}: {
  label: string;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useState<string>();
  const timer = useRef<number>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const settle = (text: string) => {
    clearTimeout(timer.current);
    setTyped(undefined);
    onChange(text);
  };
  const type = (text: string) => {
    clearTimeout(timer.current);
    setTyped(text);
    timer.current = window.setTimeout(() => settle(text), PAUSE_MS);
  };
  return (
    <SearchInput
      aria-label={label}
      placeholder={placeholder}
      value={typed ?? value}
      onChange={(_, text) => type(text)}
      onClear={() => settle("")}
    />
  );
}
