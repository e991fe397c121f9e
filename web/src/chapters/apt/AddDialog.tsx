import { Button, Label, Modal, ModalBody, ModalFooter, ModalHeader, Radio } from "@patternfly/react-core";
import { useState } from "react";
import type { StandardRepository } from "../../kit/types";

/** The repositories that are known by handle, with their state: one of them is chosen, the plan dialog does the rest. */
export function AddDialog({
  repositories,
  onClose,
  onChoose,
}: {
  repositories: StandardRepository[];
  onClose: () => void;
  onChoose: (chosen: StandardRepository) => void;
}) {
  const [handle, setHandle] = useState<string>();
  const chosen = repositories.find((candidate) => candidate.handle === handle);
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="add-title">
      <ModalHeader
        title="Add repository"
        labelId="add-title"
        description="You see what would be written before anything is changed."
      />
      <ModalBody tabIndex={0} aria-label="Standard repositories">
        <div className="ik-standard" role="radiogroup" aria-labelledby="add-title">
          {repositories.map((repository) => (
            <Radio
              key={repository.handle}
              id={`handle-${repository.handle}`}
              name="handle"
              label={
                <>
                  {repository.name} <StandardState status={repository.status} />
                </>
              }
              description={repository.description}
              isChecked={repository.handle === handle}
              isDisabled={repository.status === 1}
              onChange={() => setHandle(repository.handle)}
            />
          ))}
        </div>
      </ModalBody>
      <ModalFooter>
        <Button isDisabled={!chosen} onClick={() => chosen && onChoose(chosen)}>
          {chosen?.status === 0 ? "Enable" : "Add"}
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function StandardState({ status }: { status?: number | null }) {
  if (status == null) return <Label isCompact>not configured</Label>;
  return status === 1 ? (
    <Label isCompact color="green">
      enabled
    </Label>
  ) : (
    <Label isCompact color="orange">
      disabled
    </Label>
  );
}
