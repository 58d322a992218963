package lab

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// A Lack is something that a lab needs and this machine doesn't have.
type Lack struct {
	What     string
	Hint     string   // how to get it, where that takes more than packages
	Packages []string // that have it, by Debian's names
}

// A MissingError says all that is missing.
type MissingError struct{ Lacks []Lack }

// Error lists what is missing, and one command that gets all of it.
func (e *MissingError) Error() string {
	var what, hints, packages []string
	for _, l := range e.Lacks {
		what = append(what, l.What)
		if l.Hint != "" {
			hints = append(hints, l.Hint)
		}
		for _, p := range l.Packages {
			if !slices.Contains(packages, p) {
				packages = append(packages, p)
			}
		}
	}
	if len(packages) > 0 {
		hints = append(hints, Installing(packages))
	}
	return "a lab can't be made here: " + strings.Join(what, "; ") + " (hint: " + strings.Join(hints, "; ") + ")"
}

// fedoras are the packages that Fedora and its family call otherwise than Debian.
var fedoras = map[string]string{"iproute2": "iproute", "mount": "util-linux"}

// Installing is the command that installs packages, which have Debian's names, on this machine.
func Installing(packages []string) string {
	// Debian has a dnf to install as well, and what is installed by it is not known to Debian.
	if sbin("apt-get") == "" && sbin("dnf") != "" {
		packages = slices.Clone(packages)
		for i, p := range packages {
			if name, ok := fedoras[p]; ok {
				packages[i] = name
			}
		}
		return "dnf install " + strings.Join(packages, " ")
	}
	return "apt-get update && apt-get install --no-install-recommends " + strings.Join(packages, " ")
}

// Missing is what keeps this machine from having a lab of a kind; empty if nothing does.
func Missing(kind string) []Lack {
	if runtime.GOOS != "linux" {
		return []Lack{{What: "this is " + runtime.GOOS + ", and namespaces are Linux's", Hint: "a virtual machine with Linux, or nodes of your own with --nodes"}}
	}
	var lacks []Lack
	if os.Geteuid() != 0 {
		lacks = append(lacks, Lack{What: "only root may make namespaces", Hint: "sudo jcollect ..."})
	}
	if sshdPath() == "" {
		lacks = append(lacks, Lack{What: "no sshd (it need not run)", Packages: []string{"openssh-server"}})
	}
	needs := []struct{ program, pack string }{{"ip", "iproute2"}, {"mount", "mount"}, {"umount", "mount"}, {"pivot_root", "util-linux"}}
	if kind == KindUML {
		needs = append(needs, struct{ program, pack string }{"linux.uml", "user-mode-linux"}, struct{ program, pack string }{"insmod", "kmod"},
			struct{ program, pack string }{"mkfs.ext4", "e2fsprogs"})
		if _, err := os.Stat("/dev/net/tun"); err != nil {
			lacks = append(lacks, Lack{What: "no /dev/net/tun", Hint: "modprobe tun; in a container, --device /dev/net/tun"})
		}
	}
	for _, t := range needs {
		if sbin(t.program) == "" {
			lacks = append(lacks, Lack{What: "no program " + t.program, Packages: []string{t.pack}})
		}
	}
	if text, err := os.ReadFile("/proc/filesystems"); err == nil && !strings.Contains(string(text), "\toverlay\n") {
		if err := exec.Command("modprobe", "overlay").Run(); err != nil {
			lacks = append(lacks, Lack{What: "the kernel has no overlay file system", Hint: "modprobe overlay, or another kernel"})
		}
	}
	return lacks
}

// missing is what keeps this machine from having a lab that can do what the options want of its nodes. Nodes have no way
// out: what is not installed here can't be installed there.
func (o Options) missing() []Lack {
	lacks := Missing(o.Kind)
	if o.Firewall && sbin("nft") == "" && sbin("iptables") == "" {
		lacks = append(lacks, Lack{What: "no firewall (iptables or nft) to cut networks with", Packages: []string{"iptables"}})
	}
	if packages := notInstalled(o.Packages); len(packages) > 0 {
		lacks = append(lacks, Lack{What: "not installed: " + strings.Join(packages, ", "), Packages: packages})
	}
	return lacks
}

// notInstalled are the packages that this machine doesn't have, as far as it knows packages by Debian's names.
func notInstalled(packages []string) []string {
	query := sbin("dpkg-query")
	if query == "" {
		return nil
	}
	var missing []string
	for _, p := range packages {
		name, _, _ := strings.Cut(p, "=")
		// Who doesn't know the package says so by its exit code, too.
		status, _ := exec.Command(query, "-W", "-f", "${db:Status-Status}", "--", name).Output()
		if string(status) != "installed" && !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
	}
	return missing
}

// sshdPath is where sshd is; "" if it is nowhere.
func sshdPath() string {
	for _, path := range []string{"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd", "/sbin/sshd"} {
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// umlPath is where the kernel of User-Mode Linux is; "" if it is nowhere.
func umlPath() string { return sbin("linux.uml") }

// sbin is where a program lies, also where PATH may not lead; "" if it is nowhere.
func sbin(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin/", "/sbin/"} {
		if _, err := os.Stat(dir + name); err == nil {
			return dir + name
		}
	}
	return ""
}
