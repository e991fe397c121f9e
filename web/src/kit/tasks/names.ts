// What a task does, in words. A type that is not known here is shown as it is.

const NAMES: Record<string, string> = {
  aptupdate: "Refresh package lists",
  aptrepochange: "Change repository",
  aptrepoadd: "Add repository",
  aptreporemove: "Remove repository",
  aptrepocomponents: "Change components",
  aptrepofirmware: "Enable firmware component",
  aptrepoconvert: "Convert to .sources",
  aptkey: "Install key",
  aptkeyfetch: "Download key",
  aptupgrade: "Install updates",
  aptinstall: "Install package",
  apthold: "Hold or release package",
  aptclean: "Remove downloaded packages",
  aptrepair: "Finish interrupted installation",
  ucodeinstall: "Install microcode",
  ucodehold: "Hold or release microcode",
  ucoderemove: "Remove microcode",
  fwupdinstall: "Install fwupd",
  fwrefresh: "Refresh list of firmware",
  fwupdate: "Update firmware",
  dnsset: "Set name servers",
  hostsset: "Write /etc/hosts",
  hostsadd: "Add entry of hosts",
  hostsedit: "Change entry of hosts",
  hostsremove: "Remove entry of hosts",
  nicpin: "Keep names of cards",
  nicunpin: "Release name of card",
  nicrename: "Rename card",
  nicscheme: "Naming scheme of cards",
  netcreate: "Create network interface",
  netchange: "Change network interface",
  netdelete: "Remove network interface",
  netrevert: "Discard network changes",
  netsetcreate: "Make network change set",
  netsetrebase: "Rebase network change set",
  netsetstage: "Stage network change set",
  netsetdelete: "Discard network change set",
  netrecipe: "Set up network",
  netforward: "Enter addresses of guests",
  undo: "Undo change",
  finish: "Finish change",
  revert: "Take back change",
  tokencreate: "Create API token",
  tokenchange: "Change API token",
  tokenremove: "Remove API token",
  useradd: "Add user",
  usermod: "Change user",
  userdel: "Remove user",
  groupadd: "Add group",
  groupmod: "Change group",
  groupdel: "Remove group",
  roleadd: "Add role",
  rolemod: "Change role",
  roledel: "Remove role",
  aclmod: "Change permissions",
  passwd: "Change password",
  tfaadd: "Add second factor",
  tfamod: "Change second factor",
  tfadel: "Remove second factor",
  realmmod: "Change realm",
  realmdel: "Remove realm",
  srvreload: "Reload service",
  srvrestart: "Restart service",
  srvstart: "Start service",
  srvstop: "Stop service",
};

export function taskName(task: { type: string; id?: string }): string {
  const name = NAMES[task.type] ?? task.type;
  return task.id ? `${name} ${task.id}` : name;
}

export type TaskResult = "running" | "ok" | "warning" | "error" | "unknown";

export function taskResult(status: string | null | undefined, running: boolean): TaskResult {
  if (running) return "running";
  if (status === "OK") return "ok";
  if (status == null || status === "" || status === "unexpected status") return "unknown";
  return status.startsWith("WARNINGS") ? "warning" : "error";
}
