#!/usr/bin/env bash
# Installs what is missing for: build, test, bench, lab. Does nothing, quickly, when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages_build=(mold libpam0g-dev pkg-config gcc)
packages_test=(chromium python3 python3-venv gpgv)
packages_bench=(nginx-light wrk curl time)
packages_lab=(qemu-system-x86 qemu-utils ovmf debootstrap e2fsprogs zstd)

# Debian packages that are not there yet; needs root only then
debian() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "installing Debian packages: ${missing[*]}"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -q
  local wanted=("${missing[@]}")
  if [[ " ${missing[*]} " == *" qemu-"* ]]; then
    # both of one version: where one of them is there from another source, its peer's candidate conflicts with it
    local version
    version=$(apt-cache policy qemu-system-x86 | awk '$1 == "Candidate:" {print $2}')
    wanted+=("qemu-system-x86=$version" "qemu-utils=$version")
  fi
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -q -y --no-install-recommends --allow-downgrades "${wanted[@]}"
}

# A cargo tool, built once for all checkouts of this user: building one takes longer than most tests
tools="${XDG_CACHE_HOME:-$HOME/.cache}/innkeeper-tools"
cargo_tool() { # binary, crate
  command -v "$1" >/dev/null || [ -x "$tools/bin/$1" ] || {
    echo "building $2 (once, some minutes)"
    cargo install --quiet --locked --root "$tools" "$2"
  }
}

# One collection out of the wheel that carries them all, below .venv/collections. The wheel's own ansible-core wants a newer Python than
# Debian 12 has; the collection does not.
ansible_collection() { # name, as a path
  local download
  download=$(mktemp -d)
  .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --python-version 3.13 --only-binary=:all: \
    --dest "$download" -r scripts/ansible-collection.txt
  rm -rf .venv/collections
  .venv/bin/python - "$download"/ansible-*.whl "ansible_collections/$1/" <<'PYTHON'
import sys
import zipfile

wheel, wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(".venv/collections", [name for name in archive.namelist() if name.startswith(wanted)])
PYTHON
  rm -rf "$download"
}

# ifquery of ifupdown2, unpacked beside the system: installed, the package would take over the machine's network
ifquery() {
  [ -x "$tools/ifupdown2/ifquery" ] && return
  echo "unpacking ifupdown2"
  local download
  download=$(mktemp -d)
  (cd "$download" && apt-get -qq -o APT::Sandbox::User=root download ifupdown2)
  rm -rf "$tools/ifupdown2"
  mkdir -p "$tools"
  dpkg-deb -x "$download"/ifupdown2_*.deb "$tools/ifupdown2"
  rm -rf "$download"
  # where there is no configuration of the system it looks beside its own files
  ln -s ../../../etc "$tools/ifupdown2/usr/share/ifupdown2/etc"
  # what it does depends on the name that it is called by
  mkdir "$tools/ifupdown2/bin"
  ln -s ../usr/share/ifupdown2/__main__.py "$tools/ifupdown2/bin/ifquery"
  printf '#!/bin/sh\nexec /usr/bin/python3 "%s/ifupdown2/bin/ifquery" "$@"\n' "$tools" >"$tools/ifupdown2/ifquery"
  chmod +x "$tools/ifupdown2/ifquery"
}

command -v cargo >/dev/null || { echo "The Rust toolchain is missing: see https://rustup.rs" >&2; exit 1; }
command -v npm >/dev/null || { echo "Node.js with npm is missing: version 20 or later" >&2; exit 1; }

case "${1:-build}" in
  build)
    debian "${packages_build[@]}"
    command -v cargo-nextest >/dev/null || cargo_tool cargo-nextest cargo-nextest
    ;;
  test)
    debian "${packages_test[@]}"
    ifquery
    cargo_tool cargo-deny cargo-deny@0.18.9
    if ! cat scripts/requirements.txt scripts/ansible-collection.txt | cmp -s - .venv/requirements.txt; then
      echo "installing Python tools for tests"
      python3 -m venv .venv
      .venv/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
      ansible_collection community/proxmox
      cat scripts/requirements.txt scripts/ansible-collection.txt >.venv/requirements.txt
    fi
    ;;
  bench)
    debian "${packages_bench[@]}"
    ifquery
    ;;
  lab) debian "${packages_lab[@]}" ;;
  *) echo "usage: $0 build|test|bench|lab" >&2; exit 2 ;;
esac
