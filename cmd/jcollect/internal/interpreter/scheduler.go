package interpreter

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/history"
	"jcheck/internal/edn"
)

// pollFor is how long a generator that is pending is left alone at most.
const pollFor = time.Millisecond

// maxSleep is how long a thread sleeps at most: sums of times must not overflow.
const maxSleep = 10_000 * time.Hour

// never is a time that doesn't come.
const never int64 = math.MaxInt64

// A thread is one that performs operations, as the scheduler sees it.
type thread struct {
	worker    *worker
	busy      bool
	op        generator.Op // that it is busy with
	task      int64        // the number of its newest task
	overdueNS int64        // when the scheduler ends op itself
	hung      bool         // of the nemesis: an operation that was given up hasn't returned yet
}

// A scheduler is the state of a run. Its methods are called by one goroutine.
type scheduler struct {
	*crew
	cancel   context.CancelFunc // ends what is open
	gen      generator.Generator
	ctx      generator.Context
	threads  []*thread
	open     int   // threads that are busy
	watchNS  int64 // no operation is overdue before
	index    int64
	lastNS   int64 // the newest time in the history
	recorder *recorder
	alarm    alarm
	alarmNS  int64 // when it rings; never if it isn't set
	sum      Summary
	broken   error
}

// newScheduler prepares a run: workers wait for their first operations.
func newScheduler(o Options) (*scheduler, error) {
	if o.Sink == nil || o.Driver == nil && o.Use.Concurrency > 0 {
		return nil, fmt.Errorf("a run needs a driver and a sink")
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := max(o.Use.Concurrency, 0)
	s := &scheduler{
		crew: &crew{ctx: ctx, o: &o, results: make(chan result, n+1)}, cancel: cancel,
		gen: o.Generator, ctx: generator.NewContext(n, o.Nemesis != nil, o.Seed).WithTrace(func(line string) { o.Log.Info(line) }),
		watchNS: never, alarmNS: never, recorder: record(o.Sink),
	}
	if o.coarse {
		s.alarm = newPlainAlarm()
	} else {
		s.alarm = newAlarm()
	}
	if o.Nemesis != nil {
		n++
	}
	for t := range n {
		s.threads = append(s.threads, &thread{worker: s.hire(t)})
	}
	s.sum.Start = time.Now()
	return s, nil
}

// now is the time since the start of the run, later than all that is in the history.
func (s *scheduler) now() int64 { return max(int64(time.Since(s.sum.Start)), s.lastNS+1) }

// play performs the generator, and lets what is open then end, if it does so in time.
func (s *scheduler) play(stop <-chan struct{}) {
	s.steps(stop)
	s.gen = generator.Concat() // nobody asks it any more
	s.finish(s.o.Drain)
	s.cancel()
	s.finish(s.o.Grace)
}

// steps performs the generator. A panic in it, or in the scheduler, is an error like others: what was recorded is worth
// more than a clean crash.
func (s *scheduler) steps(stop <-chan struct{}) {
	defer func() {
		if p := recover(); p != nil {
			s.broken = &InternalError{p, debug.Stack()}
		}
	}()
	for s.step(stop) {
	}
}

// step begins an operation, or waits until something changed. It is false when nothing more is to be begun and either
// nothing is open, or what is open isn't to be waited for.
func (s *scheduler) step(stop <-chan struct{}) bool {
	s.takeIn()
	s.giveUpOverdue()
	select {
	case <-stop:
		s.sum.Stopped = true
		return false
	case <-s.recorder.failed:
		s.broken = s.recorder.problem()
		return false
	default:
	}
	if s.broken != nil {
		return false
	}
	s.ctx = s.ctx.At(s.now())
	op, status, next := s.gen.Op(s.ctx)
	switch {
	case status == generator.Broken:
		s.broken = fmt.Errorf("generator: %w", generator.Err(next))
		return false
	case status == generator.Done:
		s.gen = generator.Concat()
		if s.open == 0 {
			return false
		}
		s.wait(never, stop, s.recorder.failed)
	case status == generator.Pending:
		s.gen = next
		s.wait(s.ctx.TimeNS+int64(pollFor), stop, s.recorder.failed)
	case op.TimeNS > s.ctx.TimeNS:
		s.wait(op.TimeNS, stop, s.recorder.failed)
	default:
		s.begin(op, next)
	}
	return true
}

// takeIn takes all completions that are there.
func (s *scheduler) takeIn() {
	for {
		select {
		case r := <-s.results:
			s.complete(r)
		default:
			return
		}
	}
}

// wait waits for a completion, which it takes in, for a time, for an operation that is overdue by then, or for the end of
// one of the channels.
func (s *scheduler) wait(untilNS int64, stop, failed <-chan struct{}) {
	untilNS = min(untilNS, s.watchNS)
	now := int64(time.Since(s.sum.Start))
	if untilNS <= now {
		return
	}
	if untilNS != never && s.alarmNS != untilNS {
		s.alarm.set(time.Duration(untilNS - now))
		s.alarmNS = untilNS
	}
	select {
	case r := <-s.results:
		s.complete(r)
	case <-s.alarm.rings(): // perhaps for a time that was set earlier
		s.alarmNS = never
	case <-stop:
	case <-failed:
	}
}

// begin hands an operation to its worker.
func (s *scheduler) begin(op generator.Op, next generator.Generator) {
	number := s.ctx.Thread(op.Process)
	if op.Act == generator.Log {
		s.o.Log.Info(logged(op.Value))
	}
	if number >= len(s.threads) || s.threads[number].busy || s.ctx.Process(number) != op.Process {
		s.broken = fmt.Errorf("generator: an operation %s for process %d, which isn't free", op.F, op.Process)
		return
	}
	now := s.now()
	s.sum.Late.add(time.Duration(now - op.TimeNS))
	op.TimeNS = now
	t := s.threads[number]
	t.op, t.busy = op, true
	s.open++
	limit := s.o.Timeout
	if op.Process == generator.Nemesis {
		limit = s.o.NemesisTimeout
	}
	if op.Act == generator.Perform {
		s.note(op)
		if op.Process != generator.Nemesis {
			s.sum.Invoked++
		}
	} else {
		limit = min(time.Duration(op.SleepNS), maxSleep)
	}
	t.overdueNS = now + int64(limit) + int64(s.o.Grace)
	s.ctx = s.ctx.Begin(op)
	s.gen = next.Update(s.ctx, op)
	if op.Act == generator.Log {
		s.finished(t, client.Outcome{Type: history.OK})
		return
	}
	s.watchNS = min(s.watchNS, t.overdueNS)
	t.task++
	t.worker.tasks <- task{t.task, op, limit} // a nemesis that hangs takes it when it returns
}

// logged is the text of an operation that logs.
func logged(v history.Value) string {
	if v.Kind == edn.String {
		return v.Text
	}
	return v.String()
}

// complete takes in what a worker says.
func (s *scheduler) complete(r result) {
	t := s.threads[r.from.thread]
	if r.bug != nil && s.broken == nil {
		s.broken = r.bug
	}
	switch {
	case t.worker != r.from: // it was given up, and answers after all
	case r.task != t.task || !t.busy:
		t.hung = false
	default:
		s.finished(t, r.out)
	}
}

// finished ends the operation of a thread.
func (s *scheduler) finished(t *thread, out client.Outcome) {
	op := t.op
	op.TimeNS = s.now()
	op.Type = out.Type
	if op.Process == generator.Nemesis {
		op.Type = history.Info
	}
	if op.Act == generator.Perform {
		op = completion(op, out)
		s.note(op)
		s.count(op)
		if s.o.Live != nil {
			s.o.Live(op)
		}
	}
	t.busy = false
	s.open--
	s.ctx = s.ctx.End(op)
	s.gen = s.gen.Update(s.ctx, op)
}

// completion is the operation as it ended.
func completion(op generator.Op, out client.Outcome) generator.Op {
	if out.Type == history.OK || op.Process == generator.Nemesis && !out.Value.IsNil() {
		op.Value = out.Value
	}
	more := len(out.Extra)
	if !out.Error.IsNil() {
		more++
	}
	ends := out.EndProcess && op.Type != history.Info // which ends the process by itself
	if ends {
		more++
	}
	if more == 0 {
		return op
	}
	extra := append(make([]history.Field, 0, len(op.Extra)+more), op.Extra...)
	for _, f := range out.Extra {
		extra = withField(extra, f)
	}
	if !out.Error.IsNil() {
		extra = withField(extra, history.Field{Name: "error", Value: out.Error})
	}
	if ends {
		extra = withField(extra, history.Field{Name: "end-process?", Value: edn.NewBool(true)})
	}
	op.Extra = extra
	return op
}

// withField adds a field, in the place of one of its name: clients may send back what they were sent, and a map that has
// a key twice is none for other readers. Whether an operation is a final one is for its generator to say.
func withField(list []history.Field, f history.Field) []history.Field {
	for i := range list {
		if list[i].Name == f.Name {
			if f.Name != generator.FinalField {
				list[i].Value = f.Value
			}
			return list
		}
	}
	return append(list, f)
}

// note writes an operation to the history.
func (s *scheduler) note(op generator.Op) {
	s.recorder.add(op.Record(s.index))
	s.index++
	s.lastNS = op.TimeNS
	s.sum.Ops = s.index
}

// count counts a completion.
func (s *scheduler) count(op generator.Op) {
	switch {
	case op.Process == generator.Nemesis:
		s.sum.Faults++
	case op.Type == history.OK:
		s.sum.OK++
	case op.Type == history.Fail:
		s.sum.Fail++
	default:
		s.sum.Info++
	}
}

// giveUpOverdue ends operations whose sessions don't heed the end of their time.
func (s *scheduler) giveUpOverdue() {
	now := int64(time.Since(s.sum.Start))
	if now < s.watchNS {
		return
	}
	s.watchNS = never
	for _, t := range s.threads {
		if t.busy && now >= t.overdueNS {
			s.giveUp(t)
		}
		if t.busy {
			s.watchNS = min(s.watchNS, t.overdueNS)
		}
	}
}

// giveUp ends a thread's operation as unknown. A client's worker is left to itself, and another takes its place. The
// nemesis is one session, which can't do two things at once: what it is to do next waits until it returns, or is given up.
func (s *scheduler) giveUp(t *thread) {
	if t.hung {
		select {
		case <-t.worker.tasks: // it never began
			s.finished(t, info("busy", "an earlier operation of the nemesis hangs still"))
			return
		default:
		}
	}
	s.sum.Abandoned++
	s.said.once(s.o.Log, "a session went on after its time was up, and was given up", "f", t.op.F, "node", s.o.Use.Process(t.op.Process).Node)
	if t.op.Process == generator.Nemesis {
		t.hung = true
	} else {
		old := t.worker
		t.worker = s.hire(old.thread)
		old.abandon()
	}
	s.finished(t, info("timeout", "and the client went on"))
	if s.stuck.Load() > maxStuck && s.broken == nil {
		s.broken = errStuck
	}
}

// working tells whether an operation is open. Threads that sleep don't count.
func (s *scheduler) working() bool {
	return slices.ContainsFunc(s.threads, func(t *thread) bool { return t.busy && t.op.Act == generator.Perform })
}

// finish waits for what is open, but begins nothing.
func (s *scheduler) finish(within time.Duration) {
	untilNS := int64(time.Since(s.sum.Start) + within)
	for s.working() && int64(time.Since(s.sum.Start)) < untilNS {
		s.wait(untilNS, nil, nil)
		s.takeIn()
		s.giveUpOverdue()
	}
}

// dismiss ends all workers, and waits for those that end in time.
func (s *scheduler) dismiss() {
	s.cancel()
	for _, t := range s.threads {
		switch {
		case t.busy && t.op.Act == generator.Perform:
			s.sum.Open++
			t.worker.abandon()
		case t.busy || t.hung:
			t.worker.abandon()
		default:
			close(t.worker.tasks)
		}
	}
	late := time.NewTimer(3 * s.o.Grace)
	defer late.Stop()
	for _, t := range s.threads {
		select {
		case <-t.worker.ended:
		case <-late.C:
			s.o.Log.Warn("sessions hang still, and are left to themselves")
			return
		}
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.stuck.Load() > 0 { // what closes still, programs that must be killed among it
		select {
		case <-tick.C:
		case <-late.C:
			s.o.Log.Warn("sessions hang still, and are left to themselves", "how many", s.stuck.Load())
			return
		}
	}
}
