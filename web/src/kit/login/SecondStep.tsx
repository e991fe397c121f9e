import { ActionGroup, Alert, Button, Form, FormGroup, Radio, TextInput } from "@patternfly/react-core";
import { useRef, useState, type FormEvent } from "react";
import { ApiError } from "../api";
import { loginSecond, type Challenge } from "../session";
import { askKey, whyNoKeys, type Question } from "../webauthn";

const KINDS = {
  totp: "Code of the authenticator app",
  webauthn: "Security key or passkey",
  recovery: "Recovery key",
} as const;

type Kind = keyof typeof KINDS;

/** The second step of a login: a code, a security key, or one of the keys for when neither is at hand. */
export function SecondStep({ challenge, onBack }: { challenge: Challenge; onBack: () => void }) {
  const { username, asked } = challenge;
  const noKeys = "webauthn" in asked ? whyNoKeys() : undefined;
  const kinds = (Object.keys(KINDS) as Kind[]).filter(
    (kind) => kind in asked && (kind !== "webauthn" || !noKeys),
  );
  const [kind, setKind] = useState<Kind>(kinds[0] ?? "totp");
  const [value, setValue] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  const isKey = kind === "webauthn";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const answer = isKey ? await askKey(asked.webauthn as Question) : value.replaceAll(" ", "");
      await loginSecond(challenge, `${kind}:${answer}`);
    } catch (failure) {
      setValue("");
      field.current?.focus();
      setError(explain(kind, failure as Error));
    } finally {
      setBusy(false);
    }
  };
  if (kinds.length === 0) {
    return (
      <Alert isInline variant="danger" title="You have a second factor that this page cannot ask for">
        {noKeys && <p>{noKeys}</p>}
        <p>Somebody who manages users can remove it, or a one-time link lets you in.</p>
      </Alert>
    );
  }
  return (
    <Form onSubmit={(event) => void submit(event)}>
      {error && <Alert isInline isLiveRegion variant="danger" title={error} />}
      <p>{username} logs in with a second factor.</p>
      {noKeys && <p className="ik-subtle">{noKeys}</p>}
      {kinds.length > 1 && (
        <FormGroup role="radiogroup" label="What you have at hand" fieldId="kind">
          {kinds.map((each) => (
            <Radio
              key={each}
              id={`kind-${each}`}
              name="kind"
              label={KINDS[each]}
              isChecked={each === kind}
              onChange={() => setKind(each)}
            />
          ))}
        </FormGroup>
      )}
      {!isKey && (
        <FormGroup label={kind === "totp" ? "Code" : KINDS[kind]} isRequired fieldId="answer">
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
      )}
      <ActionGroup>
        <Button
          type="submit"
          isBlock
          autoFocus={isKey}
          isLoading={busy}
          isDisabled={busy || (!isKey && value.trim() === "")}
        >
          {isKey ? "Log in with the key" : "Log in"}
        </Button>
        <Button variant="link" isBlock onClick={onBack}>
          Back to the password
        </Button>
      </ActionGroup>
    </Form>
  );
}

function explain(kind: Kind, error: Error): string {
  if (!(error instanceof ApiError) || error.status !== 401) return error.message;
  return kind === "webauthn"
    ? "The key was not accepted. After some time the password is asked for again."
    : "This was not accepted. A code works once and for half a minute; after some time the password is asked for again.";
}
