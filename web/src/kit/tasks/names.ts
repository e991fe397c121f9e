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
  undo: "Undo change",
  tokencreate: "Create API token",
  tokenremove: "Remove API token",
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
