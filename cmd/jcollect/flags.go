package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/run"
	"jcheck/internal/amount"
)

// planFlags are the flags that change a plan, for every verb that reads one.
type planFlags struct {
	flags     *pflag.FlagSet
	node      []string
	nodes     []string
	nodesFile string
	sets      []string
	lab       []plan.Change // what --lab changes, before all others
}

// simpleFlags set one key each. Those without a default text are words; the others are switches.
var simpleFlags = []struct {
	flag, short, key string
	isSwitch         bool
	doc              string
}{
	{"name", "", "name", false, "what the runs are called"},
	{"remote", "", "remote.kind", false, "how nodes are reached: ssh, local, docker, podman"},
	{"username", "", "remote.user", false, "who logs in"},
	{"port", "", "remote.port", false, "the port of ssh"},
	{"ssh-private-key", "", "remote.key", false, "the `FILE` of the private key"},
	{"known-hosts", "", "remote.known-hosts", false, "the `FILE` of known host keys"},
	{"password-env", "", "remote.password-env", false, "the `VARIABLE` that holds the password to log in with"},
	{"password-file", "", "remote.password-file", false, "the `FILE` whose first line is it"},
	{"sudo-password-env", "", "remote.sudo-password-env", false, "the `VARIABLE` that holds the password that sudo wants"},
	{"sudo-password-file", "", "remote.sudo-password-file", false, "the `FILE` whose first line is it"},
	{"accept-new", "", "remote.accept-new", true, "trust hosts that are seen for the first time"},
	{"disposable", "", "disposable", true, "these nodes may be damaged"},
	{"workload", "w", "workload.kind", false, "the kind of workload"},
	{"ops-per-key", "", "workload.ops-per-key", false, "operations of each key"},
	{"key-count", "", "workload.key-count", false, "keys in use at the same time"},
	{"max-txn-length", "", "workload.max-txn-length", false, "micro-ops of a transaction at most"},
	{"max-writes-per-key", "", "workload.max-writes-per-key", false, "writes of a key before a new one takes its place"},
	{"isolation", "", "client.isolation", false, "of transactions: serializable, \"repeatable read\""},
	{"nemesis-interval", "", "nemesis.interval", false, "the time between faults: 10s"},
	{"concurrency", "", "concurrency", false, "clients: 10, or 3n for three per node"},
	{"rate", "r", "rate", false, "operations per second: 200/s"},
	{"time-limit", "", "time-limit", false, "how long operations go on: 60s"},
	{"recovery-time", "", "recovery-time", false, "the pause before final operations: 10s"},
	{"seed", "", "seed", false, "the seed of all randomness"},
	{"test-count", "", "test-count", false, "how often to run it, as long as it is valid"},
	{"tcpdump", "", "db.tcpdump", true, "record the nodes' packets"},
	{"leave-db-running", "", "leave-db-running", true, "don't tear the database down at the end"},
	{"skip-impossible", "", "skip-impossible", true, "leave out the faults that a node can't do"},
	{"logging-json", "", "logging-json", true, "write jcollect.log as JSON lines"},
}

// strangers are flags of Jepsen's that mean nothing here, and what does instead.
var strangers = []struct{ flag, instead string }{
	{"password", "no password stands on a command line, where others can read it (hint: --password-env NAME or --password-file FILE)"},
	{"sudo-password", "no password stands on a command line, where others can read it (hint: --sudo-password-env NAME or --sudo-password-file FILE)"},
}

// A stranger is the value of such a flag: it refuses all.
type stranger string

// Set says what to do instead.
func (s stranger) Set(string) error { return errors.New(string(s)) }

// Refusal is what is said of it, whatever was given.
func (s stranger) Refusal() string { return string(s) }

// String is nothing: no value was ever taken.
func (stranger) String() string { return "" }

// Type is for the help, which doesn't show the flag.
func (stranger) Type() string { return "" }

// bindStrangers adds those flags, hidden.
func bindStrangers(flags *pflag.FlagSet) {
	for _, row := range strangers {
		f := flags.VarPF(stranger(row.instead), row.flag, "", "")
		f.Hidden, f.NoOptDefVal = true, "true"
	}
}

// bindPlanFlags adds the flags.
func bindPlanFlags(flags *pflag.FlagSet) *planFlags {
	f := bindNodeFlags(flags)
	f.bindSimple(func(key string) bool { return !strings.HasPrefix(key, remotePrefix) })
	flags.StringSlice("consistency-models", nil, "what the database promises, for workloads of transactions")
	flags.StringSlice("nemesis", nil, "faults: partition,kill; none for none")
	flags.String(tarballFlag, "", "where the db's archive is downloaded, instead of what the plan says: a `URL`")
	flags.String(packageFlag, "", "the same")
	flags.Bool(noSSHFlag, false, "log in nowhere: the plan without remote, os, db and nemesis")
	return f
}

// remotePrefix begins the keys of how nodes are reached.
const remotePrefix = "remote."

// bindNodeFlags adds only those that say which nodes there are, and how they are reached.
func bindNodeFlags(flags *pflag.FlagSet) *planFlags {
	f := &planFlags{flags: flags}
	flags.SortFlags = false
	flags.StringArrayVarP(&f.node, "node", "n", nil, "a node; may be repeated")
	flags.StringSliceVar(&f.nodes, "nodes", nil, "nodes: n1,n2,n3")
	flags.StringVar(&f.nodesFile, "nodes-file", "", "a `FILE` with a node on each line")
	f.bindSimple(func(key string) bool { return strings.HasPrefix(key, remotePrefix) })
	flags.StringArrayVar(&f.sets, "set", nil, "KEY.PATH=VALUE of the plan, as YAML; may be repeated; no value removes the key")
	flags.Bool(strictFlag, true, "host keys are checked; this can't be switched off")
	bindStrangers(flags)
	return f
}

