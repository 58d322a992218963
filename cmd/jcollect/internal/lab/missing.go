package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// A Lack is something that a lab needs and this machine doesn't have.
type Lack struct {
	What string
	Hint string // how to get it
}

// A MissingError says all that is missing.
type MissingError struct{ Lacks []Lack }

// Error lists what is missing, and how to get it.
func (e *MissingError) Error() string {
	var parts []string
	for _, l := range e.Lacks {
		parts = append(parts, fmt.Sprintf("%s (hint: %s)", l.What, l.Hint))
	}
	return "a lab can't be made here: " + strings.Join(parts, "; ")
}

// Missing is what keeps this machine from having a lab of a kind; empty if nothing does.
func Missing(kind string) []Lack {
	if runtime.GOOS != "linux" {
		return []Lack{{"this is " + runtime.GOOS + ", and namespaces are Linux's", "a virtual machine with Linux, or nodes of your own with --nodes"}}
	}
	var lacks []Lack
	if os.Geteuid() != 0 {
		lacks = append(lacks, Lack{"only root may make namespaces", "sudo jcollect ..."})
	}
	if sshdPath() == "" {
		lacks = append(lacks, Lack{"no sshd", "apt-get install openssh-server, or dnf install openssh-server; it need not run here"})
	}
	needs := []struct{ program, pack string }{{"ip", "iproute2"}, {"mount", "mount"}, {"umount", "mount"}, {"pivot_root", "util-linux"}}
	if kind == KindUML {
		needs = append(needs, struct{ program, pack string }{"linux.uml", "user-mode-linux"}, struct{ program, pack string }{"insmod", "kmod"},
			struct{ program, pack string }{"mkfs.ext4", "e2fsprogs"})
		if _, err := os.Stat("/dev/net/tun"); err != nil {
			lacks = append(lacks, Lack{"no /dev/net/tun", "modprobe tun; in a container, --device /dev/net/tun"})
		}
	}
	for _, t := range needs {
		if sbin(t.program) == "" {
			lacks = append(lacks, Lack{"no program " + t.program, "apt-get install " + t.pack})
		}
	}
	if text, err := os.ReadFile("/proc/filesystems"); err == nil && !strings.Contains(string(text), "\toverlay\n") {
		if err := exec.Command("modprobe", "overlay").Run(); err != nil {
			lacks = append(lacks, Lack{"the kernel has no overlay file system", "modprobe overlay, or another kernel"})
		}
	}
	return lacks
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
