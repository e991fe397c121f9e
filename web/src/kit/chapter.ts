import type { ComponentType } from "react";

/** A page with pages of its own below it: a chapter of the program. */
interface Section<Props> {
  /** Its name in addresses: `#/nodes/pve1/<id>`, `#/datacenter/<id>`. */
  id: string;
  title: string;
  icon: ComponentType;
  /** The letter that opens it, after `g`. */
  letter: string;
  /** `rest` is what follows the chapter in the address. */
  Page: ComponentType<Props & { rest: string[] }>;
}

/** A chapter about one node: every node has such a page. */
export type Chapter = Section<{ node: string }>;

/** A chapter about what all nodes have in common. */
export type DatacenterChapter = Section<object>;
