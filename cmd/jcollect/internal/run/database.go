package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/internal/store"
)

// makeDB makes the database of the plan, once the nodes are known.
func (f *life) makeDB() {
	if f.database != nil {
		return
	}
	f.database = db.New(f.t.DB, db.Options{Nodes: f.nodes, OS: f.t.system(), Log: f.log})
}

// setupOS installs what the plan wants on the nodes.
func (f *life) setupOS(ctx context.Context) error {
	if len(f.nodes) == 0 {
		return nil
	}
	f.makeDB()
	return f.database.SetupOS(ctx)
}

// setupDBName is the stage that does what plans are most often wrong about.
const setupDBName = "set up the database"

// setupDB sets the database up. What it began is torn down at the end, and its logs are kept, also if this failed: then
// they tell why.
func (f *life) setupDB(ctx context.Context) error {
	if len(f.nodes) == 0 || f.t.Root.Get("db") == nil {
		return nil
	}
	f.makeDB()
	if !f.t.LeaveDBRunning {
		f.later("tear down the database", teardownLimit, f.database.Teardown)
	}
	f.later("download the logs", logsLimit, func(ctx context.Context) error { return f.fetchLogs(ctx, f.run.Dir(), f.t.LeaveDBRunning) })
	return f.database.Setup(ctx)
}

// fetchLogs downloads the database's logs into a folder per node. What one node doesn't give keeps no other from giving.
func (f *life) fetchLogs(ctx context.Context, dir string, leave bool) error {
	f.makeDB()
	return perNode(f.nodes, node.Each(ctx, f.nodes, func(ctx context.Context, n *node.Node) error {
		to := filepath.Join(dir, store.SafeName(n.Name))
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("download the logs: %w", err)
		}
		return f.database.Download(ctx, n, to, leave)
	}))
}

// downloaded are the logs of the nodes in the run's folder.
func (f *life) downloaded() (logs []string) {
	for _, name := range f.t.Nodes {
		dir := filepath.Join(f.run.Dir(), store.SafeName(name))
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // none of this node
		}
		for _, e := range entries {
			logs = append(logs, filepath.Join(dir, e.Name()))
		}
	}
	return logs
}

// teardownDB removes the database.
func (f *life) teardownDB(ctx context.Context) error {
	f.makeDB()
	return f.database.Teardown(ctx)
}

// faultDB is the database as faults want it; nil if the plan has none.
func (f *life) faultDB() fault.Database {
	if f.database == nil || f.t.Root.Get("db") == nil {
		return nil
	}
	return f.database
}
