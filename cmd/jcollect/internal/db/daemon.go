package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// settleTime is how long a daemon is looked at that nothing tells of to wait for.
const settleTime = 200 * time.Millisecond

// captureName is the daemon that records packets.
const captureName = "tcpdump"

// daemonsOn are the daemons that run on a node, in the order in which they start.
func (d *DB) daemonsOn(n *node.Node) []Daemon {
	var list []Daemon
	if d.plan.Capture.On {
		list = append(list, d.plan.Capture.daemon())
	}
	for _, x := range d.plan.Daemons {
		if x.Nodes == "all" || (x.Nodes == "first") == (n.Index == 0) {
			list = append(list, x)
		}
	}
	return list
}

// capturePath is where packets are recorded on a node.
const capturePath = "/var/log/jcollect/tcpdump.pcap"

// daemon is tcpdump, as a daemon.
func (c Capture) daemon() Daemon {
	var ports []string
	for _, p := range c.Ports {
		ports = append(ports, fmt.Sprintf("port %d", p))
	}
	filter := strings.Join(ports, " or ")
	if c.Filter != "" {
		if filter != "" {
			filter = "(" + filter + ") and "
		}
		filter += "(" + c.Filter + ")"
	}
	return Daemon{Name: captureName, Run: "mkdir -p /var/log/jcollect && exec tcpdump -n -i any -U -Z root -w " + capturePath + " " + remote.Quote(filter),
		Log: "/var/log/jcollect/tcpdump.log", Grace: defaultGrace, Nodes: "all", Spare: true}
}

// raise starts all daemons of a node, one after the other, and waits for each to take connections.
func (d *DB) raise(ctx context.Context, n *node.Node) error {
	for _, x := range d.daemonsOn(n) {
		addr, err := d.start(ctx, n, x)
		if err != nil {
			return err
		}
		if addr == "" {
			err = n.Settle(ctx, x.Name, settleTime)
		} else {
			err = n.AwaitPort(ctx, addr, x.Limit, x.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// start starts one daemon, and tells the address to wait for.
func (d *DB) start(ctx context.Context, n *node.Node, x Daemon) (addr string, err error) {
	run, args, env, addr, err := d.filled(x, n)
	if err != nil {
		return "", fmt.Errorf("%s: %w", n.Name, err)
	}
	s, err := n.Start(ctx, agent.Daemon{Name: x.Name, Run: run, Args: args, Dir: x.Dir, User: x.User, Env: env, Log: x.Log,
		Restart: x.Restart.Milliseconds()})
	d.log.Debug("start", "node", n.Name, "daemon", x.Name, "state", s.State, "pid", s.PID)
	return addr, err
}

// Daemons are the names of the daemons that faults may hit.
func (d *DB) Daemons() []string {
	var names []string
	for _, x := range d.plan.Daemons {
		if !x.Spare {
			names = append(names, x.Name)
		}
	}
	return names
}

// CanKill tells whether there is something to kill and to start again.
func (d *DB) CanKill() bool {
	return len(d.Daemons()) > 0 || d.plan.Kill != "" && d.plan.Start != ""
}

// CanPause tells whether there is something to pause and to resume.
func (d *DB) CanPause() bool {
	return len(d.Daemons()) > 0 || d.plan.Pause != "" && d.plan.Resume != ""
}

// Kill kills the database on a node with KILL and waits for its end; only the named daemons if there are names.
func (d *DB) Kill(ctx context.Context, n *node.Node, names ...string) error {
	return d.signal(ctx, n, "kill", d.plan.Kill, "KILL", names)
}

// Pause stops all processes of the database on a node where they stand.
func (d *DB) Pause(ctx context.Context, n *node.Node, names ...string) error {
	return d.signal(ctx, n, "pause", d.plan.Pause, "STOP", names)
}

// Resume lets them go on. One that isn't paused is no error.
func (d *DB) Resume(ctx context.Context, n *node.Node, names ...string) error {
	return d.signal(ctx, n, "resume", d.plan.Resume, "CONT", names)
}

// Start starts what doesn't run of the database on a node. It doesn't wait until it can be used.
func (d *DB) Start(ctx context.Context, n *node.Node, names ...string) error {
	if d.plan.Start != "" {
		return d.script(ctx, n, "start", d.plan.Start)
	}
	var errs []error
	for _, x := range d.targets(n, names) {
		_, err := d.start(ctx, n, x)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// signal runs the plan's own script, or tells the daemons.
func (d *DB) signal(ctx context.Context, n *node.Node, what, script, signal string, names []string) error {
	if script != "" {
		return d.script(ctx, n, what, script)
	}
	var errs []error
	for _, x := range slices.Backward(d.targets(n, names)) {
		_, err := n.Kill(ctx, x.Name, signal)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// targets are the daemons of a node that a fault means.
func (d *DB) targets(n *node.Node, names []string) []Daemon {
	return slices.DeleteFunc(d.daemonsOn(n), func(x Daemon) bool {
		return x.Spare || len(names) > 0 && !slices.Contains(names, x.Name)
	})
}

// ResumeCommands undo a pause on the node without us: for a lease.
func (d *DB) ResumeCommands(n *node.Node) []agent.Command {
	return d.undo(n, d.plan.Resume, func(x Daemon) agent.Command {
		return n.AgentCommand("signal", agent.Signal{Name: x.Name, Signal: "CONT"})
	})
}

// StartCommands undo a kill on the node without us: for a lease.
func (d *DB) StartCommands(n *node.Node) []agent.Command {
	return d.undo(n, d.plan.Start, func(x Daemon) agent.Command { return n.AgentCommand("again", agent.Named{Name: x.Name}) })
}

// undo is the plan's own script, or a command for each daemon. The script gets no secrets: a lease lies on the disk.
func (d *DB) undo(n *node.Node, script string, f func(Daemon) agent.Command) []agent.Command {
	if script != "" {
		env := d.vars(n).environ()
		for _, v := range d.plan.Env {
			if v.Source == "" {
				env = append(env, v.Name+"="+v.Value)
			}
		}
		return []agent.Command{{Args: append(append([]string{"env"}, env...), "/bin/sh", "-e", "-c", script)}}
	}
	var list []agent.Command
	for _, x := range d.targets(n, nil) {
		list = append(list, f(x))
	}
	return list
}
