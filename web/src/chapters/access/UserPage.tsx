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
import { changePassword, changeUser } from "./changes";
import { items, useUsers } from "./data";
import { Factors } from "./Factors";
import { useIsMe } from "./Mine";
import { Expiry, Section } from "./parts";
import { PasswordDialog } from "./PasswordDialog";
import { Permissions } from "./Permissions";
import { Sessions } from "./Sessions";
import { TokensTab } from "./TokensTab";
import { UserDialog } from "./UserDialog";

/** Everything about one user. */
export function UserPage({ userid }: { userid: string }) {
  const users = useUsers();
  const propose = usePropose();
  const mayChange = useMay("User.Modify");
  const isMe = useIsMe(userid);
  const [open, setOpen] = useState<"user" | "password">();
  const user = users.data?.find((candidate) => candidate.userid === userid);
  return (
    <ChapterPage
      title={userid}
      crumbs={[{ label: "Access", to: ["datacenter", "access"] }]}
      help={{ guide: "access" }}
      actions={
        user && (
          <>
            {(mayChange || isMe) && (
              <Button variant="secondary" onClick={() => setOpen("password")}>
                Change the password
              </Button>
            )}
            {mayChange && (
              <Button variant="secondary" onClick={() => setOpen("user")}>
                Edit
              </Button>
            )}
          </>
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
              <Factors userid={userid} />
              <Sessions userid={userid} />
              <Section title="What this user may do">
                <Permissions userid={userid} />
              </Section>
            </div>
          ) : (
            <Nothing title={`There is no user ${userid}, or you may not see them`} />
          )
        }
      </Loaded>
      {open === "user" && user && (
        <UserDialog
          user={user}
          onClose={() => setOpen(undefined)}
          onChoose={(id, fields) => {
            setOpen(undefined);
            propose(changeUser(id, fields));
          }}
        />
      )}
      {open === "password" && (
        <PasswordDialog
          userid={userid}
          onClose={() => setOpen(undefined)}
          onChoose={(password, present) => {
            setOpen(undefined);
            propose(changePassword(userid, password, present));
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
