import AddressBookIcon from "@patternfly/react-icons/dist/esm/icons/address-book-icon";
import CardIcon from "@patternfly/react-icons/dist/esm/icons/ethernet-icon";
import GlobeIcon from "@patternfly/react-icons/dist/esm/icons/globe-icon";
import NetworkIcon from "@patternfly/react-icons/dist/esm/icons/network-wired-icon";
import { lazy } from "react";
import type { Chapter } from "../../kit/chapter";

export const interfaces: Chapter = {
  id: "network",
  title: "Network",
  icon: NetworkIcon,
  letter: "n",
  Page: lazy(async () => ({ default: (await import("./NetworkPages")).NetworkPages })),
};

export const cards: Chapter = {
  id: "cards",
  title: "Network cards",
  icon: CardIcon,
  letter: "e",
  Page: lazy(async () => ({ default: (await import("./CardsPage")).CardsPage })),
};

export const dns: Chapter = {
  id: "dns",
  title: "DNS",
  icon: GlobeIcon,
  letter: "m",
  Page: lazy(async () => ({ default: (await import("./DnsPage")).DnsPage })),
};

export const hosts: Chapter = {
  id: "hosts",
  title: "Hosts",
  icon: AddressBookIcon,
  letter: "o",
  Page: lazy(async () => ({ default: (await import("./HostsPage")).HostsPage })),
};
