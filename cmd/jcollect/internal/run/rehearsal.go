package run

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/remote"
)

// A rehearsal is a cluster on which nothing is done: its nodes write down what they are told, and say that it went well.
// What it writes down is what the rooms themselves do, so explain can't tell of anything else.
type rehearsal struct {
	nodes   []*node.Node
	scribes []*scribe
	shown   map[string]int    // long texts that were shown already, by number
	names   *strings.Replacer // puts the names of nodes in the place of addresses
	members *rollCall
}

// A scribe is the remote of a node that is not there.
type scribe struct {
	name      string
	addr      string
	first     string // node of the plan
	primaries string // the plan's script that asks who is one: the first node says that it is
	hide      *strings.Replacer
	members   *rollCall

	mu   sync.Mutex
	said []string // the steps so far, each of some lines
}

// newRehearsal makes the nodes. Their addresses are of a range for documentation, and named in what is shown.
func newRehearsal(t *Test) *rehearsal {
	r := &rehearsal{shown: make(map[string]int), members: &rollCall{scripts: t.Nemesis.Membership, nodes: t.Nodes, away: make(map[string]bool)}}
	hide := hiding(t.DB.Secrets())
	for i, name := range t.Nodes {
		s := &scribe{name: name, hide: hide, members: r.members, first: t.Nodes[0], primaries: t.DB.Primaries, addr: fmt.Sprintf("198.18.%d.%d", i/250, i%250+1)}
		r.scribes = append(r.scribes, s)
		r.nodes = append(r.nodes, &node.Node{Name: name, Index: i, Addr: s.addr, Remote: s, Agent: node.AgentPath})
	}
	if t.Remote.Kind == remote.KindLocal { // all are this machine, and keep what they must in folders of their own
		for _, n := range r.nodes {
			n.State = path.Join(agent.DefaultState, agent.SafeName(n.Name))
		}
	}
	pairs := []string{controlAddr, "<address of this machine>"}
	for _, s := range slices.Backward(r.scribes) { // 198.18.0.12 before 198.18.0.1
		pairs = append(pairs, s.addr, "<address of "+s.name+">")
	}
	r.names = strings.NewReplacer(pairs...)
	return r
}

// hiding puts where a secret comes from in the place of the secret.
func hiding(secrets map[string]string) *strings.Replacer {
	sources := slices.SortedFunc(maps.Keys(secrets), func(a, b string) int { // a secret may be a part of another
		return cmp.Or(cmp.Compare(len(secrets[b]), len(secrets[a])), cmp.Compare(a, b))
	})
	var pairs []string
	for _, from := range sources {
		pairs = append(pairs, secrets[from], "<from "+from+">")
	}
	return strings.NewReplacer(pairs...)
}

// maxShownBytes is how long a file may be that is shown.
const maxShownBytes = 8 << 10

// controlAddr is the control node's address in a rehearsal.
const controlAddr = "198.18.255.1"

// Exec writes a command down.
func (s *scribe) Exec(_ context.Context, c remote.Command) (remote.Result, error) {
	if c.Script == "" && len(c.Args) > 1 && c.Args[1] == "agent" {
		return remote.Result{Stdout: []byte(`{"ok":null}` + "\n")}, s.agent(c)
	}
	if answer, ok := s.answer(c); ok {
		return remote.Result{Stdout: []byte(answer)}, nil
	}
	if s.primaries != "" && len(c.Args) == 1 && c.Args[0] == s.primaries {
		s.note("ask who is a primary; here, let the first node be one\n" + strings.TrimRight(indented(s.primaries), "\n"))
		return remote.Result{Stdout: []byte(s.first + "\n")}, nil
	}
	if answer, ok := s.members.answer(c.Script); ok {
		s.note("ask who the members are\n" + strings.TrimRight(indented(s.members.scripts.View), "\n"))
		return remote.Result{Stdout: []byte(answer)}, nil
	}
	input, err := shownInput(c.Stdin)
	c.Args = slices.Clone(c.Args) // before anything is quoted, which may change a secret so that it isn't found
	for i := range c.Args {
		c.Args[i] = s.hide.Replace(c.Args[i])
	}
	input = s.hide.Replace(input)
	what, text, ok := db.Told(c, input)
	switch {
	case ok:
	case c.Script == "":
		what, text = "run "+remote.Join(c.Args), input
	default:
		what, text = "run the script", c.Script
		if len(c.Args) > 0 && strings.Join(c.Args, "") != "" {
			what += " with " + remote.Join(c.Args)
		}
		if input != "" {
			text += "\n(with the input)\n" + input
		}
	}
	if c.User != "" && c.User != "root" {
		what = "as " + c.User + ": " + what
	}
	s.note(strings.TrimRight(what+"\n"+indented(text), "\n"))
	return remote.Result{}, err
}

