import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../kit/api";
import { change } from "../../kit/plan/change";
import type { Data } from "../../kit/types";

export type Overview = Data<"/nodes/{node}/firmware/status">;
export type Microcode = Overview["microcode"];
export type Flaw = Overview["vulnerabilities"][number];
export type AvailableVersion = Data<"/nodes/{node}/firmware/microcode">[number];
export type Device = Data<"/nodes/{node}/firmware/devices">[number];
export type Release = Data<"/nodes/{node}/firmware/devices/{device}">[number];

const MICROCODE = "/nodes/{node}/firmware/microcode";
const DEVICES = "/nodes/{node}/firmware/devices";

export function useFirmware(node: string) {
  return useQuery({
    queryKey: ["node", node, "firmware"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/nodes/{node}/firmware/status", { params: { path: { node } }, signal }))).data,
  });
}

export function useVersions(node: string) {
  return useQuery({
    queryKey: ["node", node, "firmware", "versions"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET(MICROCODE, { params: { path: { node } }, signal }))).data,
  });
}

export function useDevices(node: string) {
  return useQuery({
    queryKey: ["node", node, "firmware", "devices"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET(DEVICES, { params: { path: { node } }, signal }))).data,
  });
}

export function useReleases(node: string, device: string) {
  return useQuery({
    queryKey: ["node", node, "firmware", "devices", device],
    queryFn: async ({ signal }) =>
      (await answer(api.GET(`${DEVICES}/{device}`, { params: { path: { node, device } }, signal }))).data,
  });
}

/** The changes of this chapter: each is a call that the plan dialog first asks about. */
export function firmwareChanges(node: string) {
  return {
    install: () => change("Install microcode", "post", MICROCODE, { node }, {}),
    version: (version: string, hold: boolean) =>
      change("Change the version of microcode", "post", MICROCODE, { node }, { version, hold: hold ? 1 : 0 }),
    hold: () => change("Hold microcode", "put", MICROCODE, { node }, { hold: 1 }),
    release: () =>
      change("Release and upgrade microcode", "put", MICROCODE, { node }, { hold: 0, upgrade: 1 }),
    remove: () => change("Remove microcode", "delete", MICROCODE, { node }, {}),
    installFwupd: () => change("Install fwupd", "post", "/nodes/{node}/firmware/fwupd", { node }, {}),
    refresh: () =>
      change("Refresh the list of firmware", "post", "/nodes/{node}/firmware/refresh", { node }, {}),
    write: (device: Device, version?: string) =>
      change(
        `Update the firmware of ${device.name}`,
        "post",
        `${DEVICES}/{device}`,
        { node, device: device.id },
        version === undefined ? {} : { version },
      ),
  };
}
