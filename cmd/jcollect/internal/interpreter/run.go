// Package interpreter performs a generator's operations: it hands each to the client or the nemesis that is to do it, at
// the time that the generator says, and writes what was begun and how it ended to a history.
//
// One goroutine schedules. It alone knows the generator, the time and the order of the history; a goroutine for each
// client thread, and one for the nemesis, perform operations; one more writes the history, so that a slow disk doesn't
// hold up the clients. Completions are taken in before anything new is begun: what a client already knows to be over
// must not look concurrent with what begins now.
//
// Nothing of the history is kept in memory.
package interpreter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/history"
)

// A Sink takes the history, one operation after another. It is used by one goroutine at a time. Values are shared with
// clients: not to be changed.
type Sink interface {
	Write(op history.Op) error
	// Flush brings what was written to where it is safe. It is called once a second, and at the end.
	Flush() error
}

// Options says what to run. Generator, Driver and Sink are needed.
type Options struct {
	Generator generator.Generator
	Driver    client.Driver
	Use       client.Use    // whom the clients are for: nodes, addresses, concurrency
	Timeout   time.Duration // how long a client's operation may take; 5 s if 0
	// Grace is how long a session may go on after its time is up. Then it is abandoned: its operation ends as Info, the
	// session is closed, and the next process gets another. 1 s if 0.
	Grace time.Duration
	// Drain is how long operations that are open when the run is ended from outside may go on. 5 s if 0.
	Drain time.Duration

	Nemesis        client.Session // performs the nemesis' operations; nil if there is no nemesis
	NemesisTimeout time.Duration  // 5 minutes if 0

	Sink Sink
	Seed uint64
	Log  *slog.Logger // nil drops what there is to say
	// Live is told each completion, by the scheduler itself: it must be quick. It may be nil.
	Live func(op generator.Op)

	coarse bool // wait by the runtime's timers alone: for tests with a fake clock
}

// Summary is what a run came to.
type Summary struct {
	Start time.Time     // the moment that times in the history count from
	Took  time.Duration // until the last operation ended
	Ops   int64         // lines of the history

	Invoked        int64 // by clients
	OK, Fail, Info int64
	Open           int64 // began and never ended, in the history
	Faults         int64 // operations that the nemesis ended
	Abandoned      int64 // sessions that didn't heed the end of their time
	Stopped        bool  // ended from outside, before the generator was done

	// Late is how much later than its generator said an operation began, of those that the generator had a time for.
	Late Lateness
}

// The times that go without saying.
const (
	defaultTimeout = 5 * time.Second
	defaultGrace   = time.Second
	defaultDrain   = 5 * time.Second
	defaultNemesis = 5 * time.Minute
)

// An InternalError is a bug in jcollect: code of ours panicked. The history up to then is whole.
type InternalError struct {
	What  any
	Stack []byte
}

func (e *InternalError) Error() string { return fmt.Sprintf("internal error: %v\n%s", e.What, e.Stack) }

// errStuck ends a run whose clients hang by the hundreds.
var errStuck = fmt.Errorf("%d sessions went on after their time was up, and hang still (hint: the client must heed its deadline)", maxStuck)

// maxStuck is how many abandoned sessions may hang at the same time.
const maxStuck = 500

// Run performs the generator until it is done, or ctx ends: then nothing more is begun, and what is open gets a bounded
// time to end. What doesn't end stays open in the history, which is as good as Info.
//
// The error is nil, a sink's, a broken generator's, an *InternalError, or of clients that hang; in each case the sink has the history
// up to there. The end of ctx is no error.
func Run(ctx context.Context, o Options) (Summary, error) {
	o = o.withDefaults()
	if o.Use.Concurrency <= 0 && o.Nemesis == nil {
		return Summary{}, errors.New("a run needs at least one client or a nemesis")
	}
	s, err := newScheduler(o)
	if err != nil {
		return Summary{}, err
	}
	defer s.alarm.close()
	s.play(ctx.Done())
	s.dismiss()
	if err := s.recorder.close(); err != nil && s.broken == nil {
		s.broken = err
	}
	s.sum.Took = time.Duration(s.lastNS)
	return s.sum, s.broken
}

// withDefaults is the options with what goes without saying.
func (o Options) withDefaults() Options {
	for _, d := range []struct {
		of        *time.Duration
		otherwise time.Duration
	}{{&o.Timeout, defaultTimeout}, {&o.Grace, defaultGrace}, {&o.Drain, defaultDrain}, {&o.NemesisTimeout, defaultNemesis}} {
		if *d.of <= 0 {
			*d.of = d.otherwise
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Generator == nil {
		o.Generator = generator.Concat()
	}
	return o
}
