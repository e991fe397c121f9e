import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import { Loaded } from "../../kit/states";
import { useChangelog, type Update } from "./data";

/** What has changed, in the words of those who changed it. The host gives up after ten seconds. */
export function ChangelogDialog({
  node,
  update: { Package: name, Version: version },
  onClose,
}: {
  node: string;
  update: Pick<Update, "Package" | "Version">;
  onClose: () => void;
}) {
  const changelog = useChangelog(node, name, version);
  return (
    <Modal isOpen variant="large" onClose={onClose} aria-labelledby="changelog-title">
      <ModalHeader
        title={`Changelog of ${name}`}
        labelId="changelog-title"
        description={`Up to ${version}`}
      />
      <ModalBody tabIndex={0} aria-label={`Changelog of ${name}`}>
        <Loaded query={changelog} what="the changelog" rows={6}>
          {(text) => <pre className="ik-code">{text.trim() || "The changelog is empty."}</pre>}
        </Loaded>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>Close</Button>
      </ModalFooter>
    </Modal>
  );
}
