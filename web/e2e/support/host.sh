#!/bin/bash
# Becomes a host of its own, in namespaces that unshare(1) made: this machine's files with every write kept in memory, a network
# of its own without systemd, and ifupdown2. It ends when its standard input does.
#
#   unshare --mount --net --uts --pid --fork --kill-child host.sh DIRECTORY PROGRAM IFUPDOWN2
set -euo pipefail
directory=$1 program=$2 ifupdown2=$3

# nothing of this is seen outside
mount --make-rprivate /
mount -t tmpfs -o mode=755 memory "$directory"
root=$directory/root
mkdir "$directory"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$directory/upper,workdir=$directory/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
for private in run tmp; do mount -t tmpfs memory "$root/$private"; done
# what this machine may have of the same program is none of its business
rm -rf "$root"/var/{lib,log}/{innkeeper,pve} "$root/etc/pve" "$root/etc/network"

for part in usr etc sbin lib var; do cp -a "$ifupdown2/$part/." "$root/$part/"; done
# what the package does when it is installed, and the system when it starts
chmod +x "$root/usr/share/ifupdown2/__main__.py"
mkdir -p "$root/run/network" "$root/etc/network"
touch "$root/usr/bin/innkeeper"
mount --bind "$program" "$root/usr/bin/innkeeper"
hostname inn1
echo inn1 >"$root/etc/hostname"
printf '127.0.0.1 localhost\n192.0.2.10 inn1\n' >"$root/etc/hosts"

# this shell stays, as the init of its processes: it collects those whose parents are gone
exec chroot "$root" /bin/bash -c 'ip link set lo up && echo ready && read -r _'
