package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sort"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// probeLimit is how long one trial may take.
const probeLimit = 10 * time.Second

// probedTools are programs that faults and set-up call.
var probedTools = []string{"sh", "ip", "tc", "iptables", "ip6tables", "nft", "getent", "sha256sum", "tar", "xz", "tcpdump", "dmsetup", "fusermount3", "timeout"}

// The first numbers of the kernel's own namespaces (include/linux/proc_ns.h): whoever is in another one of processes is
// in a container, and shares its clock with the machine around it.
const hostPIDNamespace = "pid:[4026531836]"

// probe finds out what this node can do.
func (a *agent) probe(ctx context.Context, in Probe) (Probes, error) {
	p := Probes{Root: os.Geteuid() == 0, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), UnixNano: time.Now().UnixNano()}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return p, err
	}
	p.Kernel, p.Hostname = unix.ByteSliceToString(uts.Release[:]), unix.ByteSliceToString(uts.Nodename[:])
	p.OS, p.OSName = release()
	ns, err := os.Readlink("/proc/self/ns/pid")
	p.InContainer = err != nil || ns != hostPIDNamespace
	if p.Boot, err = boot(); err != nil {
		return p, err
	}
	free, kind, err := disk(a.state)
	if err != nil {
		return p, err
	}
	p.FreeBytes, p.DiskKind = free, kind
	if p.Devices, err = devices(); err != nil {
		return p, err
	}
	if len(p.Devices) > 0 {
		p.Device = p.Devices[0]
	}
	p.tools(append(append([]string{}, probedTools...), in.Tools...))
	p.network(ctx)
	p.Clock = p.ownClock()
	p.Fuse = openable("/dev/fuse", "no FUSE here (hint: modprobe fuse)")
	p.DMFlakey = flakey(ctx)
	return p, nil
}

// tools looks for programs.
func (p *Probes) tools(names []string) {
	sort.Strings(names)
	for i, name := range names {
		if i > 0 && name == names[i-1] {
			continue
		}
		if _, err := exec.LookPath(name); err != nil {
			p.Missing = append(p.Missing, name)
		} else {
			p.Tools = append(p.Tools, name)
		}
	}
}

// network tries what faults of the network need.
func (p *Probes) network(ctx context.Context) {
	p.Iptables = trial(ctx, "iptables", "-w", "-A", "INPUT", "-s", "192.0.2.1", "-j", "DROP")
	p.Ip6tables = trial(ctx, "ip6tables", "-w", "-A", "INPUT", "-s", "2001:db8::1", "-j", "DROP")
	p.Nft = trial(ctx, "nft", "add", "table", "inet", "jcollect_probe")
	p.Statistic = trial(ctx, "iptables", "-w", "-A", "INPUT", "-m", "statistic", "--mode", "random", "--probability", "0.5", "-j", "DROP")
	p.NFQueue = trial(ctx, "iptables", "-w", "-A", "INPUT", "-j", "NFQUEUE", "--queue-num", "7")
	p.Netem = trial(ctx, "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")
	if said, err := exec.CommandContext(ctx, "iptables", "--version").Output(); err == nil {
		p.IptablesKind = "legacy"
		if bytes.Contains(said, []byte("nf_tables")) {
			p.IptablesKind = "nf_tables"
		}
	}
}

// trial runs a command in a network namespace of its own, which goes with it. It returns why that went wrong.
func trial(ctx context.Context, name string, args ...string) string {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	cmd.WaitDelay = time.Second
	said, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return ""
	case errors.Is(err, exec.ErrNotFound):
		return name + " is not installed"
	case errors.Is(err, syscall.EPERM):
		return "only root may try " + name
	}
	return fmt.Sprintf("%s %s: %v: %s", name, strings.Join(args, " "), err, lastLine(said))
}

// ownClock tells why the clock can't be set here without setting it elsewhere, too.
func (p *Probes) ownClock() string {
	switch {
	case p.InContainer:
		return "this node is a container: its clock is that of the machine around it (hint: machines of their own, or jcollect run --lab-kind uml)"
	case !capable(unix.CAP_SYS_TIME):
		return "the agent may not set the clock (hint: root)"
	}
	return ""
}

// capable tells whether we have a capability.
func capable(bit int) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	return unix.Capget(&header, &sets[0]) == nil && sets[bit/32].Effective&(1<<(bit%32)) != 0
}

// openable tells why a device can't be used.
func openable(path, otherwise string) string {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Sprintf("%v: %s", err, otherwise)
	}
	if err := f.Close(); err != nil {
		return err.Error()
	}
	return ""
}

// flakey tells why dm-flakey can't be used.
func flakey(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	said, err := exec.CommandContext(ctx, "dmsetup", "targets").CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "dmsetup is not installed"
	case err != nil:
		return fmt.Sprintf("dmsetup targets: %v: %s", err, lastLine(said))
	case !bytes.Contains(said, []byte("flakey")):
		return "the kernel has no dm-flakey (hint: modprobe dm-flakey)"
	}
	return ""
}

// release is what /etc/os-release calls the system, for programs and for people.
func release() (id, name string) {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", ""
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			id = value
		case "PRETTY_NAME":
			name = value
		}
	}
	return id, name
}

// devices are the network devices that are up, lo excepted, in the kernel's order.
func devices() ([]string, error) {
	all, err := net.Interfaces()
	var names []string
	for _, i := range all {
		if i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagUp != 0 {
			names = append(names, i.Name)
		}
	}
	return names, err
}

// fileSystems are names for the numbers of statfs(2).
var fileSystems = map[int64]string{unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
	unix.TMPFS_MAGIC: "tmpfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.NFS_SUPER_MAGIC: "nfs", unix.FUSE_SUPER_MAGIC: "fuse"}

// disk tells how much the file system of a folder has free, and of which kind it is.
func disk(dir string) (free int64, kind string, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, "", fmt.Errorf("statfs %s: %w", dir, err)
	}
	kind = fileSystems[int64(s.Type)]
	if kind == "" {
		kind = fmt.Sprintf("%#x", s.Type)
	}
	return int64(s.Bfree) * s.Bsize, kind, nil
}
