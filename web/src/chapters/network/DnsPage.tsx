import {
  Alert,
  Button,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
} from "@patternfly/react-core";
import { useState, type ReactNode } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { FormDialog, TextField } from "../../kit/form";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded } from "../../kit/states";
import type { Resolver } from "../../kit/types";
import { looksLikeAddress, setDns, useDns } from "./data";
import { Problems } from "./Problems";

const FILE = "/etc/resolv.conf";

/** How this host resolves names. */
export function DnsPage({ node }: { node: string }) {
  const dns = useDns(node);
  const mayChange = useMay("Sys.Modify");
  const [editing, setEditing] = useState(false);
  const isLocked = dns.data?.owner?.editable === 0;
  return (
    <ChapterPage
      title="DNS"
      node={node}
      intro="The servers that this host asks for names, and the domains it tries with a short name."
      help={{ guide: "names", man: ["resolv.conf.5"] }}
      actions={
        mayChange && (
          <Button isDisabled={!dns.data || isLocked} onClick={() => setEditing(true)}>
            Edit
          </Button>
        )
      }
    >
      <Loaded query={dns} what="the name servers">
        {(found) => (
          <div className="ik-stack">
            <OwnerAlert dns={found} />
            <Facts dns={found} />
            <Problems file={FILE} problems={found.problems} />
            {editing && <DnsDialog node={node} dns={found} onClose={() => setEditing(false)} />}
          </div>
        )}
      </Loaded>
    </ChapterPage>
  );
}

function OwnerAlert({ dns: { owner } }: { dns: Resolver }) {
  if (!owner) return null;
  const title =
    owner.editable === 1
      ? `${owner.name} writes ${FILE} as well`
      : `${FILE} is not written from here: it is a link`;
  return (
    <Alert isInline variant={owner.editable === 1 ? "warning" : "info"} title={title}>
      <p className="ik-mono ik-wrap">{owner.evidence}</p>
      <p>{owner.advice}</p>
    </Alert>
  );
}

function Facts({ dns }: { dns: Resolver }) {
  const { search, servers } = dns;
  const none = "none";
  const facts: [string, ReactNode][] = [
    ["Search domains", search.join(" ") || none],
    ["Name servers", servers.length > 0 ? <Lines key="servers" lines={servers} /> : none],
    ["Never asked", dns["never-asked"]?.length ? <Lines key="more" lines={dns["never-asked"]} /> : undefined],
    ["Options", dns.options?.join(" ")],
  ];
  return (
    <DescriptionList isHorizontal aria-label="How names are resolved">
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

function Lines({ lines }: { lines: readonly string[] }) {
  return lines.map((line) => <div key={line}>{line}</div>);
}

const SERVERS = ["First name server", "Second name server", "Third name server"] as const;

function DnsDialog({ node, dns, onClose }: { node: string; dns: Resolver; onClose: () => void }) {
  const propose = usePropose();
  const [search, setSearch] = useState(dns.search.join(" "));
  const [servers, setServers] = useState(() => SERVERS.map((_, at) => dns.servers[at] ?? ""));
  const isWrong = (server: string) => server.trim() !== "" && !looksLikeAddress(server);
  const submit = () => {
    onClose();
    propose(setDns(node, dns, search, servers));
  };
  return (
    <FormDialog
      title="Name servers and search domains"
      description={`Everything else in ${FILE} stays as it is.`}
      isValid={!servers.some(isWrong)}
      onClose={onClose}
      onSubmit={submit}
    >
      <TextField
        label="Search domains"
        help="Separated by blanks, as example.org lab.example.org"
        value={search}
        onChange={setSearch}
        autoFocus
      />
      {SERVERS.map((label, at) => (
        <TextField
          key={label}
          label={label}
          value={servers[at] ?? ""}
          error={isWrong(servers[at] ?? "") && "This is no address, as 192.0.2.53 or 2001:db8::53 would be"}
          onChange={(text) => setServers(servers.map((server, each) => (each === at ? text : server)))}
        />
      ))}
    </FormDialog>
  );
}
