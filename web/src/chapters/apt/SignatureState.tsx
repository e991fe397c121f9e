import { Label, Tooltip } from "@patternfly/react-core";
import { useNow } from "../../kit/clock";
import { date, fingerprint } from "../../kit/format";
import type { Signature } from "../../kit/types";

type Verdict = { color: "green" | "orange" | "red" | "grey"; word: string; why: string };

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

export function judge(signature: Signature, now: number): Verdict {
  const { keyring, key } = signature;
  if (keyring !== undefined && signature["keyring-exists"] === 0) {
    return {
      color: "red",
      word: "keyring missing",
      why: "APT cannot verify this repository: its keyring does not exist.",
    };
  }
  if (signature.matches === 0) {
    return {
      color: "red",
      word: "wrong key",
      why: "The package lists on this host were signed by a key that is not in the keyring.",
    };
  }
  if (key?.expires !== undefined && key.expires < now) {
    return { color: "orange", word: "key expired", why: "The key that signs this repository has expired." };
  }
  if (key)
    return { color: "green", word: owner(key.uids), why: "The key that signs this repository is installed." };
  return {
    color: "grey",
    word: "not known",
    why: "The lists of this repository were not downloaded yet, so the key that signs it is not known.",
  };
}

/** The name in "Debian Archive Automatic Signing Key (12/bookworm) <ftpmaster@debian.org>". */
function owner(uids: string[]): string {
  return uids[0]?.replace(/\s*<[^>]*>\s*$/, "") || "key present";
}
