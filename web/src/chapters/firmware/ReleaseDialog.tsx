import {
  Button,
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
import { useReleases, type Device } from "./data";

/** Chooses a version of a device's firmware. */
export function ReleaseDialog({
  node,
  device,
  onClose,
  onChoose,
}: {
  node: string;
  device: Device;
  onClose: () => void;
  onChoose: (version: string) => void;
}) {
  const releases = useReleases(node, device.id);
  const [version, setVersion] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (version !== "") onChoose(version);
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="release-title">
      <ModalHeader title={`Firmware of ${device.name}`} labelId="release-title" />
      <ModalBody>
        <Loaded query={releases} what="the versions" rows={2}>
          {(list) =>
            list.length === 0 ? (
              <Nothing title="Nobody offers firmware for this device" />
            ) : (
              <Form id="release-form" onSubmit={submit}>
                <FormGroup role="radiogroup" label="Version" isStack fieldId="releases">
                  {list.map((release) => (
                    <Radio
                      key={release.version}
                      id={`release-${release.version}`}
                      name="release"
                      label={`${release.version} (${release.relation})`}
                      description={release.description}
                      isDisabled={release.version === device.version}
                      isChecked={version === release.version}
                      onChange={() => setVersion(release.version)}
                    />
                  ))}
                </FormGroup>
              </Form>
            )
          }
        </Loaded>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="release-form" isDisabled={version === ""}>
          Review the change
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
