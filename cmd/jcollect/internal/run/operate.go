package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/interpreter"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/internal/store"
)

// operate performs the operations and records them: what clients do and what the nemesis does meanwhile, then the
// healing, the pause, and the final operations.
func (f *life) operate() error {
	recorder, err := f.run.Record()
	if err != nil {
		return err
	}
	f.recorder = recorder
	f.started = time.Now()
	var live tally
	stop := f.watch(&live)
	defer stop()
	var nemesis client.Session
	if f.nemesis != nil {
		nemesis = f.nemesis.Session()
	}
	sum, err := interpreter.Run(f.l.Soft, interpreter.Options{
		Generator: f.t.whole(f.phases.main, f.phases.final, f.nemesis),
		Driver:    f.driver,
		Use:       f.use,
		Timeout:   f.t.Client.Timeout,
		Nemesis:   nemesis,
		Sink:      &sink{recorder, f},
		Seed:      f.t.Seed,
		Log:       f.log,
		Live:      live.add,
	})
	f.log.Info("operations ended", "invoked", fmt.Sprint(sum.Invoked), "ok", fmt.Sprint(sum.OK), "fail", fmt.Sprint(sum.Fail),
		"info", fmt.Sprint(sum.Info), "open", fmt.Sprint(sum.Open), "faults", fmt.Sprint(sum.Faults), "seconds", fmt.Sprintf("%.3f", sum.Took.Seconds()))
	if wrong := live.wrong.Load(); wrong > 0 { // a database that was spared must not seem to have stood the test
		f.complain(fmt.Errorf("%d of %d operations of the nemesis went wrong (hint: history.txt says which, and why)", wrong, live.faults.Load()))
	}
	var broken *interpreter.InternalError
	switch {
	case errors.As(err, &broken):
		return &panicError{broken.What, broken.Stack}
	case err != nil:
		return fmt.Errorf("operations: %w", err)
	case sum.Stopped:
		return fmt.Errorf("operations: %w: what was recorded is judged, without the final operations", errInterrupted)
	}
	return nil
}

// sink records operations, and logs what the nemesis does: history.txt has the clients' operations, and writing them
// twice would halve the rate.
type sink struct {
	recorder *store.Recorder
	f        *life
}

// Write records one operation.
func (s *sink) Write(op history.Op) error {
	if op.Process.Kind == edn.Keyword {
		s.f.log.Info(string(store.OpText(op)), "who", "nemesis")
	}
	return s.recorder.Write(op)
}

// Flush brings the history to disk.
func (s *sink) Flush() error { return s.recorder.Flush() }

// tally counts completions for whoever watches.
type tally struct {
	ok, fail, info atomic.Int64

	faults, wrong atomic.Int64 // operations of the nemesis, and those of them that went wrong
}

// add counts one; it must be quick.
func (t *tally) add(op generator.Op) {
	if op.Process < 0 {
		t.faults.Add(1)
		if slices.ContainsFunc(op.Extra, func(f history.Field) bool { return f.Name == "error" }) {
			t.wrong.Add(1)
		}
		return
	}
	switch op.Type {
	case history.OK:
		t.ok.Add(1)
	case history.Fail:
		t.fail.Add(1)
	case history.Info:
		t.info.Add(1)
	}
}

// watchEvery is how often the progress of operations is shown.
const watchEvery = 500 * time.Millisecond

// watch shows the progress of the operations until it is stopped.
func (f *life) watch(t *tally) (stop func()) {
	if f.l.Progress == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		before := int64(0)
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				ok, fail, info := t.ok.Load(), t.fail.Load(), t.info.Load()
				now := ok + fail + info
				rate := float64(now-before) / watchEvery.Seconds()
				before = now
				f.l.Progress(fmt.Sprintf("%3.0f s  %d ok, %d failed, %d unknown  %.0f/s", time.Since(f.started).Seconds(), ok, fail, info, rate))
			}
		}
	}()
	return func() {
		cancel()
		<-done
		f.l.Progress("")
	}
}
