import { Alert, Button, List, ListItem } from "@patternfly/react-core";
import NetworkIcon from "@patternfly/react-icons/dist/esm/icons/network-wired-icon";
import PlusIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { DiffView } from "../../kit/diff/DiffView";
import { usePropose } from "../../kit/plan/Changes";
import { href } from "../../kit/router";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { Interface, Staged } from "../../kit/types";
import { FindingCard, useFindings } from "../checks";
import { ChangeSets } from "./ChangeSets";
import { useChangeSets, useOwns } from "./changeSets";
import { InterfaceDialog } from "./InterfaceDialog";
import { Topology } from "./Topology";
import {
  apply,
  discard,
  isEditable,
  kindName,
  type Editable,
  partsOf,
  remove,
  useInterfaces,
  useStaged,
} from "./interfaces";

/** The interfaces of this host: configured, staged, and whether they are up. */
export function InterfacesPage({ node }: { node: string }) {
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  const mayLook = useMay("Sys.Audit");
  const sets = useChangeSets(node, mayLook);
  const owns = useOwns();
  const [name, setName] = useState("");
  // one that was staged or discarded is not there any more: edits go to the staged file again
  const chosen = sets.data?.find((set) => set.name === name);
  const target = chosen?.error ? undefined : chosen?.name;
  const interfaces = useInterfaces(node, target);
  const staged = useStaged(node, target);
  const isStaged = !chosen && staged.data?.staged === 1;
  const mayEdit = mayChange && (!chosen || (!chosen.error && owns(chosen)));
  const [open, setOpen] = useState<{ one?: Editable }>();
  return (
    <ChapterPage
      title="Network"
      node={node}
      intro="Changes are staged, and touch the running network when they are applied."
      help={{ guide: "network", man: ["interfaces.5", "ifreload.8"] }}
      actions={
        mayChange && (
          <>
            <Button icon={<PlusIcon />} isDisabled={!staged.data || !mayEdit} onClick={() => setOpen({})}>
              Create
            </Button>
            <Button
              variant="secondary"
              component="a"
              href={href(["nodes", node, "network", "set-ups"], { "change-set": target ?? "" })}
            >
              Set-ups
            </Button>
            <Button
              variant="secondary"
              isDisabled={!isStaged}
              onClick={() => staged.data && propose(apply(node, staged.data))}
            >
              Apply configuration
            </Button>
            <Button variant="secondary" isDisabled={!isStaged} onClick={() => propose(discard(node))}>
              Discard
            </Button>
          </>
        )
      }
    >
      <Loaded query={interfaces} what="the interfaces">
        {(found) => (
          <div className="ik-stack">
            {sets.data && (mayChange || sets.data.length > 0) && (
              <ChangeSets
                node={node}
                sets={sets.data}
                chosen={chosen}
                mayChange={mayChange}
                onChoose={setName}
              />
            )}
            {found.length === 0 ? (
              <Nothing title="There is no interface" icon={NetworkIcon}>
                Neither a card nor a configured interface was found.
              </Nothing>
            ) : (
              <Interfaces
                node={node}
                interfaces={found}
                staged={mayEdit ? staged.data : undefined}
                onEdit={(one) => setOpen({ one })}
              />
            )}
            {isStaged && mayLook && <Hindrance node={node} />}
            {staged.data && !chosen && <Pending staged={staged.data} />}
            {mayLook && <Topology node={node} />}
            {open && staged.data && (
              <InterfaceDialog
                node={node}
                staged={staged.data}
                one={open.one}
                names={found.map(({ iface }) => iface)}
                onClose={() => setOpen(undefined)}
              />
            )}
          </div>
        )}
      </Loaded>
    </ChapterPage>
  );
}

/** Why what is staged cannot be applied on this host, and what cures it. */
function Hindrance({ node }: { node: string }) {
  const findings = useFindings(node);
  const finding = findings.data?.find(({ id }) => id === "network.no-ifupdown2");
  return finding && <FindingCard finding={finding} />;
}

/** What waits to be applied, and files that are not understood. */
function Pending({ staged }: { staged: Staged }) {
  const broken = staged.files.filter(({ errors }) => errors.length > 0);
  return (
    <>
      {broken.map(({ path, errors }) => (
        <Alert key={path} isInline variant="danger" title={`${path} is not understood, and left alone`}>
          <List>
            {errors.map((error) => (
              <ListItem key={error} className="ik-wrap">
                {error}
              </ListItem>
            ))}
          </List>
        </Alert>
      ))}
      {staged.staged === 1 && (
        <Alert
          isInline
          variant="info"
          title={staged.changes ? "Staged, and not in force yet" : "What is staged differs in nothing"}
        >
          {staged.changes && <DiffView diff={staged.changes} />}
        </Alert>
      )}
    </>
  );
}

function Interfaces({
  node,
  interfaces,
  staged,
  onEdit,
}: {
  node: string;
  interfaces: readonly Interface[];
  staged: Staged | undefined;
  onEdit: (one: Editable) => void;
}) {
  const propose = usePropose();
  return (
    <Table variant="compact" gridBreakPoint="grid-lg" aria-label="Interfaces">
      <Thead>
        <Tr>
          <Th>Name</Th>
          <Th>Type</Th>
          <Th>State</Th>
          <Th modifier="wrap">Starts at boot</Th>
          <Th>Made of</Th>
          <Th>Addresses</Th>
          <Th>Gateway</Th>
          <Th>Comment</Th>
          {staged && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {interfaces.map((one) => (
          <Tr key={one.iface}>
            <Td dataLabel="Name">{one.iface}</Td>
            <Td dataLabel="Type">{kindName(one.type)}</Td>
            <Td dataLabel="State">{one.active === 1 ? "up" : "down"}</Td>
            <Td dataLabel="Starts at boot">{one.autostart === 1 ? "yes" : "no"}</Td>
            <Td dataLabel="Made of" className="ik-wrap">
              {partsOf(one)}
            </Td>
            <Td dataLabel="Addresses" className="ik-wrap">
              {addresses(one)}
            </Td>
            <Td dataLabel="Gateway" className="ik-wrap">
              {[one.gateway, one.gateway6].filter(Boolean).join(" ")}
            </Td>
            <Td dataLabel="Comment" className="ik-wrap">
              {one.comments?.trim()}
            </Td>
            {staged && (
              <Td isActionCell>
                {!one.file && (
                  <ActionsColumn
                    items={[
                      ...(isEditable(one) ? [{ title: "Edit", onClick: () => onEdit(one) }] : []),
                      {
                        title: "Remove",
                        isDanger: true,
                        onClick: () => propose(remove(node, staged, one)),
                      },
                    ]}
                  />
                )}
              </Td>
            )}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

/** Addresses, or who hands them out. */
function addresses({ cidr, cidr6, method, method6 }: Interface): string {
  const handed = [method === "dhcp" && "DHCP", method6 === "dhcp" && "DHCPv6", method6 === "auto" && "SLAAC"];
  return [cidr, cidr6, ...handed].filter(Boolean).join(" ");
}
