package fault

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// fakeRemote keeps the commands that it gets, and answers as it is told.
type fakeRemote struct {
	mu     sync.Mutex
	ran    []remote.Command
	answer func(c remote.Command) (string, error)
}

func (f *fakeRemote) Exec(_ context.Context, c remote.Command) (remote.Result, error) {
	f.mu.Lock()
	f.ran = append(f.ran, c)
	f.mu.Unlock()
	if f.answer == nil {
		return remote.Result{}, nil
	}
	out, err := f.answer(c)
	return remote.Result{Stdout: []byte(out)}, err
}

func (f *fakeRemote) Upload(context.Context, remote.File) error   { return nil }
func (f *fakeRemote) Download(context.Context, remote.File) error { return nil }
func (f *fakeRemote) Close() error                                { return nil }

// take are the commands since the last time, as a shell would get them.
func (f *fakeRemote) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []string
	for _, c := range f.ran {
		list = append(list, strings.TrimSpace(c.Script+" "+remote.Join(c.Args)))
	}
	f.ran = nil
	return list
}

// capable is what a node says that can do everything.
func capable(name string) func(remote.Command) (string, error) {
	last := name[1:]
	return func(c remote.Command) (string, error) {
		switch {
		case strings.Contains(c.Script, "SSH_CONNECTION"):
			return "10.0.0.100 50000 10.0.0." + last + " 22\n", nil
		case strings.Contains(c.Script, probeScript):
			return "root 0\nboot b" + last + "\nnet net:[" + last + "]\naddr 10.0.0." + last + "\naddr fd00::" + last +
				"\naddr 172.17.0.1\nnft yes\niptables iptables\nip6tables ip6tables\nstatistic yes\ntc yes\nnetem yes\n", nil
		}
		return "", nil
	}
}

// fakeNodes are nodes n1.. that can do everything.
func fakeNodes(n int) ([]*node.Node, []*fakeRemote) {
	var nodes []*node.Node
	var remotes []*fakeRemote
	for i := range n {
		name := "n" + string(rune('1'+i))
		r := &fakeRemote{answer: capable(name)}
		remotes = append(remotes, r)
		nodes = append(nodes, &node.Node{Name: name, Index: i, Addr: "10.0.0." + name[1:], Remote: r})
	}
	return nodes, remotes
}

// fakeDB notes what is asked of it.
type fakeDB struct {
	mu        sync.Mutex
	did       []string
	primaries []string
	err       error
}

func (d *fakeDB) note(what string, n *node.Node) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.did = append(d.did, what+" "+n.Name)
	return d.err
}

func (d *fakeDB) Kill(_ context.Context, n *node.Node, _ ...string) error  { return d.note("kill", n) }
func (d *fakeDB) Start(_ context.Context, n *node.Node, _ ...string) error { return d.note("start", n) }
func (d *fakeDB) Pause(_ context.Context, n *node.Node, _ ...string) error { return d.note("pause", n) }
func (d *fakeDB) Resume(_ context.Context, n *node.Node, _ ...string) error {
	return d.note("resume", n)
}
func (d *fakeDB) CanKill() bool      { return true }
func (d *fakeDB) CanPause() bool     { return true }
func (d *fakeDB) HasPrimaries() bool { return d.primaries != nil }
func (d *fakeDB) StartCommands(n *node.Node) []agent.Command {
	return []agent.Command{{Script: "start " + n.Name}}
}
func (d *fakeDB) ResumeCommands(n *node.Node) []agent.Command {
	return []agent.Command{{Script: "resume " + n.Name}}
}

func (d *fakeDB) Primaries(context.Context) ([]*node.Node, error) {
	var list []*node.Node
	for _, name := range d.primaries {
		list = append(list, &node.Node{Name: name})
	}
	return list, d.err
}

// addrs reads addresses.
func addrs(list ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// fakeLeases notes which leases there are.
type fakeLeases struct {
	mu    sync.Mutex
	armed map[string][]agent.Command
	renew error
	keep  error // of releases
	count int   // of renewals
}

func (l *fakeLeases) Arm(_ context.Context, n *node.Node, id string, _ time.Duration, heal []agent.Command) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.armed == nil {
		l.armed = map[string][]agent.Command{}
	}
	l.armed[n.Name+" "+id] = heal
	return nil
}

func (l *fakeLeases) Renew(context.Context, *node.Node, string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	return l.renew
}

func (l *fakeLeases) Release(_ context.Context, n *node.Node, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keep != nil {
		return l.keep
	}
	delete(l.armed, n.Name+" "+id)
	return nil
}
