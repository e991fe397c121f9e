// The changes of this chapter: each is a call that the plan dialog first asks about.

import { change } from "../../kit/plan/change";
import type { StandardRepository } from "../../kit/types";
import type { Row } from "./data";

const REPOSITORIES = "/nodes/{node}/apt/repositories";

/** `digest` is what the page shows: the host refuses when the files have moved on since. */
export function aptChanges(node: string, digest: string) {
  return {
    enable: ({ path, index }: Row, on: boolean) => {
      const enabled = on ? (1 as const) : (0 as const);
      const title = on ? "Enable repository" : "Disable repository";
      return change(title, "post", REPOSITORIES, { node }, { path, index, enabled, digest });
    },
    add: ({ handle, name, status }: StandardRepository) => {
      const title = status == null ? `Add the ${name} repository` : `Enable the ${name} repository`;
      return change(title, "put", REPOSITORIES, { node }, { handle, digest });
    },
    remove: ({ path, index }: Row) =>
      change("Remove repository", "delete", REPOSITORIES, { node }, { path, index, digest }),
    components: ({ path, index }: Row, components: string) =>
      change(
        "Change components",
        "put",
        `${REPOSITORIES}/components`,
        { node },
        { path, index, components, digest },
      ),
    firmware: () =>
      change("Enable the firmware component", "post", `${REPOSITORIES}/firmware`, { node }, { digest }),
    convert: (path: string) =>
      change("Convert to deb822 format", "post", `${REPOSITORIES}/convert`, { node }, { path, digest }),
  };
}

/** The host downloads the product's release key itself and compares it with the published checksum. */
export function fetchKey(node: string) {
  return change("Download the product's key", "post", "/nodes/{node}/apt/keys/fetch", { node }, {});
}

/** A key file and the place it shall be installed at. */
export interface ChosenKey {
  target: string;
  /** Base64. */
  content: string;
  /** Empty for the product's own keys, whose sums the host knows. */
  sha512: string;
}

export function installKey(node: string, { target, content, sha512 }: ChosenKey) {
  const sum = sha512 === "" ? {} : { sha512 };
  return change("Install a key", "post", "/nodes/{node}/apt/keys", { node }, { target, content, ...sum });
}
