# Stage 3: the disk. Wants BASE (stage 1), MODULES (stage 2) and KERNEL.

part unpack
unpack_tree "$BASE/tree.tar.zst"
tar -C "$TREE" --numeric-owner -xf "$MODULES/modules.tar"
tar -C "$recipe/overlay" --owner=0 --group=0 --mode='u=rwX,go=rX' -cf - . | tar -C "$TREE" --no-overwrite-dir -xf -
mount -t proc proc "$TREE/proc"

part settings
echo LABEL=lab / ext4 errors=remount-ro 0 1 >"$TREE/etc/fstab"
echo lab >"$TREE/etc/hostname"
# every host starts as the same machine; those that must differ are told so by the test
echo 1abca5e01abca5e01abca5e01abca5e0 >"$TREE/etc/machine-id"
rm -f "$TREE/var/lib/dbus/machine-id" "$TREE/etc/hostid"
inside zgenhostid 1abca5e0
rm -f "$TREE/etc/resolv.conf" && : >"$TREE/etc/resolv.conf"
# what a host is installed with, whatever mirror it was built from
components="main contrib non-free-firmware"
cat >"$TREE/etc/apt/sources.list" <<EOF
deb http://deb.debian.org/debian $SUITE $components
deb http://deb.debian.org/debian $SUITE-updates $components
deb http://security.debian.org/debian-security $SUITE-security $components
EOF
inside passwd --quiet --lock root
# the journal is kept over reboots
mkdir -p "$TREE/var/log/journal"
# no service of these runs until a test starts it
inside systemctl --quiet disable ssh.service dnsmasq.service chrony.service openvswitch-switch.service smartmontools.service \
  postfix.service
# what would start by itself in the middle of a test, or only costs time at boot
inside systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  e2scrub_reap.service fstrim.timer logrotate.timer man-db.timer systemd-timesyncd.service getty@tty1.service \
  nvmf-autoconnect.service nvmefc-boot-connections.service

part "initial RAM disk"
mv "$TREE/etc/initramfs-tools/update-initramfs.conf.dpkg-dist" "$TREE/etc/initramfs-tools/update-initramfs.conf"
inside depmod "$KERNEL"
inside update-initramfs -c -k "$KERNEL"

part clean
rm -f "$TREE/usr/sbin/policy-rc.d" "$TREE/etc/dpkg/dpkg.cfg.d/lab"
rm -rf "$TREE"/var/lib/apt/lists/* "$TREE"/var/cache/apt/*.bin "$TREE"/var/cache/debconf/*-old "$TREE"/var/log/*.log \
  "$TREE"/var/log/apt "$TREE"/usr/share/{man,doc,locale,info,lintian} "$TREE"/tmp/* "$TREE"/run/*
mkdir "$TREE/usr/share/man" "$TREE/usr/share/doc" "$TREE/var/log/apt"
inside dpkg-query -W -f '${Package} ${Version}\n' >"$OUT/packages"
umount "$TREE/proc"
cp "$TREE/boot/vmlinuz-$KERNEL" "$OUT/vmlinuz"
cp "$TREE/boot/initrd.img-$KERNEL" "$OUT/initrd.img"

part disk
# all of the file system is laid out here: the guest has nothing to finish in the background
mke2fs -q -t ext4 -L lab -m 1 -E lazy_itable_init=0,lazy_journal_init=0 -d "$TREE" "$OUT/root.raw" 6G
qemu-img convert -O qcow2 "$OUT/root.raw" "$OUT/root.qcow2"
rm "$OUT/root.raw"
chmod 444 "$OUT/root.qcow2" "$OUT/vmlinuz" "$OUT/initrd.img"
