package interpreter

import "time"

// An alarm wakes the scheduler at a time. Its channel may also wake it for nothing.
type alarm interface {
	set(after time.Duration)
	rings() <-chan struct{}
	close()
}

// plainAlarm is an alarm by the runtime's timers. On Linux they may ring more than 1 ms late while nothing else happens,
// as the runtime then sleeps whole milliseconds.
type plainAlarm struct {
	timer *time.Timer
	ring  chan struct{}
}

// newPlainAlarm is an alarm that isn't set.
func newPlainAlarm() *plainAlarm {
	a := &plainAlarm{ring: make(chan struct{}, 1)}
	a.timer = time.AfterFunc(time.Hour, func() { signal(a.ring) })
	a.timer.Stop()
	return a
}

func (a *plainAlarm) set(after time.Duration) { a.timer.Reset(after) }
func (a *plainAlarm) rings() <-chan struct{}  { return a.ring }
func (a *plainAlarm) close()                  { a.timer.Stop() }
