import {
  Button,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Switch,
} from "@patternfly/react-core";
import CogsIcon from "@patternfly/react-icons/dist/esm/icons/cogs-icon";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useMemo, type ReactNode } from "react";
import { ChapterPage } from "../../kit/ChapterPage";
import { usePropose } from "../../kit/plan/Changes";
import { Link, useQueryParams } from "../../kit/router";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import type { ServiceState } from "../../kit/types";
import { actOn, isActive, isInstalled, useServices, type Act } from "./data";
import { LogView } from "./LogView";
import { ServiceLabel } from "./ServiceLabel";

export function ServicesPage({ node, rest: [name] }: { node: string; rest: string[] }) {
  return name === undefined ? <List node={node} /> : <Service key={name} node={node} name={name} />;
}

function List({ node }: { node: string }) {
  const services = useServices(node);
  const [query, setQuery] = useQueryParams();
  const all = query.get("all") === "1";
  return (
    <ChapterPage
      title="Services"
      node={node}
      help={{ guide: "services", man: ["systemctl.1"] }}
      intro="What runs on this host in the background, and how it is doing."
    >
      <Loaded query={services} what="the services">
        {(list) => {
          const shown = list.filter((service) => all || isInstalled(service));
          return (
            <div className="ik-stack">
              <Switch
                id="all-services"
                label="Those that are not installed, too"
                isChecked={all}
                onChange={(_, on) => setQuery({ all: on ? "1" : "" })}
              />
              {shown.length === 0 ? (
                <Nothing title="None of the known services is installed" icon={CogsIcon} />
              ) : (
                <Services node={node} services={shown} />
              )}
            </div>
          );
        }}
      </Loaded>
    </ChapterPage>
  );
}

function Services({ node, services }: { node: string; services: ServiceState[] }) {
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  const act = (service: ServiceState, what: Act) => propose(actOn(node, service, what));
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="Services">
      <Thead>
        <Tr>
          <Th width={20}>Service</Th>
          <Th>State</Th>
          <Th>At boot</Th>
          <Th>Unit</Th>
          <Th width={30}>What it is for</Th>
          {mayChange && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {services.map((service) => (
          <Tr key={service.service}>
            <Td dataLabel="Service">
              <Link to={["nodes", node, "services", service.service]}>{service.service}</Link>
            </Td>
            <Td dataLabel="State">
              <ServiceLabel service={service} />
            </Td>
            <Td dataLabel="At boot">{isInstalled(service) && service["unit-state"]}</Td>
            <Td dataLabel="Unit" className="ik-wrap">
              {service.name}
            </Td>
            <Td dataLabel="What it is for">{isInstalled(service) && service.desc}</Td>
            {mayChange && (
              <Td isActionCell>
                {isInstalled(service) && (
                  <ActionsColumn
                    items={actsOf(service).map(({ act: what, title }) => ({
                      title,
                      isDanger: what === "stop",
                      onClick: () => act(service, what),
                    }))}
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

const TITLES = { start: "Start", restart: "Restart", reload: "Reload", stop: "Stop" } as const;

/** What makes sense for a service as it is; the host decides in the end. */
function actsOf(service: ServiceState): { act: Act; title: string }[] {
  const acts: Act[] = isActive(service) ? ["restart", "reload", "stop"] : ["start"];
  return acts.map((act) => ({ act, title: TITLES[act] }));
}

function Service({ node, name }: { node: string; name: string }) {
  const services = useServices(node);
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  const mayRead = useMay("Sys.Syslog");
  const filter = useMemo(() => ({ service: name }), [name]);
  const service = services.data?.find((candidate) => candidate.service === name);
  return (
    <ChapterPage
      title={name}
      node={node}
      intro={service && isInstalled(service) ? service.desc : undefined}
      crumbs={[{ label: "Services", to: ["nodes", node, "services"] }]}
      actions={
        mayChange &&
        service &&
        isInstalled(service) &&
        actsOf(service).map(({ act, title }) => (
          <Button
            key={act}
            variant="secondary"
            isDanger={act === "stop"}
            onClick={() => propose(actOn(node, service, act))}
          >
            {title}
          </Button>
        ))
      }
    >
      <Loaded query={services} what="the service">
        {() =>
          service ? (
            <div className="ik-stack">
              <Facts service={service} />
              {mayRead && <LogView node={node} filter={filter} label={`the log of ${name}`} />}
            </div>
          ) : (
            <Nothing title={`There is no service ${name}`} />
          )
        }
      </Loaded>
    </ChapterPage>
  );
}

function Facts({ service }: { service: ServiceState }) {
  const facts: [string, ReactNode][] = [
    ["State", <ServiceLabel key="state" service={service} />],
    ["At boot", isInstalled(service) ? service["unit-state"] : undefined],
    ["Unit", <code key="unit">{service.name}</code>],
  ];
  return (
    <DescriptionList
      isCompact
      columnModifier={{ default: "1Col", md: "3Col" }}
      aria-label="About this service"
    >
      {facts
        .filter(([, value]) => value)
        .map(([term, value]) => (
          <DescriptionListGroup key={term}>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription>{value}</DescriptionListDescription>
          </DescriptionListGroup>
        ))}
    </DescriptionList>
  );
}
