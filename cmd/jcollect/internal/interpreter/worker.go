package interpreter

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/history"
	"jcheck/internal/edn"
)

// A task is an operation handed to a worker.
type task struct {
	number  int64 // of its thread
	op      generator.Op
	timeout time.Duration
}

// A result is what came of a task.
type result struct {
	from *worker
	task int64 // the number of the task
	out  client.Outcome
	bug  *InternalError // code of ours panicked
}

// A worker performs the operations of one thread, one after another, with a session for each process. Once it is dismissed,
// what it still says is dropped.
type worker struct {
	*crew
	thread int
	tasks  chan task     // of capacity 1: a thread has one operation at a time
	gone   chan struct{} // closed when nobody listens to it any more
	ended  chan struct{} // closed when its goroutine returned

	process int32 // that the session was opened for
	refused int   // how often in a row no session could be opened

	mu      sync.Mutex
	session client.Session // nil if none is open
	left    bool           // nobody listens; a session that opens now is closed at once
}

// A crew is what the workers of a run share.
type crew struct {
	ctx     context.Context // of operations: it ends when even open ones are to end
	o       *Options
	results chan result
	stuck   atomic.Int64 // calls of sessions that hang although their time is up
	said    said
}

// hire starts a worker for a thread.
func (c *crew) hire(thread int) *worker {
	w := &worker{crew: c, thread: thread, tasks: make(chan task, 1), gone: make(chan struct{}), ended: make(chan struct{})}
	go w.run()
	return w
}

// run performs tasks until there are no more, or nobody listens.
func (w *worker) run() {
	defer close(w.ended)
	for {
		select {
		case t, more := <-w.tasks:
			if !more {
				w.end()
				return
			}
			r := w.perform(t)
			select {
			case w.results <- r:
			case <-w.gone:
				return
			}
			if r.out.Type == history.Info || r.out.EndProcess {
				w.end()
			}
		case <-w.gone:
			return
		}
	}
}

// perform does one operation. Whatever happens in the client, there is a result that a history may have.
func (w *worker) perform(t task) (r result) {
	r.from, r.task = w, t.number
	defer func() {
		if p := recover(); p != nil {
			r.bug = &InternalError{p, debug.Stack()}
			r.out = info("panic", fmt.Sprint(p))
		}
	}()
	if t.op.Act == generator.Sleep {
		pause(w.ctx, w.gone, t.timeout)
		r.out = client.Outcome{Type: history.OK}
		return r
	}
	w.holdBack()
	ctx, cancel := context.WithTimeout(w.ctx, t.timeout)
	defer cancel()
	session, err := w.open(ctx, t.op.Process)
	if err != nil {
		r.out = client.Outcome{Type: history.Fail, Error: failure("no-client", err.Error())}
		return r
	}
	r.out = session.Invoke(ctx, client.Call{F: t.op.F, Process: t.op.Process, Value: t.op.Value, Key: t.op.Key, Extra: t.op.Extra})
	r.out = w.sound(ctx, t, r.out)
	return r
}

// sound is the outcome, or Info instead of one that a history may not have.
func (w *worker) sound(ctx context.Context, t task, out client.Outcome) client.Outcome {
	if t.op.Process == generator.Nemesis && out.Type != history.Invoke {
		out.Type = history.Info
	}
	switch {
	case out.Type != history.OK && out.Type != history.Fail && out.Type != history.Info:
		w.said.once(w.o.Log, "a client answered with neither ok, fail nor info", "f", t.op.F, "node", w.o.Use.Process(t.op.Process).Node)
		return info("malformed-completion", "the client answered with neither ok, fail nor info")
	case tooDeep(out.Value, maxDepth) || tooDeep(out.Error, maxDepth):
		w.said.once(w.o.Log, "a client answered with a value that is nested too deep", "f", t.op.F)
		return info("malformed-completion", fmt.Sprintf("the value is nested more than %d deep", maxDepth))
	case out.Type == history.Info && out.Error.IsNil() && ctx.Err() != nil && t.op.Process != generator.Nemesis:
		out.Error = edn.NewKeyword("timeout")
	}
	return out
}

