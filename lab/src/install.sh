# install.sh DISK systemd-boot|grub: see install.rs
set -eu
disk=$1 loader=$2
# emulated timers may be late, which is no reason to panic
options="console=ttyS0 quiet no_timer_check systemd.show_status=true"

sgdisk --clear --new=1:1M:+256M --typecode=1:ef00 --new=2:0:0 --typecode=2:8304 "$disk"
partprobe "$disk"
udevadm settle
esp=$(lsblk -nrpo NAME "$disk" | sed -n 2p) root=$(lsblk -nrpo NAME "$disk" | sed -n 3p)
mkfs.vfat -F 32 -n ESP "$esp"
# in large pieces past the page cache, which an emulated processor has the least to do with: files one by one, or blocks one by one
# with e2image, take ten times as long. The disk is blank, so that zeros need no writing. The source is mounted, so what was being
# written meanwhile is mended like after a power cut. The UUID stays: a new one would be written into every block of the tables
sync
dd if="$(findmnt -no SOURCE /)" of="$root" bs=4M iflag=direct oflag=direct conv=sparse status=none
e2fsck -fy "$root" || [ $? -eq 1 ]
tune2fs -L installed "$root"

mkdir -p /run/install
mount "$root" /run/install
cd /run/install
mkdir -p boot/efi
mount "$esp" boot/efi
cat >etc/fstab <<END
LABEL=installed / ext4 errors=remount-ro 0 1
UUID=$(blkid -s UUID -o value "$esp") /boot/efi vfat umask=0077 0 0
END
for dir in dev proc sys run; do mount --rbind "/$dir" "$dir" && mount --make-rslave "$dir"; done

case $loader in
  systemd-boot)
    mkdir -p etc/kernel/install.d
    # the modules are those that came along, and listing them anew takes longest
    ln -s /dev/null etc/kernel/install.d/50-depmod.install
    echo "root=LABEL=installed ro $options" >etc/kernel/cmdline
    chroot . bootctl install --no-variables --esp-path=/boot/efi
    for kernel in boot/vmlinuz-*; do
      kernel=${kernel#boot/vmlinuz-}
      chroot . kernel-install add "$kernel" "/boot/vmlinuz-$kernel" "/boot/initrd.img-$kernel"
    done
    ;;
  grub)
    cat >etc/default/grub <<END
GRUB_TIMEOUT=0
GRUB_DISTRIBUTOR=Debian
GRUB_TERMINAL=console
GRUB_CMDLINE_LINUX="$options"
END
    # where a machine looks that remembers no loader
    chroot . grub-install --target=x86_64-efi --efi-directory=/boot/efi --bootloader-id=debian --no-nvram --force-extra-removable
    chroot . update-grub
    ;;
esac
sync
cd /
umount -R -l /run/install
