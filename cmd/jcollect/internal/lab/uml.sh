# What runs as process 1 of a User-Mode Linux node, as this machine sees it: sh THIS NAME FOLDER BASE ADDRESS ADDRESS6 SSHD
# HARDWARE PROGRAM. It gives the kernel PROGRAM an overlay as its file system, so that a node that mounts its
# host's files sees that, not this machine's own. It waits for a line, as other nodes do.
IFS= read -r go || exit 1
exec </dev/null
set -e
name=$1 folder=$2 base=$3 address=$4 address6=$5 sshd=$6 hardware=$7 program=$8
root=$folder/root
mount --make-rprivate /
mkdir -p "$root" "$folder/up0" "$folder/work0"
rm -f "$folder/connected"
if ! mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/up0,workdir=$folder/work0" "$root"; then
	mount -t tmpfs -o mode=755 tmpfs "$folder/work0"
	mkdir "$folder/work0/up" "$folder/work0/work"
	cp -a "$folder/up0/." "$folder/work0/up/"
	mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/work0/up,workdir=$folder/work0/work" "$root"
fi
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p ".$base" run/lab
mount -t tmpfs -o mode=700,size=4k tmpfs ".$base"
mount -t tmpfs -o mode=755,nosuid tmpfs dev
mkdir dev/shm dev/net
mount -t tmpfs -o mode=1777 tmpfs dev/shm
for device in null zero random urandom tty net/tun; do
	: >"dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
: >run/lab/disk
mount --bind "$folder/disk" run/lab/disk
cp "$folder/../umlinit.sh" run/lab/init
chmod 755 run/lab/init
mkdir run/old
pivot_root . run/old
: >"/run/old$folder/connected"
umount -l /run/old
rmdir /run/old
cd /
export HOME=/root TMPDIR=/dev/shm PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The kernel makes a folder and processes of its own; they end with this process.
set +e
"$program" mem=384M umid="$name" uml_dir=/run/lab root=/dev/root rootfstype=hostfs rootflags=/ rw ubd0=/run/lab/disk \
	"vec0:transport=tap,ifname=$name,mac=$hardware,gro=1" con=null con0=null,fd:1 con1=null,fd:1 quiet init=/run/lab/init \
	"lab_name=$name" "lab_address=$address" "lab_address6=$address6" "lab_sshd=$sshd"
echo "the kernel ended with $?"
