import { Alert, Button, List, ListItem, Title } from "@patternfly/react-core";
import { ActionsColumn, Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { useState } from "react";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Loaded, Nothing } from "../../kit/states";
import { firmwareChanges, useDevices, type Device, type Overview } from "./data";
import { ReleaseDialog } from "./ReleaseDialog";

export function DevicesTab({ node, overview }: { node: string; overview: Overview }) {
  const { fwupd, packages, component, vendors } = overview;
  const mayChange = useMay("Sys.Modify");
  const propose = usePropose();
  const changes = firmwareChanges(node);
  return (
    <div className="ik-stack">
      <p>Firmware that is stored on devices is written by fwupd, as far as makers offer it this way.</p>
      {[...fwupd.remarks, ...vendors].map((remark) => (
        <Alert key={remark} isInline isPlain variant="info" title={remark} />
      ))}
      {fwupd["mount-command"] && (
        <p>
          To mount it there: <code className="ik-wrap">{fwupd["mount-command"]}</code>
        </p>
      )}
      {mayChange && (
        <div className="ik-actions">
          {fwupd.version === undefined ? (
            <Button onClick={() => propose(changes.installFwupd())}>Install fwupd</Button>
          ) : (
            <Button variant="secondary" onClick={() => propose(changes.refresh())}>
              Refresh the list of firmware
            </Button>
          )}
        </div>
      )}
      {fwupd.version !== undefined && <Devices node={node} mayChange={mayChange} />}
      <Title headingLevel="h2" size="md">
        Firmware that the kernel hands to devices
      </Title>
      <p>
        Debian's component {component.name} is {component.enabled === 1 ? "enabled" : "not enabled"}.
      </p>
      {packages.length === 0 ? (
        <Nothing title="No package with firmware is installed" />
      ) : (
        <List isPlain aria-label="Packages with firmware">
          {packages.map(({ name, version, held }) => (
            <ListItem key={name}>
              {name} {version}
              {held === 1 && ", held"}
            </ListItem>
          ))}
        </List>
      )}
    </div>
  );
}

function Devices({ node, mayChange }: { node: string; mayChange: boolean }) {
  const devices = useDevices(node);
  const propose = usePropose();
  const changes = firmwareChanges(node);
  const [chosen, setChosen] = useState<Device>();
  return (
    <Loaded query={devices} what="the devices">
      {(list) => (
        <>
          <DeviceTable
            devices={list}
            onUpdate={mayChange ? (device) => propose(changes.write(device)) : undefined}
            onChoose={mayChange ? setChosen : undefined}
          />
          {chosen && (
            <ReleaseDialog
              node={node}
              device={chosen}
              onClose={() => setChosen(undefined)}
              onChoose={(version) => {
                setChosen(undefined);
                propose(changes.write(chosen, version));
              }}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

function DeviceTable({
  devices,
  onUpdate,
  onChoose,
}: {
  devices: Device[];
  onUpdate?: (device: Device) => void;
  onChoose?: (device: Device) => void;
}) {
  if (devices.length === 0) return <Nothing title="fwupd knows no device of this host" />;
  return (
    <Table variant="compact" gridBreakPoint="grid-md" aria-label="Devices">
      <Thead>
        <Tr>
          <Th width={30}>Device</Th>
          <Th>Firmware</Th>
          <Th>Newer</Th>
          <Th width={30}>Remarks</Th>
          {onUpdate && <Th screenReaderText="Actions" />}
        </Tr>
      </Thead>
      <Tbody>
        {devices.map((device) => (
          <Tr key={device.id}>
            <Td dataLabel="Device">
              {device.name}
              {device.vendor && <div className="ik-subtle">{device.vendor}</div>}
            </Td>
            <Td dataLabel="Firmware">{device.version}</Td>
            <Td dataLabel="Newer">{device.update}</Td>
            <Td dataLabel="Remarks">{remarks(device)}</Td>
            {onUpdate && (
              <Td isActionCell>
                {device.updatable === 1 && (
                  <ActionsColumn
                    items={[
                      { title: "Update", isDisabled: !device.update, onClick: () => onUpdate(device) },
                      { title: "Choose a version", onClick: () => onChoose?.(device) },
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

function remarks(device: Device): string {
  const waits = device.state === "needs-reboot" || device.state === "pending";
  return [
    device.updatable === 0 && "only shown",
    waits && "waits for a restart",
    device.state === "failed" && "the last update failed",
    ...(device.problems ?? []),
  ]
    .filter(Boolean)
    .join("; ");
}
