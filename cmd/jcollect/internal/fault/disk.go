package fault

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// A DiskFull says which disk is filled.
type DiskFull struct {
	Path   string // a folder on it
	Leave  int64  // bytes
	Most   int64  // bytes that are written at most; 0 is the agent's limit
	Shared bool   // fill it although others may use the same disk
}

// fillID is the name of what fills a disk.
const fillID = "fault"

// readDiskFull reads which disk is filled.
func (f *Plan) readDiskFull(n *plan.Node, p *plan.Problems) {
	d := &f.DiskFull
	n.Fields(p, "disk-full",
		plan.Field{Key: "path", Doc: "a folder on the disk", Required: true, Read: fromRoot(&d.Path)},
		plan.Field{Key: "leave", Doc: "how much stays free: 1MB (0B)", Read: size(&d.Leave)},
		plan.Field{Key: "most", Doc: "how much is written at most (64GB)", Read: size(&d.Most)},
		plan.Field{Key: "shared", Doc: "true: fill it although others may use the same disk", Read: plan.Bool(&d.Shared)})
}

// fromRoot reads a path on nodes that begins at the root.
func fromRoot(path *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Str(path)(n, p)
		if n.Kind == plan.Scalar && (!strings.HasPrefix(*path, "/") || *path == "/" || strings.ContainsRune(*path, 0)) {
			p.Add(n.Pos, "/var/lib/...", "%q is no folder from the root", *path)
		}
	}
}

// size reads a number of bytes with its unit.
func size(bytes *int64) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		digits := strings.TrimLeft(n.Text, "0123456789")
		unit, known := map[string]int64{"B": 1, "kB": 1000, "KB": 1000, "MB": 1000_000, "GB": 1000_000_000,
			"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[digits]
		count, err := strconv.ParseInt(n.Text[:len(n.Text)-len(digits)], 10, 32)
		if n.Kind != plan.Scalar || err != nil || !known && n.Text != "0" {
			p.Add(n.Pos, "a number with its unit: 4kB, 1MiB", "%s is no size", n.Text)
			return
		}
		*bytes = count * unit
	}
}

// diskFullKind fills a disk, and empties it again.
func diskFullKind() kind {
	return kind{
		name: "disk-full", doc: "the database's disk is filled to its last byte", words: nodeWords[:],
		needs: func(n *Nemesis, _ string) []Impossible {
			if n.plan.DiskFull.Path == "" {
				return []Impossible{{Why: "the plan doesn't say which disk", Mend: "nemesis: disk-full: {path: FOLDER}"}}
			}
			return n.needsPrimaries("disk-full")
		},
		begin: strike("disk-full", "fill-disk"), end: undo("free-disk"), final: finally("free-disk"),
		alone: func(n *Nemesis, on *node.Node) []agent.Command {
			return []agent.Command{on.AgentCommand("unfill", agent.Fill{ID: fillID, Dir: n.plan.DiskFull.Path})}
		},
		revive: func(ctx context.Context, n *Nemesis, on *node.Node) error {
			_, err := on.Unfill(ctx, fillID, n.plan.DiskFull.Path)
			return err
		},
		moves: []move{{f: "fill-disk", do: fillDisks}, {f: "free-disk", do: freeDisks}},
	}
}

// fillDisks fills the disks of the nodes that an operation's target means.
func fillDisks(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	d := n.plan.DiskFull
	if d.Path == "" {
		return history.Value{}, errNoPath("disk-full")
	}
	_, names, err := n.perNode(ctx, c.Value)
	if err != nil {
		return history.Value{}, err
	}
	var mu sync.Mutex
	done := map[string]history.Value{}
	errs := n.inject(ctx, "disk-full", names, func(ctx context.Context, on *node.Node) error {
		filled, err := on.Fill(ctx, agent.Fill{ID: fillID, Dir: d.Path, Free: d.Leave, Max: d.Most, Shared: d.Shared})
		mu.Lock()
		defer mu.Unlock()
		done[on.Name] = edn.NewMap([]history.Value{edn.NewKeyword("bytes"), edn.NewInt(filled.Bytes), edn.NewKeyword("free"), edn.NewInt(filled.Free)})
		return err
	})
	return perNodeValue(names, done, errs), joinNodes("fill-disk", errs)
}

// freeDisks takes away what fills the disks.
func freeDisks(ctx context.Context, n *Nemesis, _ client.Call) (history.Value, error) {
	path := n.plan.DiskFull.Path
	if path == "" {
		return history.Value{}, errNoPath("disk-full")
	}
	errs := n.mend(ctx, "disk-full", n.names, func(ctx context.Context, on *node.Node) error {
		_, err := on.Unfill(ctx, fillID, path)
		return err
	})
	return outcomes(n.names, "freed", errs), joinNodes("free-disk", errs)
}
