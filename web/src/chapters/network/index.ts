import AddressBookIcon from "@patternfly/react-icons/dist/esm/icons/address-book-icon";
import GlobeIcon from "@patternfly/react-icons/dist/esm/icons/globe-icon";
import { lazy } from "react";
import type { Chapter } from "../../kit/chapter";

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
