// Package lab makes a cluster on one Linux machine: nodes n1, n2, ... that have a network, processes, a host name and
// files of their own and a sshd, on a bridge that leads nowhere else.
//
// A lab is a room and nodes, all of them namespaces that live as long as one recorded process each. The room is a
// network with the bridge, and this machine's files with one difference: /etc/hosts knows the nodes. Who tests the nodes
// steps into the room (Start, Exec), so that any program, in any language, reaches them by name; a program that stays
// outside can dial into it (Dial). Nothing of a lab is to be seen in this machine's own network, so labs can't meet
// each other, nor what the machine is used for, though all of them use the same addresses. A node's root is an
// overlay over this machine's root, so whatever is installed here is installed there.
//
// A lab is killed by killing its processes: the kernel frees the rest. What they are stands in lab.json in the lab's
// folder before they do anything, so that another process can end what a killed one began.
package lab

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultDir is where labs lie if nothing else is said. Only root may write there, unlike to /tmp.
const DefaultDir = "/var/lib/jcollect-labs"

// MaxNodes is how many nodes a lab may have.
const MaxNodes = 64

// Variable is the environment variable that tells programs in a lab's room which lab it is: its folder.
const Variable = "JCOLLECT_LAB"

// Addresses. All labs have the same: no network knows two of them.
const (
	network  = "10.99.0."
	network6 = "fd99::"
	own      = "1"
)

// upTime bounds how long a node may take to answer; one with a kernel of its own has to start that.
const (
	upTime    = 20 * time.Second
	upTimeUML = 2 * time.Minute
)

// downTime bounds how long processes may take to die.
const downTime = 10 * time.Second

// The kinds of labs.
const (
	KindNamespace = "namespace" // nodes share this machine's kernel: quick, but with one clock for all
	KindUML       = "uml"       // User-Mode Linux: a kernel for each node, with its own clock and disk
)

// NewName is a name that no other lab has.
func NewName() string { return "lab-" + strings.ToLower(rand.Text()[:8]) }

// CheckKind refuses what is no kind of lab.
func CheckKind(kind string) error {
	if kind != KindNamespace && kind != KindUML {
		return fmt.Errorf("%q is no kind of lab (hint: %s or %s)", kind, KindNamespace, KindUML)
	}
	return nil
}

// Options say what lab to make.
type Options struct {
	Nodes int    // 0 is 5
	Kind  string // "" is KindNamespace
	Name  string // "" is one that no other lab has
	Dir   string // where labs lie; "" is DefaultDir
	// What a test needs on the nodes, looked for on this machine before the lab is made.
	Packages []string // by Debian's names, with =VERSION for a certain one
	Firewall bool     // a program that drops packets
}

// A Node is one machine of a lab.
type Node struct {
	Name string `json:"name"`
	Addr string `json:"addr"`
	// Process 1 of the node as this machine counts processes; zero while the node is off.
	Process Process `json:"process"`
}

// A Process is one of this machine, told from a later one with the same number by its start.
type Process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // in ticks since the machine started
}

// A Lab is a cluster that is up.
type Lab struct {
	dir   string // of this lab
	mu    sync.Mutex
	state state
}

// state is what lab.json says.
type state struct {
	Name  string   `json:"name"`
	Kind  string   `json:"kind"`
	Room  Process  `json:"room"`
	Nodes []Node   `json:"nodes"`
	Notes []string `json:"notes,omitempty"`
}

// Name is what the lab is called.
func (l *Lab) Name() string { return l.state.Name }

// Dir is the lab's folder.
func (l *Lab) Dir() string { return l.dir }

// Kind is what its nodes are.
func (l *Lab) Kind() string { return l.state.Kind }

// Nodes are the machines, n1 first.
func (l *Lab) Nodes() []Node {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.state.Nodes)
}

// Names are the names of the machines, n1 first.
func (l *Lab) Names() []string {
	var names []string
	for _, n := range l.Nodes() {
		names = append(names, n.Name)
	}
	return names
}

// Notes are what the lab couldn't do as well as it should.
func (l *Lab) Notes() []string { return l.state.Notes }

