package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/run"
	"jcheck/internal/amount"
)

// A labRun is a run on a cluster that is made for it on this machine. The run itself is another process of jcollect, in
// the lab's room: so its clients, whatever programs they are, reach the nodes as they would reach real ones.
type labRun struct {
	nodes int      // 0: no lab
	kind  string   // of the lab
	room  *lab.Lab // in whose room we are; nil outside

	keeper *lab.Keeper // of the lab that is made
}

// labTime bounds making a lab, and ending it.
const labTime = 2 * time.Minute

// changePlan makes the plan's nodes those of the lab, in place of its own, and how they are reached.
func (l *labRun) changePlan(f *planFlags) error {
	if l.nodes == 0 && !f.flags.Changed("lab") {
		if f.flags.Changed("lab-kind") {
			return errors.New("--lab-kind is of a lab, and there is none (hint: --lab 3)")
		}
		return nil
	}
	if err := lab.CheckKind(l.kind); err != nil {
		return fmt.Errorf("--lab-kind: %w", err)
	}
	if l.nodes < 1 || l.nodes > lab.MaxNodes {
		return fmt.Errorf("--lab %d: a lab can't have so many nodes (hint: 1 to %d)", l.nodes, lab.MaxNodes)
	}
	if f.flags.Changed("nodes") || f.flags.Changed("node") || f.flags.Changed("nodes-file") {
		return errors.New("--lab makes its own nodes (hint: leave --nodes out)")
	}
	room, err := lab.Current()
	if err != nil {
		return err
	}
	l.room = room
	const flag = "--lab"
	var names []string
	for i := range l.nodes {
		names = append(names, fmt.Sprintf("n%d", i+1))
	}
	if room != nil {
		if names = room.Names(); len(names) < l.nodes {
			return fmt.Errorf("--lab %d: this is the room of the lab %s, which has %s (hint: --lab %d)", l.nodes, room.Name(), amount.Of(len(names), "node"), len(names))
		}
		names = names[:l.nodes]
	}
	f.lab = []plan.Change{
		{Flag: flag, Path: []string{"nodes"}, Value: plan.Scalars(flag, names)},
		{Flag: flag, Path: []string{"disposable"}, Value: plan.Text(flag, "true")},
		{Flag: flag, Path: []string{"ssh"}},
		{Flag: flag, Path: []string{"remote"}},
		{Flag: flag, Path: []string{"remote", "user"}, Value: plan.Text(flag, "root")},
		{Flag: flag, Path: []string{"remote", "config"}, Value: plan.Text(flag, "none")},
		{Flag: flag, Path: []string{"remote", "agent"}, Value: plan.Text(flag, "none")},
	}
	if room != nil {
		f.lab = append(f.lab,
			plan.Change{Flag: flag, Path: []string{"remote", "key"}, Value: plan.Text(flag, filepath.Join(room.Dir(), "id"))},
			plan.Change{Flag: flag, Path: []string{"remote", "known-hosts"}, Value: plan.Text(flag, filepath.Join(room.Dir(), "known_hosts"))})
	}
	return nil
}

// needsOne tells whether a lab has to be made first.
func (l *labRun) needsOne() bool { return l.nodes > 0 && l.room == nil }

// wants is the lab that tests need.
func (l *labRun) wants(tests ...*run.Test) lab.Options {
	o := lab.Options{Nodes: l.nodes, Kind: l.kind}
	for _, t := range tests {
		if t.OS == "debian" || t.OS == "ubuntu" {
			o.Packages = append(o.Packages, t.DB.Packages...)
		}
		o.Firewall = o.Firewall || t.Nemesis.CutsNetwork() && !t.SkipImpossible
	}
	return o
}

// runInside makes the lab, runs this command in its room, and ends the lab, whatever happens: if this process is killed,
// the lab's keeper ends it.
func (l *labRun) runInside(e *env, o lab.Options) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o.Name, o.Dir = lab.NewName(), lab.DefaultDir
	if missing := lab.Missing(o.Kind); len(missing) == 0 { // else making it says what is missing
		keeper, err := lab.StartKeeper(exec.Command(self, keeperVerb, o.Dir, o.Name))
		if err != nil {
			return err
		}
		l.keeper = keeper
		defer func() {
			if err := keeper.Close(); err != nil {
				e.complain(fmt.Errorf("the lab's keeper: %w", err))
			}
		}()
	}
	ctx, cancel := context.WithTimeout(e.soft, labTime)
	defer cancel()
	cluster, err := lab.Up(ctx, o)
	if err != nil {
		e.code = max(e.code, exitCrash)
		if e.soft.Err() != nil {
			err = errors.New("interrupted while the lab was made; nothing of it is left")
		}
		e.complain(err)
		return nil
	}
	for _, note := range cluster.Notes() {
		e.complain(errors.New("lab: " + note))
	}
	code, err := l.runChild(e, self, cluster)
	if err != nil {
		e.complain(err)
		code = exitCrash
	}
	ctx, cancel = context.WithTimeout(context.Background(), labTime)
	defer cancel()
	if err := cluster.Down(ctx); err != nil {
		e.complain(fmt.Errorf("%w (hint: jcollect lab down --name %s)", err, cluster.Name()))
	}
	e.code = max(e.code, code)
	return nil
}

// runChild runs this command in the room, and passes on each Ctrl-C once: the child has a process group of its own,
// so that a terminal's doesn't reach it a second time.
func (l *labRun) runChild(e *env, self string, cluster *lab.Lab) (code int, err error) {
	child := exec.Command(self, os.Args[1:]...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr // themselves: what it starts may outlive it
	ownGroup(child)
	if err := cluster.Start(child); err != nil {
		return exitCrash, fmt.Errorf("start the run in the lab: %w", err)
	}
	if err := l.keeper.Runs(child.Process.Pid); err != nil { // the lab would be ended under the run's hands
		e.complain(fmt.Errorf("the lab's keeper: %w", err))
	}
	ended := make(chan struct{})
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		for _, asked := range []<-chan struct{}{e.soft.Done(), e.hard.Done()} {
			select {
			case <-asked:
				_ = l.keeper.Asked()                   // before it counts; a keeper that has ended was told of
				_ = child.Process.Signal(os.Interrupt) // it may have ended meanwhile
			case <-ended:
				return
			}
		}
	}()
	err = child.Wait()
	close(ended)
	<-passed
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.Exited() {
		return failed.ExitCode(), nil
	}
	if err != nil {
		return exitCrash, fmt.Errorf("the run in the lab: %w", err)
	}
	return exitValid, nil
}
