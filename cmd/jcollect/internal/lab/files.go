package lab

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"jcheck/cmd/jcollect/internal/remote"
)

//go:embed node.sh
var nodeScript string

//go:embed room.sh
var roomScript string

//go:embed uml.sh
var umlScript string

//go:embed umlinit.sh
var umlInitScript string

// sshdConfig is how nodes let people in: root with the lab's key, and as few surprises as possible.
const sshdConfig = `# Made by jcollect lab.
Port 22
HostKey /etc/ssh/jcollect_lab/host_key
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/jcollect_lab/authorized_keys
PermitRootLogin yes
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
MaxStartups 100:30:200
PidFile /run/sshd.pid
Subsystem sftp internal-sftp
`

// files writes what the nodes need: keys, names, and sshd's configuration.
func (l *Lab) files() error {
	private, public, err := newKey("jcollect lab " + l.state.Name)
	if err != nil {
		return err
	}
	var known strings.Builder
	for _, n := range l.state.Nodes {
		hostKey, hostPublic, err := newKey(n.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&known, "%s,%s %s", n.Name, n.Addr, hostPublic)
		if err := l.nodeFiles(n, hostKey, public); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"id": string(private), "id.pub": public, "known_hosts": known.String(), "hosts": l.hosts(""),
		"ssh_config": l.sshConfig(), "node.sh": nodeScript, "room.sh": roomScript, "uml.sh": umlScript, "umlinit.sh": umlInitScript} {
		mode := os.FileMode(0o600)
		if name == "hosts" {
			mode = 0o644 // everybody on this machine may read /etc/hosts
		}
		if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), mode); err != nil {
			return err
		}
	}
	return nil
}

// newKey makes a key, and the line that lets it in or tells it.
func newKey(comment string) (private []byte, public string, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		return nil, "", err
	}
	p, err := ssh.NewPublicKey(pub)
	if err != nil {
		return nil, "", err
	}
	return pem.EncodeToMemory(block), string(ssh.MarshalAuthorizedKey(p)), nil
}

// nodeFiles writes a node's own files into the upper part of its overlay.
func (l *Lab) nodeFiles(n Node, hostKey []byte, public string) error {
	up := filepath.Join(l.dir, n.Name, "up0")
	// A folder in the upper part gives its mode to the merged one.
	for _, dir := range []string{"", "etc", "etc/ssh", "etc/ssh/jcollect_lab"} {
		mode := os.FileMode(0o755)
		if info, err := os.Stat(filepath.Join("/", dir)); err == nil {
			mode = info.Mode().Perm()
		}
		path := filepath.Join(up, dir)
		if err := os.MkdirAll(path, mode); err != nil {
			return err
		}
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		path, text string
		mode       os.FileMode
	}{
		{"etc/hosts", l.hosts(n.Name), 0o644},
		{"etc/hostname", n.Name + "\n", 0o644},
		{"etc/resolv.conf", "# no way out of a lab\noptions timeout:1 attempts:1\n", 0o644},
		{"etc/ssh/jcollect_lab/sshd_config", sshdConfig, 0o644},
		{"etc/ssh/jcollect_lab/host_key", string(hostKey), 0o600},
		{"etc/ssh/jcollect_lab/authorized_keys", public, 0o644},
	} {
		if err := os.WriteFile(filepath.Join(up, f.path), []byte(f.text), f.mode); err != nil {
			return err
		}
	}
	if l.state.Kind == KindUML {
		return makeDisk(filepath.Join(l.dir, n.Name, "disk"))
	}
	return nil
}

// diskBytes is how much a node with a kernel of its own can write. The file takes only what was written.
const diskBytes = 8 << 30

// makeDisk makes the disk of a node with a kernel of its own. What such a node wrote and didn't sync is lost with its
// power, as on a real one.
func makeDisk(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(diskBytes), f.Close()); err != nil {
		return err
	}
	if out, err := exec.Command(sbin("mkfs.ext4"), "-q", "-F", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1", path).CombinedOutput(); err != nil {
		return fmt.Errorf("mkfs.ext4: %w: %s", err, out)
	}
	return nil
}

// hosts is /etc/hosts of a node; of the room if name is "".
func (l *Lab) hosts(name string) string {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n")
	if name == "" {
		if host, err := os.Hostname(); err == nil && host != "" && !slices.Contains(l.Names(), host) {
			fmt.Fprintf(&b, "127.0.1.1 %s\n", host)
		}
	}
	fmt.Fprintf(&b, "%s%s control\n", network, own)
	for _, n := range l.state.Nodes {
		fmt.Fprintf(&b, "%s %s\n", n.Addr, n.Name)
	}
	return b.String()
}

// sshConfig is for ssh -F, for people in the room.
func (l *Lab) sshConfig() string {
	return fmt.Sprintf("Host *\n  User root\n  IdentityFile %[1]s/id\n  IdentitiesOnly yes\n  UserKnownHostsFile %[1]s/known_hosts\n  StrictHostKeyChecking yes\n  LogLevel ERROR\n", l.dir)
}

// SSH is how to reach a node from outside of the room.
func (l *Lab) SSH(name string) remote.SSHOptions {
	return remote.SSHOptions{Node: name, Hop: remote.Hop{Host: name, User: "root"}, Dial: l.Dial,
		Keys: []string{filepath.Join(l.dir, "id")}, KnownHosts: []string{filepath.Join(l.dir, "known_hosts")}}
}

// volumes are the file systems, other than the root's, that hold parts of an ordinary machine: an overlay over the root
// doesn't show them. Those that hold the lab itself are left out.
func volumes(dir string) []string {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	var found []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		left, right, _ := strings.Cut(lines.Text(), " - ")
		fields, kind := strings.Fields(left), strings.Fields(right)
		if len(fields) < 5 || len(kind) == 0 || !carries(kind[0]) {
			continue
		}
		at := fields[4]
		info, err := os.Stat(at)
		plain := err == nil && info.IsDir() && !strings.ContainsAny(at, `,:\`) && !strings.HasPrefix(dir+"/", at+"/")
		if plain && ordinary(at) && !slices.Contains(found, at) {
			found = append(found, at)
		}
	}
	slices.Sort(found)
	return found[:min(len(found), 16)]
}

// carries tells whether a kind of file system holds files that last.
func carries(kind string) bool {
	return slices.Contains([]string{"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "overlay", "erofs", "bcachefs"}, kind)
}

// ordinary tells whether a folder is one that programs of a distribution live in.
func ordinary(at string) bool {
	return slices.ContainsFunc([]string{"/bin", "/sbin", "/lib", "/lib64", "/usr", "/var", "/opt", "/etc", "/home", "/srv", "/root", "/nix"},
		func(top string) bool { return at == top || strings.HasPrefix(at, top+"/") })
}

// Plan is how to reach all nodes: by name from the room, by Dial from outside of it.
func (l *Lab) Plan() remote.Plan {
	p := remote.Plan{Kind: remote.KindSSH, User: "root", Config: "none", Agent: "none", Jump: []remote.Hop{},
		Keys: []string{filepath.Join(l.dir, "id")}, KnownHosts: []string{filepath.Join(l.dir, "known_hosts")}}
	if os.Getenv(Variable) != l.dir {
		p.Dial = l.Dial
	}
	return p
}
