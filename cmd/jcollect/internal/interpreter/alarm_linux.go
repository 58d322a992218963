package interpreter

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// kernelAlarm is an alarm by the kernel's clock (timerfd_create(2)), which the runtime waits for as for a connection: it
// rings within some 50 µs.
type kernelAlarm struct {
	fd    int
	file  *os.File
	ring  chan struct{}
	ended chan struct{}
}

// newAlarm is the best alarm that this system has.
func newAlarm() alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return newPlainAlarm() // a sandbox without it
	}
	a := &kernelAlarm{fd, os.NewFile(uintptr(fd), "alarm"), make(chan struct{}, 1), make(chan struct{})}
	go a.listen()
	return a
}

// listen passes on each ring until the file is closed.
func (a *kernelAlarm) listen() {
	defer close(a.ended)
	var times [8]byte
	for {
		if _, err := a.file.Read(times[:]); err != nil {
			return
		}
		signal(a.ring)
	}
}

// set needs no lock: the scheduler alone sets and closes.
func (a *kernelAlarm) set(after time.Duration) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(after, 1)))} // 0 would switch it off
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		signal(a.ring) // can't be: wake at once rather than never
	}
}

func (a *kernelAlarm) rings() <-chan struct{} { return a.ring }

func (a *kernelAlarm) close() {
	_ = a.file.Close() // nothing was written
	<-a.ended
}
