package sim

import "fmt"

// Level is the isolation that the simulated database keeps.
type Level uint8

// The levels, strongest first. See the package's documentation for what each is.
const (
	StrictSerializable Level = iota
	StrongSessionSerializable
	Serializable
	SnapshotIsolation
	ReadCommitted
	ReadUncommitted
	Dirty
)

// rules is how a level executes a transaction.
type rules struct {
	name     string
	atOnce   bool // all micro-ops and the commit in one instant
	stale    bool // read-only transactions may read an older state
	session  bool // ... but none older than the process has seen
	snapshot bool // reads show the state at the begin; else the newest committed one
	first    bool // the first committer wins: a write over a version newer than the snapshot aborts
	lock     bool // writes lock their key until the end of the transaction
	peek     bool // reads show what the holder of a key's lock wrote
	dirty    bool // writes are installed at once
}

var levels = [...]rules{
	StrictSerializable:        {name: "strict-serializable", atOnce: true, snapshot: true},
	StrongSessionSerializable: {name: "strong-session-serializable", atOnce: true, snapshot: true, stale: true, session: true},
	Serializable:              {name: "serializable", atOnce: true, snapshot: true, stale: true},
	SnapshotIsolation:         {name: "snapshot-isolation", snapshot: true, first: true},
	ReadCommitted:             {name: "read-committed", lock: true},
	ReadUncommitted:           {name: "read-uncommitted", lock: true, peek: true},
	Dirty:                     {name: "dirty", dirty: true},
}

// String is the level's name; but for "dirty" it is the consistency model that holds.
func (l Level) String() string { return levels[l].name }

// Levels are all levels, strongest first.
func Levels() []Level {
	ls := make([]Level, len(levels))
	for i := range ls {
		ls[i] = Level(i)
	}
	return ls
}

// ParseLevel finds a level by its name.
func ParseLevel(name string) (Level, error) {
	for i, r := range levels {
		if r.name == name {
			return Level(i), nil
		}
	}
	return 0, fmt.Errorf("unknown level %q (hint: one of %v)", name, Levels())
}

// Workload is the shape of the transactions.
type Workload uint8

// The workloads.
const (
	ListAppend Workload = iota
	RWRegister
	// ClosedPredicate reads, inserts, overwrites and deletes rows, and reads all rows that match a predicate. Each row
	// changes at most once, so the run ends when every one of the KeyCount rows has, or earlier. Final reads and
	// options of key distribution and writes per key don't apply.
	ClosedPredicate
)

var workloads = [...]string{ListAppend: "list-append", RWRegister: "rw-register", ClosedPredicate: "closed-predicate"}

// String is the workload's name.
func (w Workload) String() string { return workloads[w] }

// ParseWorkload finds a workload by its name.
func ParseWorkload(name string) (Workload, error) {
	for i, n := range workloads {
		if n == name {
			return Workload(i), nil
		}
	}
	return 0, fmt.Errorf("unknown workload %q (hint: one of %v)", name, workloads)
}

// Dist is how likely each of the active keys is.
type Dist uint8

// The distributions: P(i) grows with base^i, is the same for all, or falls with (i+1)^-base.
const (
	Exponential Dist = iota
	Uniform
	Zipf
)

var dists = [...]string{Exponential: "exponential", Uniform: "uniform", Zipf: "zipf"}

// String is the distribution's name.
func (d Dist) String() string { return dists[d] }

// ParseDist finds a distribution by its name.
func ParseDist(name string) (Dist, error) {
	for i, n := range dists {
		if n == name {
			return Dist(i), nil
		}
	}
	return 0, fmt.Errorf("unknown key distribution %q (hint: one of %v)", name, dists)
}

