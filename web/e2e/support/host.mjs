// A host of its own on this machine: namespaces with another network, other files and other processes, and a place outside of
// it, at the other end of its wire, where the browser is. Nothing of this machine's own network or files is touched.

import { execFile, execFileSync, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rmdir, rm, stat, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CHROMIUM } from "./browser.mjs";
import { announced, program } from "./server.mjs";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("host.sh", import.meta.url));
const CACHE = process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache");
const IFUPDOWN2 = path.join(CACHE, "innkeeper-tools/ifupdown2");
/** What a host needs from the kernel besides namespaces. */
const PROBE = `set -e; mount -t tmpfs none /mnt; mkdir /mnt/u /mnt/w /mnt/r
mount -t overlay none -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r
ip link add one type veth peer name other; ip link add vmbr0 type bridge`;

/** Why there can be no such host here, or false: what node:test takes as a reason to skip. */
export async function cannotHaveHosts() {
  if (process.getuid() !== 0) return "only root can make a network of its own";
  if (!(await stat(IFUPDOWN2).catch(() => undefined)))
    return `ifupdown2 is not unpacked in ${IFUPDOWN2}: scripts/tools.sh test does it`;
  try {
    execFileSync("unshare", ["--mount", "--net", "--propagation", "private", "sh", "-c", PROBE], {
      stdio: "pipe",
    });
    return false;
  } catch (error) {
    return `this kernel or container gives no namespaces with overlay, veth and bridge: ${error.stderr || error.message}`;
  }
}

/** Runs in new namespaces until `end()` is called or this process ends, whichever comes first. */
async function unshared(options, command) {
  const child = spawn("unshare", [...options, ...command], { stdio: ["pipe", "pipe", "pipe"] });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  let said = "";
  child.stderr.on("data", (bytes) => (said += bytes));
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`it ended with ${code}: ${said}`)));
    child.stdout.once("data", resolve);
  });
  return {
    pid: child.pid,
    end: () => {
      child.stdin.end();
      return gone;
    },
  };
}

/** A browser, started where the host's wire ends. */
async function browserIn(outside, directory) {
  const file = path.join(directory, "chromium");
  await writeFile(file, `#!/bin/sh\nexec nsenter --net=/proc/${outside.pid}/ns/net -- ${CHROMIUM} "$@"\n`);
  await chmod(file, 0o755);
  return file;
}

/**
 * A host with one wire, whose card is `eno1`; the other end, outside, is `wire`. `interfaces` is its configuration,
 * which is in force, and `near` the address of the other end.
 */
export async function makeHost({ interfaces, near }) {
  const directory = await mkdtemp(path.join(tmpdir(), "innkeeper-host-"));
  const mount = await mkdtemp(path.join(tmpdir(), "innkeeper-host-root-"));
  const outside = await unshared(["--net"], ["sh", "-c", "ip link set lo up && echo ready && read -r _"]);
  const inside = await unshared(
    ["--mount", "--net", "--uts", "--pid", "--fork", "--kill-child"],
    ["bash", SCRIPT, mount, program(), IFUPDOWN2],
  );
  const init = (await readFile(`/proc/${inside.pid}/task/${inside.pid}/children`, "utf8")).trim();
  const enter = ["--target", init, "--mount", "--net", "--uts", "--pid", "--root", "--wd", "--"];
  const host = {
    browser: await browserIn(outside, directory),
    /** Runs a command on the host, and gives what it says. */
    run: async (...command) => (await run("nsenter", [...enter, ...command])).stdout,
    read: (file) => readFile(`/proc/${init}/root${file}`, "utf8"),
    write: (file, text) => writeFile(`/proc/${init}/root${file}`, text),
    /** Starts the program on all addresses, and gives the secret that logs in once. */
    async serve() {
      const command = ["/usr/bin/innkeeper", "serve", "--listen", "0.0.0.0:8006", "--link"];
      const [, link] = await announced(
        spawn("nsenter", [...enter, ...command], { stdio: ["ignore", "pipe", "pipe"] }),
      );
      return link.split("#link=")[1];
    },
    async remove() {
      await inside.end();
      await outside.end();
      await rm(directory, { recursive: true });
      // what was mounted there went with the namespace
      await rmdir(mount);
    },
  };
  const ip = (pid, ...args) => run("nsenter", [`--net=/proc/${pid}/ns/net`, "--", "ip", ...args]);
  await ip(
    inside.pid,
    "link",
    "add",
    "eno1",
    "type",
    "veth",
    "peer",
    "name",
    "wire",
    "netns",
    String(outside.pid),
  );
  await ip(outside.pid, "address", "add", near, "dev", "wire");
  // an address that the kernel makes up a second later would be another network to the browser
  await ip(outside.pid, "link", "set", "wire", "addrgenmode", "none", "up");
  await host.write("/etc/network/interfaces", interfaces);
  await host.run("ifreload", "--all");
  return host;
}
