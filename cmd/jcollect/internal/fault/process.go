package fault

import (
	"context"
	"errors"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/history"
)

// killKind ends the database on nodes, as a crash does, and starts it again.
func killKind() kind {
	return kind{
		name: "kill", doc: "the database's daemons are killed with SIGKILL, and started again", words: nodeWords[:],
		needs: needsDB("kill", Database.CanKill), begin: strike("kill", "kill"), end: undo("start"), final: finally("start"),
		alone: started,
		revive: func(ctx context.Context, n *Nemesis, on *node.Node) error {
			if n.o.DB == nil || !n.isOn("kill", on.Name) {
				return nil // a database that was never set up, or is torn down already, isn't started by a heal
			}
			return n.o.DB.Start(ctx, on)
		},
		moves: []move{
			{f: "kill", do: onChosen("kill", "killed", Database.Kill)},
			{f: "start", do: onEach("kill", "started", Database.Start)},
		},
	}
}

// pauseKind stops the database on nodes without its knowing, as a long pause of a virtual machine does.
func pauseKind() kind {
	return kind{
		name: "pause", doc: "the database's daemons are stopped with SIGSTOP, and go on", words: nodeWords[:],
		needs: needsDB("pause", Database.CanPause), begin: strike("pause", "pause"), end: undo("resume"), final: finally("resume"),
		alone: resumed,
		revive: func(ctx context.Context, n *Nemesis, on *node.Node) error {
			if n.o.DB == nil {
				return nil
			}
			return n.o.DB.Resume(ctx, on)
		},
		moves: []move{
			{f: "pause", do: onChosen("pause", "paused", Database.Pause)},
			{f: "resume", do: onEach("pause", "resumed", Database.Resume)},
		},
	}
}

// restartKind kills the database and starts it at once.
func restartKind() kind {
	restart := func(db Database, ctx context.Context, n *node.Node, _ ...string) error {
		return errors.Join(db.Kill(ctx, n), db.Start(ctx, n))
	}
	return kind{
		name: "restart", doc: "the database's daemons are killed and started again at once", words: nodeWords[:],
		needs: needsDB("restart", Database.CanKill), begin: strikeOnce("restart", "restart"),
		alone: started,
		moves: []move{{f: "restart", do: onChosen("restart", "restarted", restart)}},
	}
}

// started and resumed are what undoes kills and pauses without the control node.
func started(n *Nemesis, on *node.Node) []agent.Command { return n.o.DB.StartCommands(on) }
func resumed(n *Nemesis, on *node.Node) []agent.Command { return n.o.DB.ResumeCommands(on) }

// needsDB is what every fault of processes needs of the plan, and what its targets do.
func needsDB(kind string, can func(Database) bool) func(n *Nemesis, name string) []Impossible {
	return func(n *Nemesis, _ string) []Impossible {
		if n.o.DB == nil || !can(n.o.DB) {
			return []Impossible{{Why: "the plan says of no process how to do that", Mend: "db: daemons: in the plan, or a fault of your own under nemesis: scripts:"}}
		}
		return n.needsPrimaries(kind)
	}
}

// needsPrimaries is what a target of primaries needs.
func (n *Nemesis) needsPrimaries(kind string) []Impossible {
	for _, t := range n.plan.Targets[kind] {
		if t.Word == "primaries" && (n.o.DB == nil || !n.o.DB.HasPrimaries()) {
			return []Impossible{{Why: "nobody knows its primaries", Mend: "db: primaries: a script that prints their names"}}
		}
	}
	return nil
}

// errNoDB is the answer to faults of processes where there are none.
var errNoDB = errors.New("the plan has no database (hint: db: daemons: in the plan)")

// A process is something done to the daemons of a database on a node.
type process = func(db Database, ctx context.Context, on *node.Node, names ...string) error

// onChosen does something to the database on the nodes that the operation's target means.
func onChosen(kind, word string, do process) func(context.Context, *Nemesis, client.Call) (history.Value, error) {
	return func(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
		names, err := n.chosenStaying(ctx, c.Value)
		if n.o.DB == nil {
			err = errNoDB
		}
		if err != nil {
			return history.Value{}, err
		}
		errs := n.inject(ctx, kind, names, func(ctx context.Context, on *node.Node) error { return do(n.o.DB, ctx, on) })
		if k, _ := kindOf(n.plan, kind); k.end == nil { // it has healed itself, except where it went wrong
			for _, name := range names {
				if errs[name] == nil {
					errs = merge(errs, n.each(ctx, []string{name}, func(ctx context.Context, on *node.Node) error { return n.release(ctx, kind, on) }))
				}
			}
		}
		return outcomes(names, word, errs), joinNodes(kind, errs)
	}
}

// onEach heals a fault of processes on all nodes, or on those that the operation names.
func onEach(kind, word string, do process) func(context.Context, *Nemesis, client.Call) (history.Value, error) {
	return func(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
		names, err := n.chosenOrAll(ctx, c.Value)
		if n.o.DB == nil {
			err = errNoDB
		}
		if err != nil {
			return history.Value{}, err
		}
		names = n.staying(names)
		errs := n.mend(ctx, kind, names, func(ctx context.Context, on *node.Node) error { return do(n.o.DB, ctx, on) })
		return outcomes(names, word, errs), joinNodes(word, errs)
	}
}
