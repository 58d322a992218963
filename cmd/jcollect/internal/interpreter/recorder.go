package interpreter

import (
	"sync"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// What may wait to be written. Beyond that the scheduler waits: a disk that is too slow must not fill the memory.
const (
	maxWaitingOps   = 1 << 16
	maxWaitingBytes = 64 << 20
)

// batchFor is how long operations are gathered before they are written, and flushEvery how often what was written is
// flushed.
const (
	batchFor   = 2 * time.Millisecond
	flushEvery = time.Second
)

// A recorder hands operations to the sink in a goroutine of its own.
type recorder struct {
	sink Sink

	mu      sync.Mutex
	waiting []history.Op
	bytes   int
	err     error

	wake   chan struct{} // something waits
	room   chan struct{} // all that waited was taken
	failed chan struct{} // closed once err is set
	ending chan struct{}
	ended  chan struct{}
}

// record begins to hand operations to a sink.
func record(sink Sink) *recorder {
	r := &recorder{sink: sink, wake: make(chan struct{}, 1), room: make(chan struct{}, 1), failed: make(chan struct{}),
		ending: make(chan struct{}), ended: make(chan struct{})}
	go r.run()
	return r
}

// add hands over one operation. After a failure it does nothing.
func (r *recorder) add(op history.Op) {
	size := size(op.Value)
	r.mu.Lock()
	for len(r.waiting) >= maxWaitingOps || r.bytes > 0 && r.bytes+size > maxWaitingBytes {
		r.mu.Unlock()
		select {
		case <-r.room:
		case <-r.failed:
			return
		}
		r.mu.Lock()
	}
	first := len(r.waiting) == 0
	if r.err == nil {
		r.waiting = append(r.waiting, op)
		r.bytes += size
	}
	r.mu.Unlock()
	if first {
		signal(r.wake)
	}
}

// signal sends to a channel of capacity 1, unless something is in it.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run writes batches until close.
func (r *recorder) run() {
	defer close(r.ended)
	pause := time.NewTimer(time.Hour)
	defer pause.Stop()
	flush := time.NewTimer(time.Hour)
	flush.Stop()
	defer flush.Stop()
	var batch []history.Op
	dirty, last := false, false
	for !last {
		select {
		case <-r.wake:
			pause.Reset(batchFor) // more will come
			select {
			case <-pause.C:
			case <-r.ending:
			}
		case <-flush.C:
			r.fail(r.sink.Flush())
			dirty = false
			continue
		case <-r.ending:
			last = true
		}
		batch = r.write(batch)
		if !dirty && !last {
			dirty = true
			flush.Reset(flushEvery)
		}
	}
	r.fail(r.sink.Flush())
}

// write hands all that waits to the sink. The memory of the batch before serves for the next one.
func (r *recorder) write(before []history.Op) []history.Op {
	clear(before) // lets go of the values
	r.mu.Lock()
	batch := r.waiting
	r.waiting, r.bytes = before[:0], 0
	broken := r.err != nil
	r.mu.Unlock()
	signal(r.room)
	for _, op := range batch {
		if broken {
			break
		}
		err := r.sink.Write(op)
		r.fail(err)
		broken = err != nil
	}
	return batch
}

// fail keeps the first error, which ends the run.
func (r *recorder) fail(err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
		close(r.failed)
	}
}

// problem is the error that the sink gave, if it did.
func (r *recorder) problem() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// close writes what waits, flushes, and tells what went wrong.
func (r *recorder) close() error {
	close(r.ending)
	<-r.ended
	return r.problem()
}

// size is roughly how much memory a value holds.
func size(v history.Value) int {
	n := 64 + len(v.Text)
	for _, item := range v.Items {
		if item.Items == nil {
			n += 64 + len(item.Text)
			continue
		}
		n += size(item)
	}
	return n
}

// tooDeep tells whether a value is nested deeper than readers of histories go.
func tooDeep(v history.Value, left int) bool {
	if len(v.Items) == 0 {
		return false
	}
	if left == 0 {
		return true
	}
	for _, item := range v.Items {
		if tooDeep(item, left-1) {
			return true
		}
	}
	return false
}

// maxDepth leaves room for the map of an operation and a tuple around the value.
const maxDepth = edn.MaxDepth - 8