// Options says what to simulate. The zero value of a field means its default.
type Options struct {
	Seed     uint64
	Level    Level
	Workload Workload

	Txns        int // transactions to invoke; default 100
	Concurrency int // clients; default 10

	KeyDist         Dist
	KeyDistBase     float64 // default 2
	KeyCount        int     // active keys; default 10, uniform 3; rows of closed-predicate, default 50
	MinTxnLen       int     // micro-ops; default 1
	MaxTxnLen       int     // default 4
	MaxWritesPerKey int     // default 256; each key's budget is zipf-distributed below it
	FixedWrites     bool    // every key takes MaxWritesPerKey writes exactly
	ReadFirst       bool    // a transaction reads a key before it writes it, and writes it once

	FailRate float64 // share of transactions that abort for no reason
	InfoRate float64 // share of transactions whose client never learns the outcome; half of them take effect

	StaleRate float64 // share of read-only transactions that read an older state, at levels that allow it; default 0.5
	StaleLag  int     // how many commits back, at most; default 3 * Concurrency

	FinalReads bool // read every key once all else is done, 8 keys a transaction

	// Inject names anomalies (see Recipes) to be woven into the history besides its Txns, each at a random place, on keys
	// and processes of its own.
	Inject []string
}

// withDefaults fills in what was left zero.
func (o Options) withDefaults() Options {
	orInt := func(p *int, d int) {
		if *p == 0 {
			*p = d
		}
	}
	orInt(&o.Txns, 100)
	orInt(&o.Concurrency, 10)
	keys := 10
	switch {
	case o.Workload == ClosedPredicate:
		keys, o.FinalReads = 50, false
	case o.KeyDist == Uniform:
		keys = 3
	}
	orInt(&o.KeyCount, keys)
	orInt(&o.MinTxnLen, 1)
	orInt(&o.MaxTxnLen, max(4, o.MinTxnLen))
	orInt(&o.MaxWritesPerKey, 256)
	orInt(&o.StaleLag, 3*o.Concurrency)
	if o.KeyDistBase == 0 {
		o.KeyDistBase = 2
	}
	if o.StaleRate == 0 {
		o.StaleRate = 0.5
	}
	return o
}

// What more than this would take is memory by the gigabyte, without a history that shows anything else.
const (
	mostClients = 1_000_000
	mostKeys    = 1_000_000
	mostMops    = 10_000
)

// Validate names the first option that makes no sense.
func (o Options) Validate() error {
	o = o.withDefaults()
	if int(o.Level) >= len(levels) || int(o.Workload) >= len(workloads) || int(o.KeyDist) >= len(dists) {
		return fmt.Errorf("unknown level, workload or key distribution (hint: use the package's constants)")
	}
	for _, n := range []struct {
		name string
		got  int
		want bool
	}{
		{"transactions", o.Txns, o.Txns >= 0},
		{"concurrency", o.Concurrency, o.Concurrency > 0},
		{"key count", o.KeyCount, o.KeyCount > 0},
		{"min transaction length", o.MinTxnLen, o.MinTxnLen > 0},
		{"max transaction length", o.MaxTxnLen, o.MaxTxnLen >= o.MinTxnLen},
		{"max writes per key", o.MaxWritesPerKey, o.MaxWritesPerKey > 0},
		{"stale lag", o.StaleLag, o.StaleLag > 0},
	} {
		if !n.want {
			return fmt.Errorf("%s can't be %d (hint: leave it out for the default)", n.name, n.got)
		}
	}
	for _, n := range []struct {
		name     string
		got, max int
	}{
		{"concurrency", o.Concurrency, mostClients},
		{"key count", o.KeyCount, mostKeys},
		{"max transaction length", o.MaxTxnLen, mostMops},
	} {
		if n.got > n.max {
			return fmt.Errorf("%s can't be %d (hint: at most %d)", n.name, n.got, n.max)
		}
	}
	for _, r := range []float64{o.FailRate, o.InfoRate, o.StaleRate} {
		if !(r >= 0 && r <= 1) {
			return fmt.Errorf("a rate can't be %v (hint: between 0 and 1)", r)
		}
	}
	if sum := o.FailRate + o.InfoRate; sum > 1 {
		return fmt.Errorf("the rates of failed and indeterminate transactions can't be %v in all (hint: they are shares of one whole, 1 at most)", sum)
	}
	// An exponential base of 1 or less has no inverse, and a zipf skew of 0 or less is no zipf.
	if o.KeyDist == Exponential && !(o.KeyDistBase > 1) || !(o.KeyDistBase > 0) {
		return fmt.Errorf("key distribution base can't be %v (hint: 2 is usual)", o.KeyDistBase)
	}
	_, err := o.injections()
	return err
}
