package history

import "sync"

// report tells the user's callback how far the reading is. Pieces end in any order; calls come one at a time.
type report struct {
	mu     sync.Mutex
	call   func(done, total int64)
	starts []int
	total  int
	sum    int64
}

func newReport(call func(done, total int64), src []byte, starts []int) *report {
	return &report{call: call, starts: starts, total: len(src), sum: int64(starts[0])}
}

// done says that piece i was read.
func (r *report) done(i int) {
	if r.call == nil {
		return
	}
	end := r.total
	if i+1 < len(r.starts) {
		end = r.starts[i+1]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sum += int64(end - r.starts[i])
	r.call(r.sum, int64(r.total))
}
