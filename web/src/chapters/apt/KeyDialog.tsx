import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
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
import type { ChosenKey } from "./changes";

/** Keys are small; more than this is some other file. */
const LARGEST = 1024 * 1024;

/** Where APT and `Signed-By` look for keys. */
const DIRECTORIES = ["/etc/apt/trusted.gpg.d", "/etc/apt/keyrings", "/usr/share/keyrings"] as const;

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
  const [directory, setDirectory] = useState<string>(DIRECTORIES[0]);
  const [sum, setSum] = useState("");
  const expected = sum.trim().split(/\s+/)[0]?.toLowerCase() ?? "";
  const isSum = /^[0-9a-f]{128}$/.test(expected);
  const matches = picked !== undefined && isSum && expected === picked.sha512;

  const mayGoOn = picked !== undefined && name !== "" && (matches || sum.trim() === "");

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
    if (mayGoOn) onChoose({ target: `${directory}/${name}`, content: picked.content, sha512: expected });
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
          <FormGroup label="Directory" fieldId="key-directory">
            <FormSelect id="key-directory" value={directory} onChange={(_, value) => setDirectory(value)}>
              {DIRECTORIES.map((path) => (
                <FormSelectOption key={path} value={path} label={path} />
              ))}
            </FormSelect>
            <Hint>
              {directory === DIRECTORIES[0]
                ? "Keys in this directory are trusted for every repository."
                : "Keys in this directory are trusted for those repositories only that name them with Signed-By."}
            </Hint>
          </FormGroup>
          <FormGroup label="File name" isRequired fieldId="key-name">
            <TextInput
              id="key-name"
              spellCheck={false}
              value={name}
              onChange={(_, value) => setName(value)}
            />
          </FormGroup>
          <FormGroup label="SHA-512 checksum" fieldId="key-sum">
            <TextInput
              id="key-sum"
              spellCheck={false}
              className="ik-mono"
              value={sum}
              validated={sum === "" || matches ? "default" : isSum && !picked ? "default" : "error"}
              onChange={(_, value) => setSum(value)}
            />
            {sum === "" && (
              <Hint>May be left empty for the keys of the product itself: their checksums are known.</Hint>
            )}
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
        <Button type="submit" form="key-form" isDisabled={!mayGoOn}>
          Review the change
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function Hint({
  variant = "default",
  children,
}: {
  variant?: "default" | "error" | "success";
  children: string;
}) {
  return (
    <FormHelperText>
      <HelperText isLiveRegion>
        <HelperTextItem variant={variant}>{children}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}
