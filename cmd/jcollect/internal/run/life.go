package run

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/internal/store"
)

// A Launch is what a run needs besides its test.
type Launch struct {
	Store   string   // the folder of all runs
	Args    []string // the command line, to be kept
	Version string

	Soft context.Context // ends with the first Ctrl-C: stop, and put everything in order
	Hard context.Context // ends with the second: heal and leave

	Out      io.Writer         // gets the report
	Say      func(text string) // tells the user what goes wrong, a line at a time
	Progress func(text string) // shows what is being done, in the place of what was shown before; nil shows nothing
	Page     Page

	Agents node.Agents // what is uploaded to the nodes
}

// How long the parts of a run may take. None of them is waited for longer, whatever a node does.
const (
	connectLimit  = 2 * time.Minute
	agentLimit    = 5 * time.Minute
	osLimit       = 30 * time.Minute
	dbLimit       = time.Hour // has limits of its own for each script
	clientLimit   = 2 * time.Minute
	nemesisLimit  = 2 * time.Minute
	healLimit     = 2 * time.Minute
	teardownLimit = 10 * time.Minute
	logsLimit     = 10 * time.Minute
	closeLimit    = 20 * time.Second
)

// A life is one run while it goes on.
type life struct {
	t       *Test
	l       Launch
	run     *store.Run
	log     *slog.Logger
	logFile *os.File

	nodes    []*node.Node
	claim    claim
	database *db.DB
	nemesis  *fault.Nemesis
	driver   client.Driver
	use      client.Use
	recorder *store.Recorder
	begun    time.Time // the run
	started  time.Time // the operations

	early  string // what ended the operations before they were done, a Ctrl-C excepted
	phases phases
	checks []Check // of the workload
	keyed  bool    // values are [key value]

	mu      sync.Mutex // of undo: a stage that was left behind may still be at work
	undo    []stage    // what is to be put back, the last one first
	trouble []error
}

// Run runs the test once, from the first connection to the verdict.
func (t *Test) Run(l Launch) Outcome {
	f := &life{t: t, l: l}
	if !t.Seeded {
		t.Seed = rand.Uint64()
	}
	if err := f.makeWork(); err != nil {
		return Outcome{Err: err}
	}
	if err := f.begin(); err != nil {
		return Outcome{Err: err}
	}
	f.log.Info("run begins", "version", l.Version, "args", strings.Join(l.Args, " "), "seed", fmt.Sprint(t.Seed))
	err := guarded(f.forward)
	if err != nil {
		f.complain(err)
		if f.recorder != nil && !errors.Is(err, errInterrupted) {
			f.early = err.Error()
		}
	}
	f.saveHistory()
	f.backward()
	o := f.judge()
	if o.Err == nil {
		o.Err, o.Told = err, true
	}
	var broken *panicError
	if errors.As(err, &broken) { // our own bug: the history is there, but nobody should trust a verdict to be whole
		o.Judged, o.Err, o.Told = false, err, true
	}
	o.Dir, o.Trouble, o.Logs = f.run.Dir(), f.trouble, f.downloaded()
	f.log.Info("run ends", "code", fmt.Sprint(o.Code()))
	if err := f.logFile.Close(); err != nil {
		l.Say(err.Error())
	}
	return o
}

// begin makes the run's folder, with the plan and the log in it.
func (f *life) begin() (err error) {
	f.begun = time.Now()
	f.claim = claim{Run: crand.Text(), Began: f.begun}
	f.claim.Host, _ = os.Hostname() // for people; a machine without a name has none
	if f.run, err = store.Create(f.l.Store, f.t.Name, f.begun); err != nil {
		return err
	}
	if f.logFile, err = f.run.Append(store.LogFile); err != nil {
		return fmt.Errorf("make the log: %w", err)
	}
	f.log = newLog(f.logFile, f.t.LogJSON)
	return errors.Join(f.keepPlan(), f.keepTest())
}

// complain tells of something that went wrong, in the log and to the user.
func (f *life) complain(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		f.log.Error(line)
		f.l.Say(line)
	}
}

// failed notes something that went wrong beside the operations.
func (f *life) failed(err error) {
	f.trouble = append(f.trouble, err)
	f.complain(err)
}

