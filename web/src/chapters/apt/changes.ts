// The changes of this chapter: each is a call that the plan dialog first asks about.

import { pathOf } from "../../kit/api";
import type { Change } from "../../kit/plan/state";
import type { StandardRepository } from "../../kit/types";
import type { Row } from "./data";

/** `digest` is what the page shows: the host refuses when the files have moved on since. */
export function aptChanges(node: string, digest: string) {
  const at = (path: string) => pathOf(`/nodes/{node}/apt${path}`, { node });
  return {
    enable: ({ path, index }: Row, enabled: boolean): Change => ({
      title: enabled ? "Enable repository" : "Disable repository",
      node,
      verb: "POST",
      path: at("/repositories"),
      params: { path, index, enabled: enabled ? 1 : 0, digest },
    }),
    add: ({ handle, name, status }: StandardRepository): Change => ({
      title: status === undefined ? `Add the ${name} repository` : `Enable the ${name} repository`,
      node,
      verb: "PUT",
      path: at("/repositories"),
      params: { handle, digest },
    }),
    remove: ({ path, index }: Row): Change => ({
      title: "Remove repository",
      node,
      verb: "DELETE",
      path: at("/repositories"),
      params: { path, index, digest },
    }),
    components: ({ path, index }: Row, components: string): Change => ({
      title: "Change components",
      node,
      verb: "PUT",
      path: at("/repositories/components"),
      params: { path, index, components, digest },
    }),
    firmware: (): Change => ({
      title: "Enable the firmware component",
      node,
      verb: "POST",
      path: at("/repositories/firmware"),
      params: { digest },
    }),
    convert: (path: string): Change => ({
      title: "Convert to deb822 format",
      node,
      verb: "POST",
      path: at("/repositories/convert"),
      params: { path, digest },
    }),
  };
}

/** A key file and the place it shall be installed at. */
export interface ChosenKey {
  target: string;
  /** Base64. */
  content: string;
  /** Empty for the product's own keys, whose sums the host knows. */
  sha512: string;
}

export function installKey(node: string, { target, content, sha512 }: ChosenKey): Change {
  return {
    title: "Install a key",
    node,
    verb: "POST",
    path: pathOf("/nodes/{node}/apt/keys", { node }),
    params: { target, content, sha512 },
  };
}