// bindSimple adds the flags that set one key each, of the keys that are wanted.
func (f *planFlags) bindSimple(wanted func(key string) bool) {
	flags := f.flags
	for _, row := range simpleFlags {
		if !wanted(row.key) {
			continue
		}
		if row.isSwitch {
			flags.BoolP(row.flag, row.short, false, row.doc)
		} else {
			flags.StringP(row.flag, row.short, "", row.doc)
		}
	}
}

// changes are what the flags that were given change in a plan.
func (f *planFlags) changes(p *plan.Problems) []plan.Change {
	list := slices.Clone(f.lab)
	if names, given := f.nodeNames(p); given {
		list = append(list, plan.Change{Flag: "--nodes", Path: []string{"nodes"}, Value: plan.Scalars("--nodes", names)})
	}
	for _, row := range simpleFlags {
		if f.flags.Changed(row.flag) {
			if row.flag == "rate" { // the workload's own would count for more
				list = append(list, plan.Change{Flag: "--rate", Path: []string{"workload", "rate"}})
			}
			c := plan.Change{Flag: "--" + row.flag, Path: strings.Split(row.key, ".")}
			c.Value = plan.Text(c.Flag, f.flags.Lookup(row.flag).Value.String())
			list = append(list, c)
		}
	}
	if f.flags.Changed("consistency-models") {
		c := plan.Change{Flag: "--consistency-models", Path: []string{"workload", "consistency-models"}}
		c.Value = plan.Scalars(c.Flag, f.words("consistency-models"))
		list = append(list, c)
	}
	if f.flags.Changed("nemesis") {
		list = append(list, f.faults())
	}
	list = append(list, f.jepsens(p)...)
	for _, text := range f.sets {
		if c, ok := plan.ParseChange("--set", text, p); ok {
			list = append(list, c)
		}
	}
	return list
}

// Flags of Jepsen's that change several keys, or none.
const (
	tarballFlag = "tarball"
	packageFlag = "package-url"
	noSSHFlag   = "no-ssh"
	strictFlag  = "strict-host-key-checking"
)

// jepsens are the changes of those flags.
func (f *planFlags) jepsens(p *plan.Problems) (list []plan.Change) {
	for _, name := range []string{tarballFlag, packageFlag} {
		if flag := f.flags.Lookup(name); flag != nil && flag.Changed {
			at := "--" + name
			for _, key := range []string{"from", "path", "sha256"} { // of another archive
				list = append(list, plan.Change{Flag: at, Path: []string{"db", "archive", key}})
			}
			list = append(list, plan.Change{Flag: at, Path: []string{"db", "archive", "url"}, Value: plan.Text(at, flag.Value.String())})
		}
	}
	if flag := f.flags.Lookup(noSSHFlag); flag != nil && flag.Changed && flag.Value.String() == "true" {
		for _, key := range []string{"remote", "ssh", "os", "db", "nemesis"} {
			list = append(list, plan.Change{Flag: "--" + noSSHFlag, Path: []string{key}})
		}
	}
	if f.flags.Lookup(strictFlag).Value.String() == "false" {
		p.Add(plan.Pos{File: "--" + strictFlag}, "--accept-new trusts hosts that are seen for the first time", "host keys are always checked")
	}
	return list
}

// words are the values of a flag that takes several.
func (f *planFlags) words(flag string) []string {
	words, err := f.flags.GetStringSlice(flag)
	if err != nil {
		panic("jcollect: internal error: " + err.Error()) // the flag is there
	}
	return words
}

// faults is what --nemesis changes. The word none asks for a quiet cluster.
func (f *planFlags) faults() plan.Change {
	words := f.words("nemesis")
	if len(words) == 1 && words[0] == "none" {
		return plan.Change{Flag: "--nemesis", Path: []string{"nemesis"}}
	}
	return plan.Change{Flag: "--nemesis", Path: []string{"nemesis", "faults"}, Value: plan.Scalars("--nemesis", words)}
}

// nodeNames joins the nodes of a file, of --nodes and of --node, in this order, as Jepsen does.
func (f *planFlags) nodeNames(p *plan.Problems) (names []string, given bool) {
	if f.nodesFile != "" {
		text, err := os.ReadFile(f.nodesFile)
		if err != nil {
			p.Add(plan.Pos{File: "--nodes-file"}, "a file with a node on each line", "%v", err)
			return nil, false
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				names = append(names, line)
			}
		}
	}
	for _, n := range f.nodes {
		names = append(names, strings.TrimSpace(n))
	}
	names = append(names, f.node...)
	return names, f.flags.Changed("nodes-file") || f.flags.Changed("nodes") || f.flags.Changed("node")
}

// load reads a plan with the changes of the flags. The error has a line for each mistake.
func (f *planFlags) load(file string) (*run.Test, error) {
	var p plan.Problems
	changes := f.changes(&p)
	t := run.Load(file, changes, &p)
	if p.Any() {
		return nil, planError(&p)
	}
	return t, nil
}

// planError is one error of all the mistakes of a plan.
func planError(p *plan.Problems) error {
	list, more := p.Sorted()
	var errs []error
	for _, m := range list {
		errs = append(errs, errors.New(m.String()))
	}
	if more > 0 {
		errs = append(errs, fmt.Errorf("and %s", amount.Of(more, "more mistake")))
	}
	return errors.Join(errs...)
}