// Control is the address by which nodes see whoever is in the room.
func (l *Lab) Control() string { return network + own }

// Address is where a node is: by its name, or what was given if no node has that name.
func (l *Lab) Address(name string) string {
	for _, n := range l.Nodes() {
		if n.Name == name {
			return n.Addr
		}
	}
	return name
}

// node finds a node; nil if there is none of that name. The caller holds mu.
func (l *Lab) node(name string) *Node {
	i := slices.IndexFunc(l.state.Nodes, func(n Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return &l.state.Nodes[i]
}

// Open finds a lab that somebody made. dir "" is DefaultDir.
func Open(dir, name string) (*Lab, error) {
	if dir == "" {
		dir = DefaultDir
	}
	if err := validName(name); err != nil {
		return nil, err
	}
	return open(filepath.Join(dir, name))
}

// Current is the lab in whose room this process runs; nil if it runs in none.
func Current() (*Lab, error) {
	dir := os.Getenv(Variable)
	if dir == "" {
		return nil, nil
	}
	l, err := open(dir)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", Variable, dir, err)
	}
	return l, nil
}

// open reads what a lab's folder says. A folder that says nothing yet, because its maker was killed first, is a lab
// without processes, which can be ended.
func open(dir string) (*Lab, error) {
	text, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if errors.Is(err, fs.ErrNotExist) {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			return &Lab{dir: dir, state: state{Name: filepath.Base(dir)}}, nil
		}
		return nil, fmt.Errorf("there is no lab %s (hint: jcollect lab list, jcollect lab up)", filepath.Base(dir))
	}
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	l := &Lab{dir: dir}
	if err := json.Unmarshal(text, &l.state); err != nil {
		return nil, fmt.Errorf("lab: read %s: %w (hint: no process of it is known; remove the folder)", filepath.Join(dir, "lab.json"), err)
	}
	return l, nil
}

// save writes lab.json. The caller holds mu, or nobody else knows the lab yet.
func (l *Lab) save() error {
	text, err := json.MarshalIndent(l.state, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(l.dir, "lab.json")
	if err := os.WriteFile(path+".part", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return os.Rename(path+".part", path)
}

// List is the labs of a folder, "" for DefaultDir; those that can't be read are told of in the error.
func List(dir string) ([]*Lab, error) {
	if dir == "" {
		dir = DefaultDir
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("lab: %w (hint: labs belong to root; sudo jcollect lab ...)", err)
	}
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	var labs []*Lab
	var errs []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		l, err := open(filepath.Join(dir, e.Name()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		labs = append(labs, l)
	}
	return labs, errors.Join(errs...)
}

// Alive counts the nodes that run. A lab whose room is gone has none that could be reached.
func (l *Lab) Alive() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.state.Room.alive() {
		return 0
	}
	count := 0
	for _, n := range l.state.Nodes {
		if n.Process.alive() {
			count++
		}
	}
	return count
}

// validName refuses what can't be a folder's name, or would need quoting in the options of a mount.
func validName(name string) error {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.'
	}
	if name == "" || len(name) > 60 || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") ||
		strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) >= 0 {
		return fmt.Errorf("%q can't be the name of a lab (hint: letters, digits, -, _)", name)
	}
	return nil
}

// Down ends a lab: its processes are killed, with whatever else still runs in its room, and its folder goes. It may be
// called again, and for a lab that is half up. What it couldn't end it says.
func (l *Lab) Down(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, downTime)
	defer cancel()
	processes := append(l.state.Room.guests(), l.state.Room)
	for _, n := range l.state.Nodes {
		processes = append(processes, n.Process)
	}
	var errs []error
	for _, p := range processes {
		errs = append(errs, p.kill())
	}
	for _, p := range processes {
		errs = append(errs, p.gone(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("lab %s: %w (hint: jcollect lab down --name %s again)", l.state.Name, err, l.state.Name)
	}
	if err := os.RemoveAll(l.dir); err != nil {
		return fmt.Errorf("lab %s: its processes are gone, but not its folder: %w", l.state.Name, err)
	}
	return nil
}
