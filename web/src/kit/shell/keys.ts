import { useEffect } from "react";

/** How long after `g` the second key of a shortcut may come. */
const CHORD_MS = 1_500;

/** Calls the handler of a key, or of a pair like "g r", unless somebody is typing or a dialog is open. */
export function useKeys(handlers: Record<string, () => void>): void {
  useEffect(() => {
    let first: string | undefined;
    let timer = 0;
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isDialogOpen()) return;
      const chord = first === undefined ? event.key : `${first} ${event.key}`;
      clearTimeout(timer);
      first = undefined;
      const handler = handlers[chord];
      if (handler) {
        event.preventDefault();
        handler();
      } else if (Object.keys(handlers).some((keys) => keys.startsWith(`${event.key} `))) {
        first = event.key;
        timer = window.setTimeout(() => (first = undefined), CHORD_MS);
      }
    };
    addEventListener("keydown", pressed);
    return () => {
      clearTimeout(timer);
      removeEventListener("keydown", pressed);
    };
  }, [handlers]);
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement)
    return !["checkbox", "radio", "button", "file"].includes(target.type);
  return target instanceof HTMLElement && target.closest("textarea, select, [contenteditable]") !== null;
}

function isDialogOpen(): boolean {
  return document.querySelector('[role="dialog"]') !== null;
}
