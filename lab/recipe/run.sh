# Runs one script of the recipe: `run.sh base.sh`. The build calls it as root of a mount and a process namespace of its own, so
# that nothing mounted or started here outlives it, with SUITE, OUT (where the result goes) and OWNER (whose it will be) in the
# environment. $OUT/tree is for the script to fill, and is removed at the end.
set -euo pipefail
exec 2>&1
umask 022
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 TZ=UTC
# the kernel's packages would each write the initial RAM disk: the last script does it, once
export INITRD=No

recipe=$(cd "$(dirname "$0")" && pwd)
TREE=$OUT/tree

# part NAME: what the program shows, with the time until the next one
part() { echo "== $1"; }

# inside COMMAND: in the tree
inside() { chroot "$TREE" "$@"; }

# install NAME...: packages, into the tree
install_packages() { inside apt-get -q -y --no-install-recommends install "$@"; }

# what the tree needs while packages are installed in it, and must not keep
prepare_tree() {
  printf '#!/bin/sh\nexit 101\n' >"$TREE/usr/sbin/policy-rc.d"
  chmod 755 "$TREE/usr/sbin/policy-rc.d"
  cp /etc/resolv.conf "$TREE/etc/resolv.conf"
  mount -t proc proc "$TREE/proc"
}

pack_tree() { # FILE
  tar -C "$TREE" --one-file-system --xattrs --xattrs-include='*' --numeric-owner -cf - . | zstd -q -1 -T0 -o "$1"
}

unpack_tree() { # FILE
  mkdir "$TREE"
  zstd -q -dc "$1" | tar -C "$TREE" --xattrs --xattrs-include='*' --numeric-owner -xf -
}

# shellcheck source=/dev/null
. "$recipe/$1"

if mountpoint -q "$TREE/proc"; then umount "$TREE/proc"; fi
rm -rf --one-file-system "$TREE"
chown -R "$OWNER" "$OUT"
