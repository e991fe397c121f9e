import { Label, Tooltip } from "@patternfly/react-core";
import { useNow } from "../../kit/clock";
import { date, fingerprint } from "../../kit/format";
import type { Signature } from "../../kit/types";
import { judge, type Verdict } from "./judge";

/** Whether the key that signs a repository is there, is the right one and holds. */
export function SignatureState({ signatures }: { signatures: Signature[] }) {
  const now = useNow();
  // An entry with several suites has a record for each, and they mostly say the same.
  const verdicts = new Map(signatures.map((signature) => [judge(signature, now).word, signature]));
  if (verdicts.size === 0) return <span className="ik-subtle">none</span>;
  return (
    <div className="ik-signatures">
      {[...verdicts.values()].map((signature, index) => (
        <One key={index} signature={signature} verdict={judge(signature, now)} />
      ))}
    </div>
  );
}

function One({ signature: { keys, keyrings }, verdict }: { signature: Signature; verdict: Verdict }) {
  const key = keys[0];
  return (
    <Tooltip
      content={
        <>
          <p>{verdict.why}</p>
          {key ? <p>Keyring: {key.keyring}</p> : keyrings.length === 1 && <p>Keyring: {keyrings[0]}</p>}
          {key && <p>Fingerprint: {fingerprint(key.fingerprint)}</p>}
          {key?.expires != null && <p>Expires {date(key.expires)}</p>}
        </>
      }
    >
      <Label isCompact variant="outline" color={verdict.color} textMaxWidth="11rem" tabIndex={0}>
        {verdict.word}
      </Label>
    </Tooltip>
  );
}
