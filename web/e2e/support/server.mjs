// The real program, serving a small Debian system that each run makes for itself.

import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

export const SOURCES = "/etc/apt/sources.list";

/** Comments, blank lines, two blanks in a row and a missing newline at the end: whatever is undone must bring it all back. */
export const SOURCES_TEXT = `# made by the installer, do not lose this line
deb http://deb.debian.org/debian bookworm main contrib

deb http://deb.debian.org/debian  bookworm-updates main contrib   # stable updates

# security updates
deb http://security.debian.org/debian-security bookworm-security main contrib
# deb-src http://deb.debian.org/debian bookworm main`;

const FILES = {
  [SOURCES]: SOURCES_TEXT,
  "/etc/apt/sources.list.d/pve-enterprise.list":
    "deb https://enterprise.proxmox.com/debian/pve bookworm pve-enterprise\n",
  "/etc/apt/sources.list.d/backports.sources": `# newer packages
Types: deb deb-src
URIs: https://deb.debian.org/debian
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
Architectures: amd64
`,
  "/etc/apt/sources.list.d/broken.list": "# fine\n\ndeb http://deb.debian.org/debian\n",
  "/etc/os-release": 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
  "/etc/hostname": "inn1\n",
  "/etc/hosts": "127.0.0.1 localhost\n192.0.2.10 inn1.example.org inn1\n",
  "/etc/debian_version": "12.5\n",
};

/** Keys are nothing that one makes up: a Debian system has Debian's. */
export const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const KEYS = [KEYRING, "/etc/apt/trusted.gpg.d"];

export async function makeTree(more = {}) {
  const root = await mkdtemp(path.join(tmpdir(), "innkeeper-gui-"));
  for (const [name, text] of Object.entries({ ...FILES, ...more })) {
    await mkdir(path.join(root, path.dirname(name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  for (const name of KEYS) {
    if (!(await stat(name).catch(() => undefined))) continue;
    await mkdir(path.join(root, path.dirname(name)), { recursive: true });
    await cp(name, path.join(root, name), { recursive: true });
  }
  await mkdir(path.join(root, "var/lib/apt/lists"), { recursive: true });
  return {
    root,
    read: (name) => readFile(path.join(root, name), "utf8"),
    write: (name, text) => writeFile(path.join(root, name), text),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** How long the program may take to say where it is. */
const START_MS = 30_000;

/** The program that is tested. */
export function program() {
  const binary = process.env.INNKEEPER_BIN;
  if (!binary)
    throw new Error("INNKEEPER_BIN must name the program: INNKEEPER_BIN=../target/release/innkeeper");
  return path.resolve(binary);
}

/** Address and login link, as `innkeeper serve --link` says them. */
export async function announced(server) {
  let said = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the program does not say where it is: ${said}`)),
      START_MS,
    );
    const hear = (bytes) => {
      said += bytes;
      const found = /(https:\/\/[\d.:]+)\/#link=(\S+)/.exec(said);
      if (!found) return;
      clearTimeout(timer);
      resolve([found[1], found[0]]);
    };
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the program ended with ${code}: ${said}`)));
  });
}

export async function serve(tree) {
  const server = spawn(program(), ["serve", "--root", tree.root, "--listen", "127.0.0.1:0", "--link"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [url, link] = await announced(server);
  return {
    url,
    link,
    stop: () =>
      new Promise((resolve) => {
        if (server.exitCode !== null) return resolve();
        server.once("exit", resolve);
        server.kill("SIGTERM");
      }),
  };
}
