import { Store, useStore } from "./store";

export type Theme = "light" | "dark" | "system";

const KEY = "innkeeper.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = new Store<Theme>(stored());

/** Puts the chosen theme on the document; to be called before the first paint. */
export function startTheme(): void {
  apply();
  dark.addEventListener("change", apply);
  theme.subscribe(apply);
}

export function useTheme(): [Theme, (chosen: Theme) => void] {
  return [useStore(theme), choose];
}

function choose(chosen: Theme): void {
  theme.set(chosen);
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // A browser that keeps nothing still shows the chosen theme until the page is closed.
  }
}

function stored(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

function apply(): void {
  const chosen = theme.get();
  const isDark = chosen === "dark" || (chosen === "system" && dark.matches);
  document.documentElement.classList.toggle("pf-v6-theme-dark", isDark);
}
