#!/bin/bash
# Builds the Debian package: packaging/build-deb.sh BINARY [DIRECTORY]
# The package lies in DIRECTORY (target/debian) afterwards; its name is the last line that is printed.
# COMPRESSION=gzip is faster. VERSION=... gives it another version than the workspace has, for tests of upgrades.
set -euo pipefail
binary=$(realpath "$1")
out=${2:-target/debian}
cd "$(dirname "$0")/.."
version=${VERSION:-$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)}
arch=$(dpkg --print-architecture)
# the same sources make the same package
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
umask 022
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree

# package files hold no debug information
install -D -m 755 "$binary" "$work/innkeeper"
strip --strip-unneeded "$work/innkeeper"
packaging/install.sh "$work/innkeeper" "$tree"

doc=$tree/usr/share/doc/innkeeper
install -D -m 644 packaging/debian/copyright "$doc/copyright"
cargo tree --package innkeeper --edges normal --prefix none --format '{p}: {l}' --locked --offline |
  sed 's| (/[^)]*)||; s/ (\*)$//; s/ (proc-macro)//' | sort -u >"$doc/crates"
date=$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
maintainer=$(sed -n 's/^Maintainer: //p' packaging/debian/control)
printf 'innkeeper (%s) bookworm; urgency=medium\n\n  * See NEWS for what changed.\n\n -- %s  %s\n' \
  "$version" "$maintainer" "$date" | gzip -9n >"$doc/changelog.gz"
gzip -9n <CHANGELOG.md >"$doc/NEWS.gz"
install -D -m 644 packaging/debian/lintian-overrides "$tree/usr/share/lintian/overrides/innkeeper"

mkdir -p "$tree/DEBIAN" "$work/debian"
touch "$work/debian/control"
shlibs=$(cd "$work" && dpkg-shlibdeps -O -e"$tree/usr/bin/innkeeper" | sed -n 's/^shlibs:Depends=//p')
size=$(du -k -s --exclude=DEBIAN "$tree" | cut -f1)
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SHLIBS@/$shlibs/; s/@SIZE@/$size/" packaging/debian/control >"$tree/DEBIAN/control"
# a new unit is enabled because it has an [Install] section, and restarted by an upgrade because it says when it is ready
names() { xargs -rn1 basename | sort | paste -sd ' '; }
units=$(grep -l '^\[Install\]' packaging/systemd/* | names)
services=$(grep -l '^Type=notify' packaging/systemd/*.service | names)
standing=$(grep -l '^\[Install\]' packaging/systemd/*.socket packaging/systemd/*.timer | names)
for script in postinst prerm postrm; do
  sed "s/@UNITS@/$units/; s/@SERVICES@/$services/; s/@STANDING@/$standing/" "packaging/debian/$script" >"$tree/DEBIAN/$script"
  chmod 755 "$tree/DEBIAN/$script"
done
(cd "$tree" && find etc -type f | sort | sed 's|^|/|') >"$tree/DEBIAN/conffiles"
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"

find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
package=$out/innkeeper_${version}_$arch.deb
dpkg-deb --root-owner-group "-Z${COMPRESSION:-xz}" --build "$tree" "$package" >/dev/null
echo "$package"
