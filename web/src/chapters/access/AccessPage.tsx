import { Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import type { ComponentType } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { go, href } from "../../kit/router";
import { Nothing } from "../../kit/states";
import { AclTab } from "./AclTab";
import { GroupsTab } from "./GroupsTab";
import { RealmsTab } from "./RealmsTab";
import { RolesTab } from "./RolesTab";
import { Sessions } from "./Sessions";
import { TokensTab } from "./TokensTab";
import { UserPage } from "./UserPage";
import { UsersTab } from "./UsersTab";
import "./access.css";

const TABS: { id: string; title: string; Content: ComponentType }[] = [
  { id: "users", title: "Users", Content: UsersTab },
  { id: "groups", title: "Groups", Content: GroupsTab },
  { id: "roles", title: "Roles", Content: RolesTab },
  { id: "permissions", title: "Permissions", Content: AclTab },
  { id: "tokens", title: "API tokens", Content: TokensTab },
  { id: "sessions", title: "Sessions", Content: Sessions },
  { id: "realms", title: "Realms", Content: RealmsTab },
];

export function AccessPage({ rest: [id = "users", name] }: { rest: string[] }) {
  if (id === "users" && name !== undefined) return <UserPage key={name} userid={name} />;
  if (!TABS.some((tab) => tab.id === id)) return <Nothing title="There is no such page" />;
  return (
    <ChapterPage
      title="Access"
      crumbs={[]}
      help={{ guide: "access" }}
      intro="Who may log in, and who may do what: one list for all nodes."
    >
      <Tabs
        activeKey={id}
        onSelect={(_, key) => go(href(["datacenter", "access", key]))}
        aria-label="Kinds of access"
      >
        {TABS.map((tab) => (
          <Tab key={tab.id} eventKey={tab.id} title={<TabTitleText>{tab.title}</TabTitleText>}>
            <div className="ik-tab">{tab.id === id && <tab.Content />}</div>
          </Tab>
        ))}
      </Tabs>
    </ChapterPage>
  );
}
