import "@patternfly/react-core/dist/styles/base.css";
import "./kit/kit.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { ApiError } from "./kit/api";
import { watchConnection } from "./kit/connection";
import { restore } from "./kit/session";
import { startTheme } from "./kit/theme";

/** How long an answer counts as fresh when somebody comes back to a page. */
const FRESH_MS = 5_000;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      // What the server refused it will refuse again; whether it can be reached is watched elsewhere.
      retry: (failures, error) => !(error instanceof ApiError) && failures < 1,
      networkMode: "always",
    },
  },
});

startTheme();
watchConnection(queries);
void restore();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}
