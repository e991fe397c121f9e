import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from "@patternfly/react-core";
import { useState, type FormEvent } from "react";
import type { Row } from "./data";

export function ComponentsDialog({
  row,
  onClose,
  onChoose,
}: {
  row: Row;
  onClose: () => void;
  onChoose: (components: string) => void;
}) {
  const before = row.repository.Components?.join(" ") ?? "";
  const [components, setComponents] = useState(before);
  const words = components.split(/[\s,]+/).filter(Boolean);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (words.length > 0) onChoose(words.join(" "));
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="components-title">
      <ModalHeader
        title="Edit components"
        labelId="components-title"
        description={`${row.repository.URIs.join(" ")} ${row.repository.Suites.join(" ")}`}
      />
      <ModalBody>
        <Form id="components-form" onSubmit={submit}>
          <FormGroup label="Components" isRequired fieldId="components">
            <TextInput
              id="components"
              autoFocus
              spellCheck={false}
              value={components}
              onChange={(_, value) => setComponents(value)}
            />
            <FormHelperText>
              <HelperText>
                <HelperTextItem>
                  Separated by spaces. Debian has main, contrib, non-free-firmware and non-free.
                </HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="components-form" isDisabled={words.length === 0}>
          Review the change
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}
