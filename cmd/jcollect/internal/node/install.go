package node

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/remote"
)

// AgentPath is where the agent lies on a node.
const AgentPath = "/opt/jcollect/jcollect"

// installLimit bounds looking for the agent and moving it to its place.
const installLimit = 5 * time.Minute

// goArch is Go's word for what uname -m prints.
var goArch = map[string]string{"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386",
	"armv7l": "arm", "riscv64": "riscv64", "ppc64le": "ppc64le", "s390x": "s390x"}

// An Agents knows which program to send to which kind of node. The zero value knows this very program, for nodes of the
// same system and architecture, and what a release brings along. Use NewAgents if others are known.
type Agents struct {
	paths map[string]string // linux-arm64 → file
}

// NewAgents knows this program and those at a path: a jcollect built for nodes, whose architecture is read from it, or a
// folder of such.
func NewAgents(path string) (Agents, error) {
	a := Agents{paths: make(map[string]string)}
	if path == "" {
		return a, nil
	}
	files := []string{path}
	if info, err := os.Stat(path); err != nil {
		return a, fmt.Errorf("--helper: %w (hint: a jcollect that was built for the nodes, or a folder of such)", err)
	} else if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return a, fmt.Errorf("--helper: %w", err)
		}
		files = nil
		for _, e := range entries {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	for _, f := range files {
		kind, err := built(f)
		if err != nil {
			return a, fmt.Errorf("--helper: %s: %w (hint: GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build ./cmd/jcollect)", f, err)
		}
		a.paths[kind] = f
	}
	return a, nil
}

// built tells for which system and architecture a program is.
func built(path string) (string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", err
	}
	machine := f.Machine
	if err := f.Close(); err != nil {
		return "", err
	}
	arch := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_386: "386", elf.EM_ARM: "arm",
		elf.EM_RISCV: "riscv64", elf.EM_PPC64: "ppc64le", elf.EM_S390: "s390x"}[machine]
	if arch == "" {
		return "", fmt.Errorf("built for %v, which nodes don't have", machine)
	}
	return "linux-" + arch, nil
}

// find is the program for a kind of node.
func (a Agents) find(kind string) (string, error) {
	if path, ok := a.paths[kind]; ok {
		return path, nil
	}
	if kind == runtime.GOOS+"-"+runtime.GOARCH {
		return os.Executable()
	}
	path, err := embedded(builds, kind)
	if err != nil || path != "" {
		return path, err
	}
	return "", fmt.Errorf("no agent for %s here (hint: --helper PATH of a jcollect built with GOOS=linux GOARCH=%s CGO_ENABLED=0)",
		kind, strings.TrimPrefix(kind, "linux-"))
}

// Install sends the agent to the node unless it lies there already, and sets n.Agent. A node that is this machine uses
// this program where it lies.
func (n *Node) Install(ctx context.Context, a Agents) error {
	res, err := n.Remote.Exec(ctx, remote.Command{Args: []string{"uname", "-s", "-m"}, Timeout: callLimit})
	if err != nil {
		return err
	}
	kind, err := kindOf(string(res.Stdout))
	if err != nil {
		return fmt.Errorf("%s: %w", n.Name, err)
	}
	program, err := a.find(kind)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Name, err)
	}
	if remote.IsLocal(n.Remote) {
		n.Agent = program
		return nil
	}
	sum, err := Checksum(program)
	if err != nil {
		return err
	}
	there, err := n.Remote.Exec(ctx, remote.Command{Script: lookScript, Args: []string{AgentPath, sum, program}, User: n.User, Timeout: installLimit})
	if err != nil {
		return fmt.Errorf("look for the agent: %w (hint: log in as root, or let jcollect use sudo: remote: {sudo: true})", err)
	}
	if strings.TrimSpace(string(there.Stdout)) != sum {
		if err := n.Remote.Upload(ctx, remote.File{Local: program, Remote: AgentPath, Mode: 0o755, User: n.User}); err != nil {
			return fmt.Errorf("send the agent: %w", err)
		}
	}
	n.Agent = AgentPath
	return nil
}

// lookScript makes the agent's folder $(dirname $1), and prints $2 if the program with that checksum lies at $1, or if it
// was found at $3 and copied: nodes made from this machine's own files have it already.
const lookScript = `mkdir -p "$(dirname "$1")" || exit 1
is() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }
if is "$1" "$2" && [ -x "$1" ]; then echo "$2"
elif is "$3" "$2"; then cp -f "$3" "$1.$$.part" && chmod 755 "$1.$$.part" && mv -f "$1.$$.part" "$1" && echo "$2"
fi`

// kindOf is Go's words for what uname -s -m prints.
func kindOf(uname string) (string, error) {
	fields := strings.Fields(uname)
	if len(fields) != 2 || fields[0] != "Linux" {
		return "", fmt.Errorf("uname says %q: nodes must run Linux", strings.TrimSpace(uname))
	}
	arch := goArch[fields[1]]
	if arch == "" {
		return "", fmt.Errorf("uname says %q: no agent can be built for that", strings.TrimSpace(uname))
	}
	return "linux-" + arch, nil
}

// Checksum is the SHA-256 of a file in hex.
func Checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, f.Close())
}
