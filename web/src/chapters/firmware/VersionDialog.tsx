import {
  Button,
  Checkbox,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Radio,
} from "@patternfly/react-core";
import { useState, type FormEvent } from "react";
import { Loaded, Nothing } from "../../kit/states";
import { useVersions, type AvailableVersion } from "./data";

/** Chooses a version of the microcode package. One that is older is held, unless somebody wants it otherwise. */
export function VersionDialog({
  node,
  onClose,
  onChoose,
}: {
  node: string;
  onClose: () => void;
  onChoose: (version: string, hold: boolean) => void;
}) {
  const versions = useVersions(node);
  const [version, setVersion] = useState("");
  const [hold, setHold] = useState(true);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (version !== "") onChoose(version, hold);
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="version-title">
      <ModalHeader
        title="Change the version of microcode"
        labelId="version-title"
        description="Going back is the better way than removing the package, when a version does harm."
      />
      <ModalBody>
        <Loaded query={versions} what="the versions" rows={2}>
          {(list) => (
            <Form id="version-form" onSubmit={submit}>
              <Choice versions={list} chosen={version} onChoose={setVersion} />
              <Checkbox
                id="version-hold"
                label="Hold it, so that upgrades leave it as it is"
                isChecked={hold}
                onChange={(_, on) => setHold(on)}
              />
            </Form>
          )}
        </Loaded>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="version-form" isDisabled={version === ""}>
          Review the change
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function Choice({
  versions,
  chosen,
  onChoose,
}: {
  versions: AvailableVersion[];
  chosen: string;
  onChoose: (version: string) => void;
}) {
  if (versions.length === 0) return <Nothing title="No repository offers a version" />;
  return (
    <FormGroup role="radiogroup" label="Version" isStack fieldId="versions">
      {versions.map(({ version, relation, sources }) => (
        <Radio
          key={version}
          id={`version-${version}`}
          name="version"
          label={`${version} (${relation})`}
          description={sources.join(", ")}
          isDisabled={relation === "installed"}
          isChecked={chosen === version}
          onChange={() => onChoose(version)}
        />
      ))}
    </FormGroup>
  );
}
