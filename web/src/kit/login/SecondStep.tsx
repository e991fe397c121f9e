import { ActionGroup, Alert, Button, Form, FormGroup, Radio, TextInput } from "@patternfly/react-core";
import { useRef, useState, type FormEvent } from "react";
import { ApiError } from "../api";
import { loginSecond, type Challenge } from "../session";

const KINDS = {
  totp: { label: "Code of the authenticator app", field: "Code" },
  recovery: { label: "Recovery key", field: "Recovery key" },
} as const;

type Kind = keyof typeof KINDS;

/** The second step of a login: a code, or one of the keys for when there is no app at hand. */
export function SecondStep({ challenge, onBack }: { challenge: Challenge; onBack: (why?: string) => void }) {
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => challenge.kinds.includes(kind));
  const [kind, setKind] = useState<Kind>(kinds[0] ?? "totp");
  const [value, setValue] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await loginSecond(challenge, `${kind}:${value.replaceAll(" ", "")}`);
    } catch (failure) {
      setValue("");
      field.current?.focus();
      setError(explain(failure as Error));
    } finally {
      setBusy(false);
    }
  };
  if (kinds.length === 0) {
    return (
      <Alert isInline variant="danger" title="You have a second factor that this page cannot ask for">
        Somebody who manages users can remove it, or a one-time link lets you in.
      </Alert>
    );
  }
  return (
    <Form onSubmit={(event) => void submit(event)}>
      {error && <Alert isInline isLiveRegion variant="danger" title={error} />}
      <p>{challenge.username} logs in with a second factor.</p>
      {kinds.length > 1 && (
        <FormGroup role="radiogroup" label="What you have at hand" fieldId="kind">
          {kinds.map((each) => (
            <Radio
              key={each}
              id={`kind-${each}`}
              name="kind"
              label={KINDS[each].label}
              isChecked={each === kind}
              onChange={() => setKind(each)}
            />
          ))}
        </FormGroup>
      )}
      <FormGroup label={KINDS[kind].field} isRequired fieldId="answer">
        <TextInput
          id="answer"
          autoComplete={kind === "totp" ? "one-time-code" : "off"}
          inputMode={kind === "totp" ? "numeric" : "text"}
          isRequired
          autoFocus
          ref={field}
          value={value}
          onChange={(_, text) => setValue(text)}
        />
      </FormGroup>
      <ActionGroup>
        <Button type="submit" isBlock isLoading={busy} isDisabled={busy || value.trim() === ""}>
          Log in
        </Button>
        <Button variant="link" isBlock onClick={() => onBack()}>
          Back to the password
        </Button>
      </ActionGroup>
    </Form>
  );
}

function explain(error: Error): string {
  if (!(error instanceof ApiError) || error.status !== 401) return error.message;
  return "This was not accepted. A code works once and for half a minute; after some time the password is asked for again.";
}
