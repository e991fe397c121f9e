import {
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Modal,
  ModalBody,
  ModalHeader,
} from "@patternfly/react-core";

/** What each key does; `keys` are pressed one after the other. */
export interface Shortcut {
  keys: string;
  does: string;
}

export function Shortcuts({ shortcuts, onClose }: { shortcuts: readonly Shortcut[]; onClose: () => void }) {
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="shortcuts-title">
      <ModalHeader title="Keyboard shortcuts" labelId="shortcuts-title" />
      <ModalBody>
        <DescriptionList isHorizontal isCompact aria-label="Keyboard shortcuts">
          {shortcuts.map(({ keys, does }) => (
            <DescriptionListGroup key={keys}>
              <DescriptionListTerm>
                {keys.split(" ").map((key) => (
                  <kbd key={key} className="ik-key">
                    {key}
                  </kbd>
                ))}
              </DescriptionListTerm>
              <DescriptionListDescription>{does}</DescriptionListDescription>
            </DescriptionListGroup>
          ))}
        </DescriptionList>
      </ModalBody>
    </Modal>
  );
}
