#!/bin/sh
# Becomes a systemd that manages a system of its own: own processes, mounts, network, names and control groups, on a copy of
# this host's files that lies in memory and is gone with it. Nothing of the host is written, seen or signalled.
#
# boot.sh FOLDER PROGRAM: FOLDER is an empty one that is mounted over, PROGRAM is laid as /usr/local/bin/guildhall. Run as
# the first process of new namespaces. Says "cannot: ..." and ends with 77 where this host does not let it.
folder=$1
program=$2
root=$folder/root

cannot() {
  echo "cannot: $1"
  exit 77
}

mount --make-rprivate / || cannot "mounts cannot be kept to ourselves"
mount -t tmpfs -o mode=0755 tmpfs "$folder" || cannot "no file system in memory can be mounted"
mkdir "$folder/upper" "$folder/work" "$root"
chmod 0755 "$folder/upper"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root" ||
  cannot "no file system can be laid over this host's"
[ -x "$root/lib/systemd/systemd" ] || cannot "systemd lies on another file system"
ip link set lo up 2>/dev/null || cannot "loopback cannot be brought up"

mount -t proc proc "$root/proc" || cannot "/proc cannot be mounted"
# Settings of the kernel are the whole host's.
mount --bind "$root/proc/sys" "$root/proc/sys" && mount -o remount,bind,ro "$root/proc/sys" ||
  cannot "the kernel's settings cannot be shut off"
mount -t sysfs -o ro sysfs "$root/sys" || cannot "/sys cannot be mounted"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" || cannot "control groups cannot be mounted"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device" || cannot "the devices cannot be shown"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts" || cannot "terminals cannot be made"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

# Nothing that this host's packages would start: the manager, its bus, and what the test does.
rm -rf "$root"/etc/systemd/system "$root"/usr/lib/systemd/system/*.wants "$root"/usr/lib/systemd/system-generators
mkdir -p "$root/etc/systemd/system" "$root/former"
for target in sysinit basic test; do
  printf '[Unit]\nDescription=%s\n' "$target" >"$root/etc/systemd/system/$target.target"
done
echo 'Wants=dbus.socket' >>"$root/etc/systemd/system/test.target"
install -m 0755 "$program" "$root/usr/local/bin/guildhall" || cannot "the program cannot be copied"

cd "$root" && pivot_root . former && umount -l /former || cannot "the host's files cannot be left"
exec env -i container=guildhall PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system systemd.unified_cgroup_hierarchy=1 --unit=test.target --log-target=console
