// Security keys and passkeys: what the host asks as JSON becomes the browser's question, and its answer JSON again.

/** What a known key is asked to sign. */
export interface Question {
  publicKey: PublicKeyCredentialRequestOptionsJSON;
}

/** Why this page cannot ask for a key; nothing when it can. Browsers allow it to pages only that they trust. */
export function whyNoKeys(): string | undefined {
  if (window.isSecureContext && "credentials" in navigator && "PublicKeyCredential" in window)
    return undefined;
  return "This browser asks for security keys only on pages that have a name and a certificate it trusts.";
}

/** Has a new key made. */
export async function makeKey(question: string): Promise<{ challenge: string; answer: string }> {
  const { publicKey } = JSON.parse(question) as { publicKey: PublicKeyCredentialCreationOptionsJSON };
  const options = {
    ...publicKey,
    challenge: decode(publicKey.challenge),
    user: { ...publicKey.user, id: decode(publicKey.user.id) },
    excludeCredentials: publicKey.excludeCredentials?.map(withId),
  } as PublicKeyCredentialCreationOptions;
  const made = await ask(() => navigator.credentials.create({ publicKey: options }));
  const response = made.response as AuthenticatorAttestationResponse;
  const answer = answered(made, publicKey.challenge, {
    clientDataJSON: encode(response.clientDataJSON),
    attestationObject: encode(response.attestationObject),
  });
  return { challenge: publicKey.challenge, answer };
}

/** Has one of the known keys sign. */
export async function askKey({ publicKey }: Question): Promise<string> {
  const options = {
    ...publicKey,
    challenge: decode(publicKey.challenge),
    allowCredentials: publicKey.allowCredentials?.map(withId),
  } as PublicKeyCredentialRequestOptions;
  const signed = await ask(() => navigator.credentials.get({ publicKey: options }));
  const response = signed.response as AuthenticatorAssertionResponse;
  return answered(signed, publicKey.challenge, {
    clientDataJSON: encode(response.clientDataJSON),
    authenticatorData: encode(response.authenticatorData),
    signature: encode(response.signature),
  });
}

function answered({ id, type, rawId }: PublicKeyCredential, challenge: string, response: object): string {
  return JSON.stringify({ id, type, rawId: encode(rawId), challenge, response });
}

async function ask(question: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const why = whyNoKeys();
  if (why) throw new Error(why);
  try {
    const answer = await question();
    if (answer) return answer as PublicKeyCredential;
  } catch (error) {
    throw new Error(explain(error as Error), { cause: error });
  }
  throw new Error("The browser gave no answer.");
}

function explain({ name, message }: Error): string {
  if (name === "NotAllowedError") return "No key answered in time, or it was not allowed to.";
  if (name === "InvalidStateError") return "This key is registered already.";
  if (name === "SecurityError")
    return "The keys of this host are for another address than that of this page.";
  return message;
}

function withId<Item extends { id: string }>(item: Item) {
  return { ...item, id: decode(item.id) };
}

export function decode(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export function encode(bytes: ArrayBuffer): string {
  const text = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
