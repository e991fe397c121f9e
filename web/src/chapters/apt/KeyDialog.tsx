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
import { base64, sha512Hex } from "./bytes";

/** Keys are small; more than this is some other file. */
const LARGEST = 1024 * 1024;

export interface ChosenKey {
  name: string;
  /** Base64. */
  content: string;
  sha512: string;
}

interface Picked {
  name: string;
  content: string;
  sha512: string;
}

export function KeyDialog({
  onClose,
  onChoose,
}: {
  onClose: () => void;
  onChoose: (key: ChosenKey) => void;
}) {
  const [picked, setPicked] = useState<Picked>();
  const [problem, setProblem] = useState<string>();
  const [name, setName] = useState("");
  const [sum, setSum] = useState("");
  const expected = sum.trim().split(/\s+/)[0]?.toLowerCase() ?? "";
  const isSum = /^[0-9a-f]{128}$/.test(expected);
  const matches = picked !== undefined && isSum && expected === picked.sha512;

  const pick = async (file: File) => {
    setProblem(undefined);
    setPicked(undefined);
    if (file.size > LARGEST) return setProblem(`${file.name} is larger than a key can be.`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    setPicked({ name: file.name, content: base64(bytes), sha512: await sha512Hex(bytes) });
    setName(file.name);
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (picked && matches) onChoose({ name, content: picked.content, sha512: expected });
  };

  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="key-title">
      <ModalHeader
        title="Install a key"
        labelId="key-title"
        description="APT trusts whatever an installed key signs. Take its checksum from another place than the key itself."
      />
      <ModalBody>
        <Form id="key-form" onSubmit={submit}>
          <FormGroup label="Key file" isRequired fieldId="key-file">
            <input
              id="key-file"
              type="file"
              className="ik-file"
              accept=".gpg,.asc,.pgp,.key"
              onChange={({ target }) => {
                const file = target.files?.[0];
                if (file) pick(file).catch((error: Error) => setProblem(error.message));
              }}
            />
            {problem && <Hint variant="error">{problem}</Hint>}
          </FormGroup>
          <FormGroup label="Name in /etc/apt/trusted.gpg.d" isRequired fieldId="key-name">
            <TextInput
              id="key-name"
              spellCheck={false}
              value={name}
              onChange={(_, value) => setName(value)}
            />
          </FormGroup>
          <FormGroup label="SHA-512 checksum" isRequired fieldId="key-sum">
            <TextInput
              id="key-sum"
              spellCheck={false}
              className="ik-mono"
              value={sum}
              validated={sum === "" || matches ? "default" : isSum && !picked ? "default" : "error"}
              onChange={(_, value) => setSum(value)}
            />
            {matches && <Hint variant="success">The file has this checksum.</Hint>}
            {isSum && picked && !matches && (
              <Hint variant="error">
                The file has another checksum, so it is not the file you expect. Do not use it.
              </Hint>
            )}
            {!isSum && sum !== "" && (
              <Hint variant="error">A SHA-512 checksum has 128 hexadecimal digits.</Hint>
            )}
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="key-form" isDisabled={!matches || name === ""}>
          Review the change
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function Hint({ variant, children }: { variant: "error" | "success"; children: string }) {
  return (
    <FormHelperText>
      <HelperText isLiveRegion>
        <HelperTextItem variant={variant}>{children}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}