// answer says what a node would say that can do everything. Questions change nothing, and are not worth a step.
func (s *scribe) answer(c remote.Command) (string, bool) {
	switch {
	case c.Script == "" && len(c.Args) > 0 && c.Args[0] == "uname":
		return "Linux x86_64\n", true
	case strings.Contains(c.Script, "/etc/os-release"):
		return "debian\n", true
	case strings.Contains(c.Script, "SSH_CONNECTION"):
		return controlAddr + " 50000 " + s.addr + " 22\n", true
	case strings.Contains(c.Script, "JCOLLECT-probe"):
		return "root 0\nboot " + s.name + "\nnet " + s.name + "\naddr " + s.addr + "\nnft yes\niptables iptables\nip6tables ip6tables\n" +
			"statistic yes\nstatistic6 yes\ntc yes\nnetem yes\nfuse yes\nflakey yes\n", true
	}
	return "", false
}

// agent writes down what the agent is asked for.
func (s *scribe) agent(c remote.Command) error {
	verb := c.Args[len(c.Args)-1]
	var request []byte
	if c.Stdin != nil {
		var err error
		if request, err = io.ReadAll(c.Stdin); err != nil {
			return err
		}
	}
	text := "agent: " + verb
	var p plan.Problems
	n := plan.Parse(verb, request, &p)
	if !p.Any() && n.Kind == plan.Map {
		n = s.hidden(trimmed(n))
	}
	if !p.Any() && len(n.Pairs) > 0 {
		yaml, err := n.YAML()
		if err != nil {
			return err
		}
		text += "\n" + indented(string(yaml))
	}
	s.note(strings.TrimRight(text, "\n"))
	return nil
}

// trimmed is a request without what is empty, and without the environment that every script gets.
func trimmed(n *plan.Node) *plan.Node {
	short := *n
	short.Pairs = slices.DeleteFunc(slices.Clone(n.Pairs), func(p plan.Pair) bool {
		v := p.Value
		return v.Kind == plan.Null || v.Kind != plan.Scalar && len(v.Items)+len(v.Pairs) == 0 || v.Kind == plan.Scalar && v.Text == ""
	})
	for i, pair := range short.Pairs {
		if pair.Value.Kind == plan.Map {
			short.Pairs[i].Value = trimmed(pair.Value)
		}
		if !strings.EqualFold(pair.Key, "env") || pair.Value.Kind != plan.List {
			continue
		}
		list := *pair.Value
		list.Items = slices.DeleteFunc(slices.Clone(list.Items), func(v *plan.Node) bool {
			return strings.HasPrefix(v.Text, "NODE") || strings.HasPrefix(v.Text, "PRIMARY")
		})
		short.Pairs[i].Value = &list
	}
	short.Pairs = slices.DeleteFunc(short.Pairs, func(p plan.Pair) bool { return p.Value.Kind == plan.List && len(p.Value.Items) == 0 })
	return &short
}

// hidden is a request without secrets.
func (s *scribe) hidden(n *plan.Node) *plan.Node {
	h := *n
	h.Text = s.hide.Replace(n.Text)
	h.Items, h.Pairs = slices.Clone(n.Items), slices.Clone(n.Pairs)
	for i := range h.Items {
		h.Items[i] = s.hidden(h.Items[i])
	}
	for i := range h.Pairs {
		h.Pairs[i].Value = s.hidden(h.Pairs[i].Value)
	}
	return &h
}

