package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// readyEvery is how often a cluster is asked whether it is ready.
const readyEvery = 300 * time.Millisecond

// Options say for which cluster a database is.
type Options struct {
	Nodes []*node.Node
	OS    string       // debian, ubuntu, rhel, none; "" finds out
	Cache string       // folder of this machine for downloads; "" is the user's cache
	Log   *slog.Logger // nil is none
}

// A DB is the database of a plan on the nodes of a test. Its methods may be called at the same time for different nodes.
type DB struct {
	plan  Plan
	os    string
	cache string
	nodes []*node.Node
	log   *slog.Logger

	downloads sync.Mutex // one download at a time: nodes want the same file
}

// New makes the database of a plan. Nothing happens on the nodes yet.
func New(p Plan, o Options) *DB {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &DB{plan: p, os: o.OS, cache: o.Cache, nodes: o.Nodes, log: log}
}

// Setup brings the database up on all nodes: teardown, files, archives, the setup script, daemons, the primary's script,
// and ready, each stage on all nodes before the next begins. Whatever fails, the whole is tried again, as often as the
// plan says. Nodes lack addresses until then; they get them.
func (d *DB) Setup(ctx context.Context) error {
	if err := node.LookUp(ctx, d.nodes); err != nil {
		return err
	}
	var err error
	for try := 1; try <= max(1, d.plan.Tries); try++ {
		before := err
		if err = d.Teardown(ctx); err == nil {
			err = d.cycle(ctx)
		}
		if err != nil && unreachable(err) && before != nil { // why it went away is told by the try before
			return fmt.Errorf("%w (first: %w)", err, before)
		}
		if err == nil || ctx.Err() != nil || unreachable(err) {
			return err
		}
		d.log.Warn("set-up failed", "try", try, "of", d.plan.Tries, "error", err)
	}
	return fmt.Errorf("%s: %w", tries(max(1, d.plan.Tries)), err)
}

// cycle is one try of set-up.
func (d *DB) cycle(ctx context.Context) error {
	groups := [][]*node.Node{d.nodes}
	if d.plan.PrimaryFirst && len(d.nodes) > 1 {
		groups = [][]*node.Node{d.nodes[:1], d.nodes[1:]}
	}
	if err := d.each(ctx, d.nodes, d.place); err != nil {
		return err
	}
	for _, group := range groups {
		if err := d.each(ctx, group, d.install); err != nil {
			return err
		}
		if err := d.each(ctx, group, d.raise); err != nil {
			return err
		}
	}
	if d.plan.SetupPrimary != "" {
		if err := d.each(ctx, d.nodes[:1], func(ctx context.Context, n *node.Node) error {
			return d.script(ctx, n, "setup-primary", d.plan.SetupPrimary)
		}); err != nil {
			return err
		}
	}
	return d.Ready(ctx)
}

// each runs a stage on nodes at the same time, and waits for all of them.
func (d *DB) each(ctx context.Context, nodes []*node.Node, f func(context.Context, *node.Node) error) error {
	return node.Failed(node.Each(ctx, nodes, f))
}

// place puts archives and files where they belong.
func (d *DB) place(ctx context.Context, n *node.Node) error {
	for _, a := range d.plan.Archives {
		if err := d.unpack(ctx, n, a); err != nil {
			return err
		}
	}
	for _, f := range d.plan.Files {
		if err := d.write(ctx, n, f); err != nil {
			return err
		}
	}
	return nil
}

// install runs the setup script.
func (d *DB) install(ctx context.Context, n *node.Node) error {
	if d.plan.Setup == "" {
		return nil
	}
	return d.script(ctx, n, "setup", d.plan.Setup)
}

// Ready waits until every node says that the cluster may be used.
func (d *DB) Ready(ctx context.Context) error {
	if d.plan.Ready == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.plan.ReadyTimeout)
	defer cancel()
	return d.each(ctx, d.nodes, func(ctx context.Context, n *node.Node) error {
		var last error
		for {
			err := d.script(ctx, n, "ready", d.plan.Ready)
			var exit *remote.ExitError
			switch {
			case err == nil || unreachable(err):
				return err
			case errors.As(err, &exit) || last == nil:
				last = err // what the script says tells more than that the time was up while it ran
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("not ready within %v: %w", d.plan.ReadyTimeout, last)
			case <-time.After(readyEvery):
			}
		}
	})
}

// Primaries are the nodes that are primaries now, by what the plan's script prints on any node that answers; nil if the
// plan doesn't say how to find out.
func (d *DB) Primaries(ctx context.Context) ([]*node.Node, error) {
	if d.plan.Primaries == "" {
		return nil, nil
	}
	var mu sync.Mutex
	said := make(map[*node.Node]bool)
	failed := node.Each(ctx, d.nodes, func(ctx context.Context, n *node.Node) error {
		out, err := d.run(ctx, n, "primaries", d.plan.Primaries)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, word := range strings.Fields(out) {
			if m := d.named(word); m != nil {
				said[m] = true
			}
		}
		return nil
	})
	if len(failed) == len(d.nodes) {
		return nil, node.Failed(failed)
	}
	var list []*node.Node
	for _, n := range d.nodes {
		if said[n] {
			list = append(list, n)
		}
	}
	return list, nil
}

