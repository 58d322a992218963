package run

import "jcheck/cmd/jcollect/internal/client"

// Able is why the test can't be run, besides Refusal, as far as that is known before a node is touched: a client that
// the plan lacks, or whose program isn't there. Whoever only looks after nodes needs no client.
func (t *Test) Able() error {
	_, err := t.Client.Driver(client.Use{Dir: t.Dir, Nodes: t.Nodes, Concurrency: t.Concurrency, Workload: t.Workload.Kind,
		Options: t.Workload.Options, Seed: t.Seed})
	return err
}
