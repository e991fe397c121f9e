import { Alert, Button, Label } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useMutation } from "@tanstack/react-query";
import { dateTime } from "../../kit/format";
import { useMay, useSession } from "../../kit/session";
import { Loaded } from "../../kit/states";
import type { SessionEntry } from "../../kit/types";
import { useEndSessions, useSessions } from "./data";
import { Section, UserLink } from "./parts";

/** Where somebody is logged in, or everybody; and how to end that. */
export function Sessions({ userid }: { userid?: string }) {
  const sessions = useSessions(userid);
  const session = useSession();
  const mayManage = useMay("User.Modify");
  const isMe = session.is === "in" && session.session.username === userid;
  const mayEnd = mayManage || isMe;
  const end = useMutation({ mutationFn: useEndSessions() });
  return (
    <Section
      title={userid ? "Logged in" : "Everybody who is logged in"}
      actions={
        mayEnd &&
        userid && (
          <Button
            variant="secondary"
            isDanger
            isLoading={end.isPending}
            onClick={() => end.mutate({ userid })}
          >
            {isMe ? "Log out everywhere else" : "Log out everywhere"}
          </Button>
        )
      }
    >
      {end.error && (
        <Alert isInline isLiveRegion variant="danger" title="The session goes on">
          {end.error.message}
        </Alert>
      )}
      <Loaded query={sessions} what="the sessions" rows={2}>
        {(list) =>
          list.length === 0 ? (
            <p className="ik-subtle">Nowhere.</p>
          ) : (
            <List
              sessions={list}
              hasUser={userid === undefined}
              mayEnd={mayEnd}
              onEnd={(id) => end.mutate({ session: id })}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

function List({
  sessions,
  hasUser,
  mayEnd,
  onEnd,
}: {
  sessions: SessionEntry[];
  hasUser: boolean;
  mayEnd: boolean;
  onEnd: (session: string) => void;
}) {
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="Sessions">
      <Thead>
        <Tr>
          {hasUser && <Th>User</Th>}
          <Th>From</Th>
          <Th>With</Th>
          <Th>Since</Th>
          <Th>Last seen</Th>
          <Th>Ends</Th>
          {mayEnd && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {sessions.map((entry) => (
          <Tr key={entry.session}>
            {hasUser && (
              <Td dataLabel="User">
                <UserLink userid={entry.userid} />
              </Td>
            )}
            <Td dataLabel="From" className="ik-wrap">
              {entry.origin}
            </Td>
            <Td dataLabel="With">{entry.via}</Td>
            <Td dataLabel="Since" modifier="nowrap">
              {dateTime(entry.created)}
            </Td>
            <Td dataLabel="Last seen" modifier="nowrap">
              {dateTime(entry.seen)}
            </Td>
            <Td dataLabel="Ends" modifier="nowrap">
              {dateTime(entry.expire)}
            </Td>
            {mayEnd && (
              <Td isActionCell>
                {entry.current === 1 ? (
                  <Label isCompact color="blue">
                    this one
                  </Label>
                ) : (
                  <Button
                    variant="secondary"
                    size="sm"
                    isDanger
                    aria-label={`Log out ${entry.userid} from ${entry.origin}`}
                    onClick={() => onEnd(entry.session)}
                  >
                    Log out
                  </Button>
                )}
              </Td>
            )}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