// Upload writes down what would be sent. Short texts are shown.
func (s *scribe) Upload(_ context.Context, f remote.File) error {
	text := "write " + remote.Quote(f.Remote)
	if f.Mode != 0 {
		text += fmt.Sprintf(" (mode %04o)", f.Mode.Perm())
	}
	content, err := os.ReadFile(f.Local)
	content = []byte(s.hide.Replace(string(content)))
	switch {
	case err != nil:
		return err
	case path.Base(f.Remote) == path.Base(node.AgentPath):
		text += ": jcollect itself"
	case len(content) <= maxShownBytes && utf8.Valid(content):
		text += "\n" + indented(string(content))
	default:
		text += fmt.Sprintf(" (%d bytes)", len(content))
	}
	s.note(strings.TrimRight(text, "\n"))
	return nil
}

// Download writes down what would be fetched.
func (s *scribe) Download(_ context.Context, f remote.File) error {
	s.note("fetch " + remote.Quote(f.Remote))
	return nil
}

// Close does nothing.
func (s *scribe) Close() error { return nil }

func (s *scribe) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, text)
}

// forget leaves out what nodes were told since the last time.
func (r *rehearsal) forget() {
	for _, s := range r.scribes {
		s.mu.Lock()
		s.said = nil
		s.mu.Unlock()
	}
}

// indented is a text with each line moved to the right.
func indented(text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		if strings.TrimSpace(line) == "" {
			b.WriteString("\n")
			continue
		}
		b.WriteString("  | " + line)
	}
	return b.String()
}

// shownInput is what a command gets to read, if that is a short text.
func shownInput(in io.Reader) (string, error) {
	if in == nil {
		return "", nil
	}
	text, err := io.ReadAll(io.LimitReader(in, maxShownBytes+1))
	switch {
	case err != nil || len(text) == 0:
		return "", err
	case len(text) > maxShownBytes || !utf8.Valid(text):
		return "(too long to be shown, or no text)", nil
	}
	return string(text), nil
}

// taken is what nodes were told since the last time: each list of steps once, with the names of the nodes that got it.
func (r *rehearsal) taken() string {
	var order []string
	who := make(map[string][]string)
	steps := make(map[string][]string)
	for _, s := range r.scribes {
		s.mu.Lock()
		said := s.said
		s.said = nil
		s.mu.Unlock()
		if len(said) == 0 {
			continue
		}
		for i := range said {
			said[i] = r.names.Replace(said[i])
		}
		text := strings.Join(said, "\n")
		if who[text] == nil {
			order = append(order, text)
		}
		who[text], steps[text] = append(who[text], s.name), said
	}
	var b strings.Builder
	for _, text := range order {
		fmt.Fprintf(&b, "  on %s:\n", strings.Join(who[text], ", "))
		for _, step := range steps[text] {
			for line := range strings.Lines(r.short(step)) {
				b.WriteString("    " + line)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// longText is how many lines a text has that isn't shown twice.
const longText = 8

// short is a step, without its text if that is long and was shown before.
func (r *rehearsal) short(step string) string {
	what, text, _ := strings.Cut(step, "\n")
	if strings.Count(text, "\n") < longText {
		return step
	}
	if k := r.shown[text]; k > 0 {
		return fmt.Sprintf("%s\n  | (as shown above at [%d])", what, k)
	}
	r.shown[text] = len(r.shown) + 1
	return fmt.Sprintf("%s [%d]\n%s", what, r.shown[text], text)
}

// A rollCall is who the members of the database's cluster would be, had the plan's scripts done their work.
type rollCall struct {
	scripts fault.Membership
	nodes   []string

	mu   sync.Mutex
	away map[string]bool
}

// answer is what the script prints that asks for members; false for any other. Those that change them are noted.
func (r *rollCall) answer(script string) (string, bool) {
	if r.scripts.View == "" {
		return "", false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, change := range []struct {
		text string
		away bool
	}{{r.scripts.Remove, true}, {r.scripts.Add, false}} {
		for _, name := range r.nodes {
			if strings.HasSuffix(script, change.text) && strings.Contains(script, "\nTARGET="+remote.Quote(name)+";") {
				r.away[name] = change.away
			}
		}
	}
	if !strings.HasSuffix(script, r.scripts.View) {
		return "", false
	}
	return strings.Join(slices.DeleteFunc(slices.Clone(r.nodes), func(name string) bool { return r.away[name] }), "\n"), true
}