// info is an outcome that nobody knows.
func info(code, text string) client.Outcome {
	return client.Outcome{Type: history.Info, Error: failure(code, text)}
}

// failure is an error as histories have it.
func failure(code, text string) history.Value {
	return edn.NewVector([]history.Value{edn.NewKeyword(code), edn.NewString(text)})
}

// holdBack makes a process that was refused wait before it tries again, twice as long each time: a node that is down would
// otherwise fill the history with refusals, as fast as they come. The wait is not part of the operation's time: of a short
// one nothing would be left to connect in, and who was refused often enough would be refused for ever.
func (w *worker) holdBack() {
	if w.refused > 0 {
		pause(w.ctx, w.gone, min(w.o.Grace/2, time.Millisecond<<min(w.refused-1, 10)))
	}
}

// open is the session of a process: the one that there is, or a new one.
func (w *worker) open(ctx context.Context, process int32) (client.Session, error) {
	if process == generator.Nemesis {
		return w.o.Nemesis, nil
	}
	w.mu.Lock()
	session := w.session
	w.mu.Unlock()
	if session != nil && w.process == process {
		return session, nil
	}
	w.end()
	p := w.o.Use.Process(process)
	session, err := w.o.Driver.Open(ctx, p)
	if err != nil {
		w.refused++
		w.said.once(w.o.Log, "no client could be opened; its operations fail", "node", p.Node, "error", err)
		return nil, err
	}
	w.refused, w.process = 0, process
	w.mu.Lock()
	left := w.left
	if !left {
		w.session = session
	}
	w.mu.Unlock()
	if left {
		w.close(session)
		return nil, context.Canceled
	}
	return session, nil
}

// pause waits, or less if ctx ends or nobody listens.
func pause(ctx context.Context, gone <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-gone:
	}
}

// end closes the session, if there is one, and waits for that, but not so long that the next operation seems overdue.
func (w *worker) end() {
	w.mu.Lock()
	session := w.session
	w.session = nil
	w.mu.Unlock()
	if session == nil {
		return
	}
	closed := make(chan struct{})
	w.stuck.Add(1)
	go func() {
		defer close(closed)
		defer w.stuck.Add(-1)
		w.close(session)
	}()
	t := time.NewTimer(w.o.Grace / 2)
	defer t.Stop()
	select {
	case <-closed:
	case <-t.C:
		w.said.once(w.o.Log, "a session takes long to close, and is left to itself", "node", w.o.Use.Process(w.process).Node)
	}
}

// close closes a session. What it says then changes nothing.
func (w *worker) close(session client.Session) {
	defer func() {
		if p := recover(); p != nil {
			w.o.Log.Error("internal error: a session panicked in Close", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	if err := session.Close(); err != nil {
		w.said.once(w.o.Log, "a session was closed with an error", "error", err)
	}
}

// abandon stops listening to a worker that hangs in its session, and closes that under its hands.
func (w *worker) abandon() {
	close(w.gone)
	w.mu.Lock()
	w.left = true
	session := w.session
	w.session = nil
	w.mu.Unlock()
	w.stuck.Add(1)
	go func() {
		defer w.stuck.Add(-1)
		if session != nil {
			w.close(session)
		}
		<-w.ended
	}()
}

// said is what was logged already.
type said struct {
	mu    sync.Mutex
	lines map[string]bool
}

// maxSaid is how many different things are said at most.
const maxSaid = 200

// once logs a warning, unless the same one was logged before.
func (s *said) once(log *slog.Logger, text string, args ...any) {
	line := text + fmt.Sprint(args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines[line] || len(s.lines) >= maxSaid {
		return
	}
	if s.lines == nil {
		s.lines = make(map[string]bool)
	}
	s.lines[line] = true
	log.Warn(text, args...)
}
