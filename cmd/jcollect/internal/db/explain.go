package db

import (
	"fmt"
	"strings"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// A Step is one thing that is done on a node, as a user reads it before anything is done. Secrets are not in it.
type Step struct {
	Stage string // packages, teardown, archives, files, setup, start, await, setup-primary, ready, kill, logs
	Node  string
	Text  string // a command, or several lines of them
}

// Commands are what setting the database up, and tearing it down, does on the nodes of the given names, in order: first
// teardown, since no test begins on what another one left.
func (p Plan) Commands(system string, nodes []string) []Step {
	d := New(p.shown(), Options{OS: system})
	for i, name := range nodes {
		d.nodes = append(d.nodes, &node.Node{Name: name, Index: i, Addr: "<address of " + name + ">"})
	}
	var steps []Step
	each := func(stage string, f func(n *node.Node) []string) {
		for _, n := range d.nodes {
			for _, text := range f(n) {
				steps = append(steps, Step{stage, n.Name, text})
			}
		}
	}
	each("packages", d.sayPackages)
	each("teardown", d.sayTeardown)
	each("archives", d.sayArchives)
	each("files", d.sayFiles)
	each("setup", said(p.Setup))
	each("start", d.sayStart)
	if len(d.nodes) > 0 && p.SetupPrimary != "" {
		steps = append(steps, Step{"setup-primary", d.nodes[0].Name, strings.TrimSpace(p.SetupPrimary)})
	}
	each("ready", said(p.Ready))
	each("kill", said(p.Kill))
	each("logs", func(*node.Node) []string { return p.Logs })
	return steps
}

// shown is the plan with the names of secrets instead of them.
func (p Plan) shown() Plan {
	p.Env = hidden(p.Env)
	daemons := make([]Daemon, 0, len(p.Daemons))
	for _, x := range p.Daemons {
		x.Env = hidden(x.Env)
		daemons = append(daemons, x)
	}
	p.Daemons = daemons
	return p
}

// hidden are variables with the names of secrets instead of them.
func hidden(list []Variable) []Variable {
	var shown []Variable
	for _, v := range list {
		if v.Source != "" {
			v.Value = "<from " + v.Source + ">"
		}
		shown = append(shown, v)
	}
	return shown
}

// said is a script of the plan.
func said(script string) func(*node.Node) []string {
	return func(*node.Node) []string {
		if script == "" {
			return nil
		}
		return []string{strings.TrimSpace(script)}
	}
}

func (d *DB) sayPackages(*node.Node) []string {
	if d.os == "none" || len(d.plan.Packages) == 0 {
		return nil
	}
	with := map[string]string{"debian": "apt-get install", "ubuntu": "apt-get install", "rhel": "dnf install"}[d.os]
	if with == "" {
		with = "apt-get or dnf install"
	}
	return []string{with + " " + remote.Join(d.plan.Packages) + "    # what isn't there yet"}
}

func (d *DB) sayTeardown(n *node.Node) []string {
	var texts []string
	daemons := d.daemonsOn(n)
	for i := len(daemons) - 1; i >= 0; i-- {
		texts = append(texts, fmt.Sprintf("stop %s: TERM, after %v KILL", remote.Quote(daemons[i].Name), daemons[i].Grace))
	}
	texts = append(texts, said(d.plan.Teardown)(n)...)
	if len(d.plan.Wipe) > 0 {
		texts = append(texts, "rm -rf "+remote.Join(d.plan.Wipe))
	}
	return texts
}

func (d *DB) sayArchives(*node.Node) []string {
	var texts []string
	for _, a := range d.plan.Archives {
		texts = append(texts, fmt.Sprintf("unpack %s to %s", remote.Quote(a.URL+a.From+a.Path), remote.Quote(a.To)))
	}
	return texts
}

func (d *DB) sayFiles(n *node.Node) []string {
	var texts []string
	for _, f := range d.plan.Files {
		text, err := f.text()
		if err == nil && f.Template {
			text, err = fill(f.To, text, d.vars(n))
		}
		if err != nil {
			text = "<" + err.Error() + ">"
		}
		texts = append(texts, fmt.Sprintf("write %s, mode %04o:\n%s", remote.Quote(f.To), f.Mode, indented(text)))
	}
	return texts
}

// indented is the start of a file, set in.
func indented(text string) string {
	const most = 40
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most], fmt.Sprintf("... %d more lines", more))
	}
	return "  " + strings.Join(lines, "\n  ")
}

func (d *DB) sayStart(n *node.Node) []string {
	var texts []string
	for _, x := range d.daemonsOn(n) {
		run, args, _, addr, err := d.filled(x, n)
		if err != nil {
			run = "<" + err.Error() + ">"
		}
		if len(args) > 0 {
			run = remote.Join(args)
		}
		as := ""
		if x.User != "" {
			as = " as " + x.User
		}
		texts = append(texts, fmt.Sprintf("start %s%s: %s", remote.Quote(x.Name), as, run))
		if addr != "" {
			texts = append(texts, fmt.Sprintf("await %s, for %v", addr, x.Limit))
		}
	}
	return texts
}
