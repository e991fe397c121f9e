"""What an administrator's script does with proxmoxer: list, toggle, add. Unchanged client, both ways to log in."""

import os
import sys

import urllib3
from proxmoxer import ProxmoxAPI
from proxmoxer.core import ResourceException

urllib3.disable_warnings()
host, port = sys.argv[1].split(":")
common = {"port": int(port), "verify_ssl": False, "service": "PVE"}

by_token = ProxmoxAPI(host, user="root@pam", token_name="proxmoxer", token_value=os.environ["TOKEN_SECRET"], **common)
by_ticket = ProxmoxAPI(host, user="root@pam", password=os.environ["TICKET"], **common)

for proxmox in (by_token, by_ticket):
    assert proxmox.version.get()["release"].startswith("8."), "the spoken version"
    nodes = proxmox.nodes.get()
    assert [node["node"] for node in nodes] == ["pve1"], nodes
    node = proxmox.nodes("pve1")
    repositories = node.apt.repositories.get()
    files = {file["path"]: file for file in repositories["files"]}
    entries = files["/etc/apt/sources.list"]["repositories"]
    assert entries[0]["Suites"] == ["bookworm"], entries[0]

    def toggle(enabled):
        digest = node.apt.repositories.get()["digest"]
        node.apt.repositories.post(path="/etc/apt/sources.list", index=0, enabled=enabled, digest=digest)
        listed = node.apt.repositories.get()["files"]
        entry = next(file for file in listed if file["path"] == "/etc/apt/sources.list")["repositories"][0]
        assert int(entry["Enabled"]) == enabled, entry

    toggle(0)
    toggle(1)
    tasks = node.tasks.get(limit=5)
    assert tasks and tasks[0]["status"] == "OK", tasks
    lines = node.tasks(tasks[0]["upid"]).log.get()
    assert lines[-1]["t"] == "TASK OK", lines
    assert node.tasks(tasks[0]["upid"]).status.get()["exitstatus"] == "OK"

    try:
        node.apt.repositories.post(path="/etc/apt/sources.list", index=99, enabled=0)
        raise SystemExit("a wrong index was accepted")
    except ResourceException as error:
        assert "invalid index - 99" in str(error), error

by_token.nodes("pve1").apt.repositories.put(handle="no-subscription")
standard = by_ticket.nodes("pve1").apt.repositories.get()["standard-repos"]
state = {repository["handle"]: repository.get("status") for repository in standard}
assert state["no-subscription"] == 1, state
