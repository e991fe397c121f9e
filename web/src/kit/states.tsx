// What a page shows when it has nothing to show yet, nothing at all, or a failure.

import {
  Alert,
  AlertActionLink,
  Bullseye,
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  List,
  ListItem,
  Skeleton,
  Spinner,
} from "@patternfly/react-core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ComponentType, ReactNode } from "react";
import { ApiError, ConnectionError } from "./api";
import { DiffView } from "./diff/DiffView";

/** What went wrong, with what the server said about each parameter, and a way to try again. */
export function Problem({ error, onRetry, title }: { error: Error; onRetry?: () => void; title?: string }) {
  const api = error instanceof ApiError ? error : undefined;
  const errors = Object.entries(api?.errors ?? {});
  return (
    <div className="ik-stack">
      <Alert
        isInline
        isLiveRegion
        variant="danger"
        title={title ?? headline(error)}
        actionLinks={onRetry && <AlertActionLink onClick={onRetry}>Try again</AlertActionLink>}
      >
        <p>{error.message}</p>
        {errors.length > 0 && (
          <List>
            {errors.map(([parameter, message]) => (
              <ListItem key={parameter}>
                <code>{parameter}</code>: {message}
              </ListItem>
            ))}
          </List>
        )}
        {api?.hazards.map((hazard) => (
          <p key={hazard.id}>
            {hazard.message} {hazard.avoid}
          </p>
        ))}
      </Alert>
      {api?.diff && <DiffView diff={api.diff} />}
    </div>
  );
}

function headline(error: Error): string {
  if (error instanceof ConnectionError) return "No connection";
  if (!(error instanceof ApiError)) return "Something unexpected happened in this page";
  if (error.status === 400) return "The host did not accept this";
  if (error.status === 403) return "You are not allowed to do this";
  if (error.status === 404) return "Not found";
  if (error.status === 409) return "The host has changed meanwhile";
  return "The host could not do this";
}

export function Loading({ what, rows = 5 }: { what: string; rows?: number }) {
  return (
    <div className="ik-stack" aria-busy="true">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height="2rem" screenreaderText={row === 0 ? `Loading ${what}` : undefined} />
      ))}
    </div>
  );
}

export function Waiting({ what }: { what: string }) {
  return (
    <Bullseye className="ik-fill">
      <Spinner aria-label={what} />
    </Bullseye>
  );
}

export function Nothing({
  title,
  children,
  icon,
  action,
}: {
  title: string;
  children?: ReactNode;
  icon?: ComponentType;
  action?: { label: string; onClick: () => void };
}) {
  return (
    <EmptyState titleText={title} headingLevel="h2" icon={icon} variant="sm">
      {children && <EmptyStateBody>{children}</EmptyStateBody>}
      {action && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="link" onClick={action.onClick}>
              {action.label}
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

/** Shows what a query brought, and until then that it is on its way, or why it failed. */
export function Loaded<T>({
  query,
  what,
  rows,
  children,
}: {
  query: UseQueryResult<T>;
  what: string;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) {
    return <Problem error={query.error} title={`Cannot show ${what}`} onRetry={() => void query.refetch()} />;
  }
  return <Loading what={what} rows={rows} />;
}
