import {
  Button,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from "@patternfly/react-core";
import { useState, type ReactNode } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { UserEntry } from "../../kit/types";
import { changeUser } from "./changes";
import { items, useUsers } from "./data";
import { Expiry, Section } from "./parts";
import { Permissions } from "./Permissions";
import { TokensTab } from "./TokensTab";
import { UserDialog } from "./UserDialog";

/** Everything about one user. */
export function UserPage({ userid }: { userid: string }) {
  const users = useUsers();
  const propose = usePropose();
  const mayChange = useMay("User.Modify");
  const [editing, setEditing] = useState(false);
  const user = users.data?.find((candidate) => candidate.userid === userid);
  return (
    <ChapterPage
      title={userid}
      crumbs={[{ label: "Access", to: ["datacenter", "access"] }]}
      help={{ guide: "access" }}
      actions={
        mayChange &&
        user && (
          <Button variant="secondary" onClick={() => setEditing(true)}>
            Edit
          </Button>
        )
      }
    >
      <Loaded query={users} what="the user">
        {() =>
          user ? (
            <div className="ik-stack ik-stack--wide">
              <Facts user={user} />
              <Section title="API tokens">
                <TokensTab userid={userid} />
              </Section>
              <Section title="What this user may do">
                <Permissions userid={userid} />
              </Section>
            </div>
          ) : (
            <Nothing title={`There is no user ${userid}, or you may not see them`} />
          )
        }
      </Loaded>
      {editing && user && (
        <UserDialog
          user={user}
          onClose={() => setEditing(false)}
          onChoose={(id, fields) => {
            setEditing(false);
            propose(changeUser(id, fields));
          }}
        />
      )}
    </ChapterPage>
  );
}

function Facts({ user }: { user: UserEntry }) {
  const facts: [string, ReactNode][] = [
    ["May log in", user.enable === 1 ? "yes" : "no"],
    ["Ends", <Expiry key="ends" expire={user.expire} />],
    ["Realm", user["realm-type"]],
    ["Groups", items(user.groups).join(", ")],
    ["Name", [user.firstname, user.lastname].filter(Boolean).join(" ")],
    ["Mail address", user.email],
    ["Remark", user.comment],
  ];
  return (
    <DescriptionList
      isCompact
      columnModifier={{ default: "1Col", md: "2Col", xl: "3Col" }}
      aria-label="About this user"
    >
      {facts
        .filter(([, value]) => value)
        .map(([term, value]) => (
          <DescriptionListGroup key={term}>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription className="ik-wrap">{value}</DescriptionListDescription>
          </DescriptionListGroup>
        ))}
    </DescriptionList>
  );
}
