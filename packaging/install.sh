#!/bin/bash
# Puts the program and everything that belongs to it in place below DESTDIR: packaging/install.sh BINARY [DESTDIR]
# Nothing is started and nothing outside DESTDIR is touched; an empty DESTDIR is this system.
set -euo pipefail
binary=$(realpath "$1")
dest=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."

put() { install -D -m "$1" "$2" "$dest$3"; }

put 755 "$binary" /usr/bin/innkeeper
for unit in packaging/systemd/*; do
  put 644 "$unit" "/usr/lib/systemd/system/$(basename "$unit")"
done
put 644 packaging/sysusers.conf /usr/lib/sysusers.d/innkeeper.conf
put 644 packaging/tmpfiles.conf /usr/lib/tmpfiles.d/innkeeper.conf
# what an administrator may have changed stays: a package manager asks, this script does not overwrite
for config in default:/etc/default/innkeeper pam:/etc/pam.d/innkeeper; do
  [ -e "$dest${config#*:}" ] || put 644 "packaging/${config%%:*}" "${config#*:}"
done

# the same program by the original's names
for name in $("$binary" names); do
  ln -sfn innkeeper "$dest/usr/bin/$name"
done

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
"$binary" man "$pages"
gzip -9n "$pages"/*.8
install -D -m 644 -t "$dest/usr/share/man/man8" "$pages"/*.8.gz

complete() { "$binary" completions "$1" --program "$2" >"$dest$3"; chmod 644 "$dest$3"; }
bash=/usr/share/bash-completion/completions
zsh=/usr/share/zsh/vendor-completions
fish=/usr/share/fish/vendor_completions.d
mkdir -p "$dest$bash" "$dest$zsh" "$dest$fish"
for name in innkeeper $("$binary" names); do
  complete bash "$name" "$bash/$name"
  complete zsh "$name" "$zsh/_$name"
  complete fish "$name" "$fish/$name.fish"
done

if [ -z "$dest" ]; then
  echo "installed. To run it:"
  echo "  systemd-sysusers && systemd-tmpfiles --create innkeeper.conf && systemctl daemon-reload"
  echo "  systemctl enable --now innkeeper-{daemon,proxy,statd}.service innkeeper-daily.timer"
  echo "  systemctl enable innkeeper-revert.service"
fi