// progress shows what is being done.
func (f *life) progress(text string) {
	f.log.Info(text)
	if f.l.Progress != nil {
		f.l.Progress(text)
	}
}

// forward does everything up to the last operation. The error is what ended it early.
func (f *life) forward() error {
	stages := []stage{
		{"connect to the nodes", connectLimit, f.connectIfNeeded},
		{claimName, connectLimit, f.claimNodes}, // before the first thing that would disturb another run
		{"install the agent", agentLimit, f.installAgent},
		{"set up the system", osLimit, f.setupOS},
		{"look at what the nodes can do", nemesisLimit, f.setupNemesis}, // before anything takes long
		{setupDBName, dbLimit, f.setupDB},
		{"set up the clients", clientLimit, f.setupClients},
	}
	for _, s := range stages {
		f.progress(s.name)
		if err := s.bounded(f.l.Soft); err != nil {
			return err
		}
	}
	if f.nemesis != nil {
		f.later(healName, healLimit, f.heal)
	}
	f.progress("operations")
	return f.operate()
}

// later notes what has to be put back at the end, before it is done: what was begun and failed is put back as well.
func (f *life) later(name string, limit time.Duration, do func(ctx context.Context) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.undo = append(f.undo, stage{name, limit, do})
}

// backward puts everything back, the last thing first. Whatever fails is told, and keeps nothing else from being put
// back. After a second Ctrl-C only what heals is done.
func (f *life) backward() {
	f.mu.Lock()
	undo := f.undo
	f.undo = nil
	f.mu.Unlock()
	for _, s := range slices.Backward(undo) {
		parent := f.l.Hard
		if slices.Contains(always, s.name) {
			parent = context.WithoutCancel(parent)
		} else if parent.Err() != nil {
			f.failed(fmt.Errorf("%s: left out, as you asked (hint: jcollect teardown)", s.name))
			continue
		}
		f.progress(s.name)
		if err := s.bounded(parent); err != nil {
			f.failed(err)
		}
	}
}

// The stages that are done whatever happens.
const (
	healName    = "heal"
	restoreName = "leave the nodes as they were"
	claimName   = "claim the nodes"
	closeName   = "close the connections"
)

var always = []string{healName, restoreName, claimName, closeName}

// saveHistory ends the recording and lets the links point to the run.
func (f *life) saveHistory() {
	if f.recorder == nil {
		return
	}
	if err := f.recorder.Close(); err != nil {
		f.failed(fmt.Errorf("%w (hint: what was recorded until then is in %s, and is judged)", err, filepath.Join(f.run.Dir(), store.HistoryEDN)))
	}
	if err := f.keepTest(); err != nil {
		f.failed(err)
	}
	if err := f.run.Saved(); err != nil {
		f.failed(err)
	}
}

// notJudged is the outcome of a run whose user didn't want to wait for a verdict: unknown.
func (f *life) notJudged() Outcome {
	return Outcome{Judged: true, Err: fmt.Errorf("not judged, as you asked (hint: jcollect analyze %s)", f.run.Dir())}
}

// judge judges what was recorded, and reports.
func (f *life) judge() Outcome {
	if f.recorder == nil || f.recorder.Count() == 0 {
		return Outcome{}
	}
	j := f.judging()
	if f.l.Hard.Err() != nil {
		return f.notJudged()
	}
	f.progress("check")
	ctx := f.l.Soft // a Ctrl-C ends the check, with what it has proved by then
	if ctx.Err() != nil {
		ctx = f.l.Hard // the first one ended the operations, and is used up
	}
	d, err := j.judge(ctx, f.run)
	if err != nil && ctx.Err() != nil { // it came while the history was read again
		return f.notJudged()
	}
	if err != nil {
		return Outcome{Err: err}
	}
	defer d.Close() // only read from: nothing can be lost
	if f.l.Progress != nil {
		f.l.Progress("")
	}
	p, trouble := d.finish(f.l.Hard, f.run, j, f.l.Out, f.l.Page)
	for _, err := range trouble {
		f.failed(err)
	}
	f.log.Info("pictures", "drawn", strings.Join(p.named, " "), "absent", strings.Join(p.absent, "; "))
	return Outcome{Judged: true, Verdict: d.Result.Verdict}
}
