import { Label, Tooltip } from "@patternfly/react-core";
import { useNow } from "../../kit/clock";
import { date, fingerprint } from "../../kit/format";
import type { Signature } from "../../kit/types";
import { judge, type Verdict } from "./judge";

/** Whether the key that signs a repository is there, is the right one and is not about to expire. */
export function SignatureState({ signatures }: { signatures: Signature[] }) {
  const now = useNow();
  if (signatures.length === 0) return <span className="ik-subtle">not known</span>;
  return (
    <div className="ik-signatures">
      {signatures.map((signature, index) => (
        <One key={index} signature={signature} verdict={judge(signature, now)} />
      ))}
    </div>
  );
}

function One({ signature, verdict }: { signature: Signature; verdict: Verdict }) {
  return (
    <Tooltip
      content={
        <>
          <p>{verdict.why}</p>
          {signature.keyring && <p>Keyring: {signature.keyring}</p>}
          {signature.key && <p>Fingerprint: {fingerprint(signature.key.fingerprint)}</p>}
          {signature.key?.expires !== undefined && <p>Expires {date(signature.key.expires)}</p>}
        </>
      }
    >
      <Label isCompact variant="outline" color={verdict.color} textMaxWidth="11rem" tabIndex={0}>
        {verdict.word}
      </Label>
    </Tooltip>
  );
}
