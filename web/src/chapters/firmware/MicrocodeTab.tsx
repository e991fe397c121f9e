import { Alert, Button, Title } from "@patternfly/react-core";
import { useState } from "react";
import { usePropose } from "../../kit/plan/Changes";
import { useMay } from "../../kit/session";
import { Facts, words } from "./Facts";
import { firmwareChanges, type Overview } from "./data";
import { FlawsTable } from "./FlawsTable";
import { VersionDialog } from "./VersionDialog";

const EARLY = {
  updated: "yes",
  none: "no: what runs came from the BIOS",
  unknown: "not known: the kernel's log says nothing",
} as const;

export function MicrocodeTab({ node, overview }: { node: string; overview: Overview }) {
  const { microcode, cpu, board } = overview;
  const pack = microcode.package;
  const version = pack?.version && (pack.held === 1 ? `${pack.version}, held` : pack.version);
  return (
    <div className="ik-stack">
      <Alert
        isInline
        isPlain
        variant={overview.reboot.needed === 1 || microcode.disabled === 1 ? "warning" : "info"}
        title={microcode.verdict}
      />
      <Actions node={node} overview={overview} />
      <Facts
        label="CPU and microcode"
        facts={[
          ["CPU", cpu && `${cpu.name} (${cpu.id})`],
          ["Running revision", microcode.revisions.join(", ")],
          ["Revision from the BIOS", microcode["bios-revision"]],
          ["Loaded at the start", words(EARLY[microcode["early-update"]], microcode["early-date"])],
          [pack?.name ?? "Package", pack && (version ?? "not installed")],
          ["Carried for this CPU", pack && words(pack.revision, pack.date)],
          ["Files cannot be read", pack?.error],
          ["Machine", words(board.vendor, board.product)],
          ["BIOS", words(board["bios-vendor"], board["bios-version"], board["bios-date"])],
        ]}
      />
      <Title headingLevel="h2" size="md">
        Known flaws of CPUs
      </Title>
      {overview.trust.caveats.map((caveat) => (
        <Alert key={caveat} isInline isPlain variant="warning" title={caveat} />
      ))}
      <FlawsTable flaws={overview.vulnerabilities} />
    </div>
  );
}

function Actions({ node, overview }: { node: string; overview: Overview }) {
  const propose = usePropose();
  const mayChange = useMay("Sys.Modify");
  const [choosing, setChoosing] = useState(false);
  const changes = firmwareChanges(node);
  const pack = overview.microcode.package;
  if (!mayChange || !pack) return null;
  if (pack.version === undefined) {
    return (
      <div className="ik-actions">
        <Button onClick={() => propose(changes.install())}>Install {pack.name}</Button>
      </div>
    );
  }
  return (
    <div className="ik-actions">
      <Button variant="secondary" onClick={() => setChoosing(true)}>
        Change version
      </Button>
      {pack.held === 1 ? (
        <Button variant="secondary" onClick={() => propose(changes.release())}>
          Release and upgrade
        </Button>
      ) : (
        <Button variant="secondary" onClick={() => propose(changes.hold())}>
          Hold
        </Button>
      )}
      <Button variant="secondary" isDanger onClick={() => propose(changes.remove())}>
        Remove
      </Button>
      {choosing && (
        <VersionDialog
          node={node}
          onClose={() => setChoosing(false)}
          onChoose={(version, hold) => {
            setChoosing(false);
            propose(changes.version(version, hold));
          }}
        />
      )}
    </div>
  );
}
