import type { ComponentType } from "react";

/** A chapter of the program: a page of every node, with pages of its own below it. */
export interface Chapter {
  /** Its name in addresses: `#/nodes/pve1/<id>`. */
  id: string;
  title: string;
  icon: ComponentType;
  /** The letter that opens it, after `g`. */
  letter: string;
  /** `rest` is what follows the chapter in the address. */
  Page: ComponentType<{ node: string; rest: string[] }>;
}
