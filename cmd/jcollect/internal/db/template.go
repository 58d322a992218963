package db

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/template"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// maxFileBytes bounds a file of a plan and what a template makes of it.
const maxFileBytes = 64 << 20

// Vars are what templates know of the node that they are filled in for.
type Vars struct {
	Node        string
	Nodes       []string
	Index       int // from 0
	Number      int // from 1
	Primary     string
	Addr        string
	Addrs       []string
	PrimaryAddr string
	Others      []string // nodes but this one
	OtherAddrs  []string
	Env         map[string]string // env of the section
}

// vars are those of a node.
func (d *DB) vars(n *node.Node) Vars {
	v := Vars{Node: n.Name, Index: n.Index, Number: n.Index + 1, Addr: n.Addr, Env: make(map[string]string)}
	for i, m := range d.nodes {
		v.Nodes, v.Addrs = append(v.Nodes, m.Name), append(v.Addrs, m.Addr)
		if m != n {
			v.Others, v.OtherAddrs = append(v.Others, m.Name), append(v.OtherAddrs, m.Addr)
		}
		if i == 0 {
			v.Primary, v.PrimaryAddr = m.Name, m.Addr
		}
	}
	for _, e := range d.plan.Env {
		v.Env[e.Name] = e.Value
	}
	return v
}

// environ are the variables that scripts and daemons get.
func (v Vars) environ() []string {
	return []string{"NODE=" + v.Node, "NODES=" + strings.Join(v.Nodes, " "), fmt.Sprintf("NODE_INDEX=%d", v.Index),
		fmt.Sprintf("NODE_NUMBER=%d", v.Number), fmt.Sprintf("NODE_COUNT=%d", len(v.Nodes)), "NODE_ADDR=" + v.Addr,
		"NODE_ADDRS=" + strings.Join(v.Addrs, " "), "PRIMARY=" + v.Primary, "PRIMARY_ADDR=" + v.PrimaryAddr}
}

// functions are what templates can call.
func functions(v Vars) template.FuncMap {
	return template.FuncMap{
		"quote": remote.Quote, // for sh
		"json": func(x any) (string, error) {
			text, err := json.Marshal(x)
			return string(text), err
		},
		"join": func(list []string, between string) string { return strings.Join(list, between) },
		"add":  func(a, b int) int { return a + b },
		"addr": func(name string) (string, error) {
			i := slices.Index(v.Nodes, name)
			if i < 0 || i >= len(v.Addrs) {
				return "", fmt.Errorf("no node %q", name)
			}
			return v.Addrs[i], nil
		},
	}
}

// fill fills in a template.
func fill(name, text string, v Vars) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := template.New(name).Option("missingkey=error").Funcs(functions(v)).Parse(text)
	if err != nil {
		return "", err
	}
	var b limited
	if err := t.Execute(&b, v); err != nil {
		return "", err
	}
	return b.String(), nil
}

// limited is a text that doesn't grow without end.
type limited struct{ strings.Builder }

// Write adds to the text.
func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxFileBytes {
		return 0, fmt.Errorf("more than %d bytes", maxFileBytes)
	}
	return l.Builder.Write(p)
}

// text is what a file of the plan has in it.
func (f File) text() (string, error) {
	if f.From == "" {
		return f.Content, nil
	}
	info, err := os.Stat(f.From)
	if err != nil {
		return "", err
	}
	if info.Size() > maxFileBytes {
		return "", fmt.Errorf("%s has more than %d bytes (hint: an archive)", f.From, maxFileBytes)
	}
	text, err := os.ReadFile(f.From)
	return string(text), err
}

// filled is what of a daemon's description the agent gets, for a node.
func (d *DB) filled(x Daemon, n *node.Node) (run string, args, env []string, await string, err error) {
	v := d.vars(n)
	one := func(text string) string {
		out, err2 := fill("daemon "+x.Name, text, v)
		if err == nil {
			err = err2
		}
		return out
	}
	run, await = one(x.Run), one(x.Await)
	for _, a := range x.Args {
		args = append(args, one(a))
	}
	env = append(v.environ(), pairs(d.plan.Env)...)
	for _, e := range x.Env {
		env = append(env, e.Name+"="+one(e.Value))
	}
	return run, args, env, await, err
}

// pairs are variables as processes get them.
func pairs(list []Variable) []string {
	var env []string
	for _, v := range list {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}