// HasPrimaries tells whether the plan says how to find the primaries.
func (d *DB) HasPrimaries() bool { return d.plan.Primaries != "" }

// named finds a node by its name or address, with or without a port.
func (d *DB) named(word string) *node.Node {
	host := word
	if i := strings.LastIndexByte(word, ':'); i > 0 && strings.Count(word, ":") == 1 {
		host = word[:i]
	}
	i := slices.IndexFunc(d.nodes, func(n *node.Node) bool { return n.Name == host || n.Addr != "" && n.Addr == host })
	if i < 0 {
		return nil
	}
	return d.nodes[i]
}

// Teardown stops the daemons, runs the teardown script, and removes what the plan says is to be wiped. Each of these is
// tried whatever happened before.
func (d *DB) Teardown(ctx context.Context) error {
	return d.each(ctx, d.nodes, d.teardown)
}

func (d *DB) teardown(ctx context.Context, n *node.Node) error {
	var names []string
	for _, x := range d.daemonsOn(n) {
		names = append(names, x.Name)
	}
	steps := []func() error{func() error { // an earlier test of another plan may have been killed
		_, err := n.StopOthers(ctx, names)
		return err
	}}
	for _, x := range slices.Backward(d.daemonsOn(n)) {
		steps = append(steps, func() error {
			_, err := n.Stop(ctx, x.Name, x.Grace)
			return err
		})
	}
	if d.plan.Teardown != "" {
		steps = append(steps, func() error { return d.script(ctx, n, "teardown", d.plan.Teardown) })
	}
	if len(d.plan.Wipe) > 0 {
		steps = append(steps, func() error {
			_, err := n.Remote.Exec(ctx, d.wipe(n))
			return err
		})
	}
	return all(steps)
}

// all does one step after the other, whatever becomes of each; but a node that can't be reached isn't tried again and
// again.
func all(steps []func() error) error {
	var errs []error
	for _, step := range steps {
		err := step()
		errs = append(errs, err)
		if unreachable(err) {
			break
		}
	}
	return errors.Join(errs...)
}

// unreachable tells whether a node didn't even take a command.
func unreachable(err error) bool {
	var lost *remote.LostError
	return errors.As(err, &lost) && !lost.Started
}

// wipeScript removes its arguments.
const wipeScript = `for f; do rm -rf -- "$f" 2>/dev/null || { [ -d "$f" ] && find "$f" -mindepth 1 -delete; } || exit 1; done`

// wipe removes what the plan says. A mount point stays, without what is in it.
func (d *DB) wipe(n *node.Node) remote.Command {
	return remote.Command{Script: wipeScript,
		Args: d.plan.Wipe, User: n.User, Timeout: d.plan.Timeout}
}

// script runs a script of the plan on a node.
func (d *DB) script(ctx context.Context, n *node.Node, what, text string) error {
	_, err := d.run(ctx, n, what, text)
	return err
}

// run runs a script and returns what it printed.
func (d *DB) run(ctx context.Context, n *node.Node, what, text string) (string, error) {
	began := time.Now()
	res, err := n.Remote.Exec(ctx, d.command(n, text))
	d.log.Debug(what, "node", n.Name, "took", time.Since(began).Round(time.Millisecond), "stdout", shortened(res.Stdout), "stderr", shortened(res.Stderr))
	var exit *remote.ExitError
	var lost *remote.LostError
	switch {
	case errors.As(err, &exit):
		exit.Command = "the script " + what // how we run it tells nobody anything
	case errors.As(err, &lost):
		lost.Command = "the script " + what
	case err != nil:
		err = fmt.Errorf("%s: the script %s: %w", n.Name, what, err)
	}
	return string(res.Stdout), err
}

// planScript runs its argument with the environment that comes by its input.
const planScript = `eval "$(cat)" || exit 1; exec </dev/null; exec /bin/sh -e -c "$1"`

// command is a script of the plan as it runs on a node. Its environment goes by the input, where no list of processes
// shows it; the script itself gets an empty one. It ends at the first command that fails, as a script whose author
// thought so wouldn't.
func (d *DB) command(n *node.Node, text string) remote.Command {
	var b strings.Builder
	for _, kv := range append(d.vars(n).environ(), pairs(d.plan.Env)...) {
		name, value, _ := strings.Cut(kv, "=")
		b.WriteString("export " + name + "=" + remote.Quote(value) + "\n")
	}
	return remote.Command{Script: planScript, Args: []string{text},
		Stdin: strings.NewReader(b.String()), Dir: "/", User: n.User, Timeout: d.plan.Timeout}
}

// shortened is an output as a log has it.
func shortened(b []byte) string {
	const most = 500
	if len(b) > most {
		return string(b[:most]) + "..."
	}
	return string(b)
}

// tries counts them.
func tries(n int) string {
	if n == 1 {
		return "tried once"
	}
	return fmt.Sprintf("tried %d times", n)
}
