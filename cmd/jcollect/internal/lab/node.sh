# What runs as process 1 of a node: sh THIS NAME FOLDER BASE ADDRESS ADDRESS6 SSHD [VOLUME ...]
# FOLDER holds the node's own files, BASE all labs'. It waits for a line, so that nothing happens before the lab has
# written down who we are; if the lab dies before, the input ends and so do we.
IFS= read -r go || exit 1
exec </dev/null
set -e
name=$1 folder=$2 base=$3 address=$4 address6=$5 sshd=$6
shift 6
root=$folder/root

# What happens here shows nowhere else.
mount --make-rprivate /

# overlay LOWER N AT lays a folder of this machine under one of the node's own. The files of a machine may lie on
# something that can't carry that (a container's own overlay): then memory does.
overlay() {
	mkdir -p "$folder/up$2" "$folder/work$2"
	if mount -t overlay overlay -o "lowerdir=$1,upperdir=$folder/up$2,workdir=$folder/work$2" "$3"; then return; fi
	mkdir -p "$folder/ram$2"
	mount -t tmpfs -o mode=755 tmpfs "$folder/ram$2"
	mkdir "$folder/ram$2/up" "$folder/ram$2/work"
	cp -a "$folder/up$2/." "$folder/ram$2/up/"
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$folder/ram$2/up,workdir=$folder/ram$2/work" "$3"
	echo "what $name writes is kept in memory: the folder $folder can't be the upper part of an overlay" >"$folder/note"
}
rm -f "$folder/note" "$folder/connected"
mkdir -p "$root"
overlay / 0 "$root"
n=0
for volume; do
	n=$((n + 1))
	overlay "$volume" $n "$root$volume"
done
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
# Bounded: a fault that fills a disk, or a program that fills /tmp, must not fill the memory of the machine.
mount -t tmpfs -o mode=755,size=64m tmpfs run
mount -t tmpfs -o mode=1777,size=512m tmpfs tmp
mkdir -p ".$base"
mount -t tmpfs -o mode=700,size=4k tmpfs ".$base"

# A few devices that harm nobody.
mount -t tmpfs -o mode=755,nosuid,size=1m tmpfs dev
mkdir dev/pts dev/shm dev/net
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts || mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs -o mode=1777,size=256m tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
for device in null zero full random urandom tty fuse net/tun; do
	if [ -e "/dev/$device" ]; then
		: >"dev/$device"
		mount --bind "/dev/$device" "dev/$device"
	fi
done

# A node's root is this machine's root: it may set up its own network, but not the machine.
echo "$name" >proc/sys/kernel/hostname
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
if [ -e proc/sysrq-trigger ]; then mount --bind dev/null proc/sysrq-trigger; fi

ip link set lo up
ip addr add "$address/24" dev eth0
ip -6 addr add "$address6/64" dev eth0 nodad || echo "no IPv6 here"
ip link set eth0 up
: >"$folder/connected"

old=run/old
mkdir $old
pivot_root . $old
cd /
umount -l /run/old
rmdir /run/old

# The machine's own keys and slow shells are not for nodes.
rm -rf /root/.ssh
rm -f /root/.bashrc /root/.bash_profile /root/.bash_login /root/.profile
mkdir -p -m 755 /run/sshd /run/lock
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
cd /root

# As process 1 we also take away what others leave behind.
set +e
while :; do
	"$sshd" -D -e -f /etc/ssh/jcollect_lab/sshd_config
	sleep 0.2
done
