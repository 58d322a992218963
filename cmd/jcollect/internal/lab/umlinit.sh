#!/bin/sh
# Process 1 of a User-Mode Linux node, as the node sees it. What it needs to know stands in its environment, where the
# kernel puts the words of its command line that it doesn't know itself.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
mount -t proc -o nosuid,nodev,noexec proc /proc
exec </dev/null
modules=/usr/lib/uml/modules/$(uname -r)
find "$modules" -name overlay.ko -exec insmod {} \;
mount -t tmpfs tmpfs /mnt
mkdir /mnt/disk /mnt/root
mount -t ext4 /dev/ubda /mnt/disk 2>/dev/null || { mount -t devtmpfs dev /dev; mount -t ext4 /dev/ubda /mnt/disk; }
mkdir -p /mnt/disk/up /mnt/disk/work
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/disk/up,workdir=/mnt/disk/work /mnt/root
cd /mnt/root
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o nosuid,nodev,noexec sysfs sys
mount -t devtmpfs -o mode=755 dev dev
mkdir -p dev/pts dev/shm
mount -t devpts -o mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p run/old lib/modules
pivot_root . run/old
cd /
umount -l /run/old || true
rmdir /run/old 2>/dev/null || true
if [ ! -e "/lib/modules/$(uname -r)" ]; then ln -s "$modules" "/lib/modules/$(uname -r)"; fi
if [ ! -e "$modules/modules.dep" ]; then depmod -a || true; fi
# This kernel lacks parts of nf_tables; the older tables serve as well.
for module in ipv6 iptable_filter ip6table_filter; do modprobe $module || true; done
for tool in iptables ip6tables; do
	if $tool -N try 2>/dev/null; then
		$tool -X try
	elif [ -e /usr/sbin/$tool-legacy ]; then 
		ln -sf /usr/sbin/$tool-legacy /etc/alternatives/$tool
	fi
done
hostname "$lab_name"
ip link set lo up
ip link set vec0 name eth0
ip addr add "$lab_address/24" dev eth0
ip -6 addr add "$lab_address6/64" dev eth0 nodad || true
ip link set eth0 up
rm -rf /root/.ssh
rm -f /root/.bashrc /root/.bash_profile /root/.bash_login /root/.profile
mkdir -p -m 755 /run/sshd /run/lock
cd /root
set +e
while :; do
	"$lab_sshd" -D -e -f /etc/ssh/jcollect_lab/sshd_config
	sleep 0.2
done
