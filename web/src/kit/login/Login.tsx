import {
  ActionGroup,
  Alert,
  Button,
  Card,
  CardBody,
  CardTitle,
  Form,
  FormGroup,
  FormSelect,
  FormSelectOption,
  TextInput,
  Title,
} from "@patternfly/react-core";
import { useEffect, useState, type FormEvent } from "react";
import { ApiError } from "../api";
import { useRealms } from "../realms";
import { login, type Challenge } from "../session";
import type { Realm } from "../types";
import { Mark } from "../shell/Mark";
import { SecondStep } from "./SecondStep";
import "./login.css";

/** The realm of the host's own accounts, in case the list of realms cannot be had. */
const PAM: Realm = { realm: "pam", type: "pam", comment: "Linux PAM" };

export function Login({ why }: { why?: string }) {
  const [username, setUsername] = useState("root");
  const [password, setPassword] = useState("");
  const [realm, setRealm] = useState<string>();
  const [challenge, setChallenge] = useState<Challenge>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const realms = useRealms();
  const known = realms.data?.length ? realms.data : [PAM];
  const chosen = realm ?? (known.find((candidate) => candidate.default) ?? known[0] ?? PAM).realm;

  useEffect(() => {
    document.title = "Log in · Innkeeper";
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      setChallenge(await login(username, password, chosen));
    } catch (failure) {
      setPassword("");
      setError(explain(failure as Error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="ik-login">
      <Card className="ik-login__card">
        <CardTitle>
          <Title headingLevel="h1" size="xl" className="ik-login__title">
            <Mark /> Log in to Innkeeper
          </Title>
          <p className="ik-subtle">{location.host}</p>
        </CardTitle>
        <CardBody>
          {challenge ? (
            <SecondStep
              challenge={challenge}
              onBack={() => {
                setPassword("");
                setChallenge(undefined);
              }}
            />
          ) : (
            <Form onSubmit={(event) => void submit(event)}>
              {error ? (
                <Alert isInline isLiveRegion variant="danger" title={error} />
              ) : (
                why && <Alert isInline isLiveRegion variant="info" title={why} />
              )}
              <FormGroup label="User name" isRequired fieldId="username">
                <TextInput
                  id="username"
                  name="username"
                  autoComplete="username"
                  autoCapitalize="none"
                  spellCheck={false}
                  isRequired
                  value={username}
                  onChange={(_, value) => setUsername(value)}
                />
              </FormGroup>
              <FormGroup label="Password" isRequired fieldId="password">
                <TextInput
                  id="password"
                  name="password"
                  type="password"
                  autoComplete="current-password"
                  isRequired
                  autoFocus
                  value={password}
                  onChange={(_, value) => setPassword(value)}
                />
              </FormGroup>
              <FormGroup label="Realm" fieldId="realm">
                <FormSelect id="realm" value={chosen} onChange={(_, value) => setRealm(value)}>
                  {known.map(({ realm: name, comment }) => (
                    <FormSelectOption
                      key={name}
                      value={name}
                      label={comment ? `${comment} (${name})` : name}
                    />
                  ))}
                </FormSelect>
              </FormGroup>
              <ActionGroup>
                <Button
                  type="submit"
                  isBlock
                  isLoading={busy}
                  isDisabled={busy || username === "" || password === ""}
                >
                  Log in
                </Button>
              </ActionGroup>
            </Form>
          )}
          <p className="ik-login__hint ik-subtle">
            When Innkeeper is started in a terminal of the host with <code>innkeeper serve</code>, it prints a
            link that logs you in one time without a password.
          </p>
        </CardBody>
      </Card>
    </main>
  );
}

function explain(error: Error): string {
  // The host says no more than that it failed, so that nobody learns which user names exist.
  if (error instanceof ApiError && error.status === 401) return "User name, password or realm is wrong.";
  return error.message;
}
