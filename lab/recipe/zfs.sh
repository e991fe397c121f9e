# Stage 2: the ZFS modules for the kernel of stage 1, built by DKMS in a copy of its tree that is thrown away. Wants BASE
# (stage 1), KERNEL and ZFS (the versions).

part "headers and compiler"
unpack_tree "$BASE/tree.tar.zst"
prepare_tree
# the headers of the very kernel that is in the image, which need not be the newest any more when this is run
install_packages "linux-headers-$KERNEL" dkms make gcc libc6-dev

part "ZFS modules"
if ! install_packages "zfs-dkms=$ZFS"; then
  tail -n 40 "$TREE"/var/lib/dkms/zfs/*/build/make.log || true
  exit 1
fi
modules=$(cd "$TREE" && find "lib/modules/$KERNEL/updates" -name '*.ko*')
case $modules in
  */zfs.ko*) ;;
  *) echo "DKMS has made no zfs.ko for $KERNEL"; exit 1 ;;
esac
# shellcheck disable=SC2086 # a list
tar -C "$TREE" --numeric-owner -cf "$OUT/modules.tar" $modules
