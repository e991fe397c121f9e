# Stage 1: the packages, as Debian installs them. Wants MIRROR, SECURITY and PACKAGES.

part debootstrap
debootstrap --variant=minbase "$SUITE" "$TREE" "$MIRROR"

part upgrade
components="main contrib non-free-firmware"
cat >"$TREE/etc/apt/sources.list" <<EOF
deb $MIRROR $SUITE $components
deb $MIRROR $SUITE-updates $components
deb $SECURITY $SUITE-security $components
EOF
prepare_tree
# nothing is written twice to be safe from a crash, and nobody reads manuals there
echo force-unsafe-io >"$TREE/etc/dpkg/dpkg.cfg.d/lab"
for path in man doc locale info lintian; do
  echo "path-exclude=/usr/share/$path/*" >>"$TREE/etc/dpkg/dpkg.cfg.d/lab"
done
inside apt-get -q update
# the archive as it is today, for tests of what APT makes of it; under the names that it has on an installed host
mkdir -p "$TREE/usr/share/lab"
name() { local url=${1#*://}; url=${url%/}; echo "${url//\//_}"; }
tar -C "$TREE/var/lib/apt/lists" --exclude=lock --exclude=partial --exclude=auxfiles \
  --transform "s|$(name "$SECURITY")_|security.debian.org_debian-security_|;s|$(name "$MIRROR")_|deb.debian.org_debian_|" \
  -cf - . | zstd -q -9 -T0 -o "$TREE/usr/share/lab/archive-lists.tar.zst"
inside apt-get -q -y dist-upgrade

part packages
mkdir -p "$TREE/etc/initramfs-tools"
echo 'update_initramfs=no' >"$TREE/etc/initramfs-tools/update-initramfs.conf"
# what wants the ZFS modules is told that they are there: DKMS and a compiler would come along otherwise
package=$TREE/tmp/lab-zfs-modules
mkdir -p "$package/DEBIAN"
cat >"$package/DEBIAN/control" <<EOF
Package: lab-zfs-modules
Version: 1
Architecture: all
Provides: zfs-modules
Maintainer: Innkeeper lab <root@localhost>
Description: Stands for the ZFS modules, which the lab's image has without a package
EOF
inside dpkg-deb --build /tmp/lab-zfs-modules
echo postfix postfix/main_mailer_type select Local only | inside debconf-set-selections
# shellcheck disable=SC2086 # a list
install_packages -o Dpkg::Options::=--force-confold $PACKAGES /tmp/lab-zfs-modules.deb
inside apt-get clean

part archive
# the versions that the ZFS modules must fit
kernel=$(basename "$TREE"/boot/vmlinuz-*)
zfs=$(inside dpkg-query -W -f '${Version}' zfsutils-linux)
printf 'kernel=%s\nzfs=%s\n' "${kernel#vmlinuz-}" "$zfs" >"$OUT/versions"
pack_tree "$OUT/tree.tar.zst"
