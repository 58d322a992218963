//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/anishathalye/porcupine"

	"jcheck/history"
	"jcheck/internal/sim/objects"
	"jcheck/linearizable"
)

// contestant is the child of a contest: it makes the history, and lets one checker judge it.
func contestant(args []string) error {
	if len(args) != 4 {
		return errors.New("want the number of a contest, a checker and two limits")
	}
	i, err := strconv.Atoi(args[0])
	cpu, err2 := time.ParseDuration(args[2])
	memory, err3 := strconv.ParseInt(args[3], 10, 64)
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	c := contests()[i]
	calls := objects.Make(c.Options)
	n := len(calls)
	judge, err := ours(c, calls, args[1] != "story")
	if args[1] == "porcupine" {
		judge, err = theirs(c, calls), nil
	}
	if err != nil {
		return err
	}
	debug.FreeOSMemory()
	w := newWatcher(limits{cpu, memory})
	done := make(chan string, 1)
	go func() { done <- judge() }()
	verdict := w.wait(done)
	fmt.Println(verdict, n, int64(processorTime()-w.before), w.most)
	return nil
}

// ours is jcheck, with a counterexample or without.
func ours(c contest, calls []objects.Call, brief bool) (func() string, error) {
	var text bytes.Buffer
	if err := objects.WriteEDN(&text, c.Kind, calls); err != nil {
		return nil, err
	}
	h, err := history.Read(context.Background(), c.name, text.Bytes(), history.Options{Independent: history.IndependentOff})
	if err != nil {
		return nil, err
	}
	return func() string {
		r := linearizable.Check(context.Background(), h, linearizable.Options{Datatype: c.Kind.Datatype(), Brief: brief})
		return r.Verdict.String()
	}, nil
}

// theirs is Porcupine, with a model of numbers and a hash for its states.
func theirs(c contest, calls []objects.Call) func() string {
	ops := make([]porcupine.Operation, len(calls))
	for i := range calls {
		ret := int64(calls[i].Ret)
		if calls[i].Crashed {
			ret = int64(2*len(calls) + i)
		}
		ops[i] = porcupine.Operation{ClientId: calls[i].Process, Input: &calls[i], Call: int64(calls[i].Inv), Return: ret}
	}
	m := rivalModel(c.Kind)
	return func() string {
		if porcupine.CheckOperations(m, ops) {
			return "valid"
		}
		return "invalid"
	}
}

// watcher keeps an eye on the limits of its own process.
type watcher struct {
	limits
	before time.Duration
	most   int64
}

func newWatcher(l limits) *watcher { return &watcher{limits: l, before: processorTime()} }

// wait waits for the verdict, or for a limit.
func (w *watcher) wait(done <-chan string) string {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile("/proc/self/status"); err == nil { // else the system has no such file
			if n, found := statusField(text, "RssAnon:"); found {
				w.most = max(w.most, n)
			}
		}
		switch {
		case w.most > w.memory:
			return "memory"
		case processorTime()-w.before > w.cpu:
			return "time"
		}
		select {
		case verdict := <-done:
			return verdict
		case <-tick.C:
		}
	}
}

// processorTime is the user and system time of this process so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // it can't fail for oneself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
