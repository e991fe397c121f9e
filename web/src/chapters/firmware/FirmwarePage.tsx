import { Alert, List, ListItem, Tab, Tabs, TabTitleText } from "@patternfly/react-core";
import { ChapterPage } from "../../kit/ChapterPage";
import { go, href } from "../../kit/router";
import { Loaded } from "../../kit/states";
import { useFirmware, type Overview } from "./data";
import { DevicesTab } from "./DevicesTab";
import { MicrocodeTab } from "./MicrocodeTab";

const HELP = { guide: "firmware", man: ["lscpu.1", "fwupdmgr.1", "apt-mark.8"] };

export function FirmwarePage({ node, rest }: { node: string; rest: string[] }) {
  const firmware = useFirmware(node);
  const tab = rest[0] === "devices" ? "devices" : "microcode";
  return (
    <ChapterPage
      title="Firmware"
      node={node}
      help={HELP}
      intro="Microcode is what the CPU itself runs; firmware is what all other devices run."
    >
      <Loaded query={firmware} what="the firmware">
        {(overview) => (
          <>
            <Notices overview={overview} />
            <Tabs
              activeKey={tab}
              onSelect={(_, key) =>
                go(href(["nodes", node, "firmware", ...(key === "devices" ? ["devices"] : [])]))
              }
              aria-label="Microcode and devices"
              className="ik-tabs"
            >
              <Tab eventKey="microcode" title={<TabTitleText>Microcode</TabTitleText>}>
                <div className="ik-tab">
                  <MicrocodeTab node={node} overview={overview} />
                </div>
              </Tab>
              <Tab eventKey="devices" title={<TabTitleText>Devices</TabTitleText>}>
                <div className="ik-tab">
                  {tab === "devices" && <DevicesTab node={node} overview={overview} />}
                </div>
              </Tab>
            </Tabs>
          </>
        )}
      </Loaded>
    </ChapterPage>
  );
}

/** What concerns both: that it is a guest, and that a restart is needed. */
function Notices({ overview }: { overview: Overview }) {
  const { virtual, reboot } = overview;
  return (
    <>
      {virtual !== undefined && (
        <Alert isInline variant="info" title={`This host is itself a guest (${virtual})`}>
          Microcode and firmware are the business of the machine that runs it.
        </Alert>
      )}
      {reboot.needed === 1 && (
        <Alert isInline variant="warning" title="This host has to be restarted">
          <List>
            {reboot.reasons.map((reason) => (
              <ListItem key={reason}>{reason}</ListItem>
            ))}
          </List>
          {reboot.obstacles.length > 0 && <p>Before that: {reboot.obstacles.join("; ")}.</p>}
        </Alert>
      )}
    </>
  );
}
