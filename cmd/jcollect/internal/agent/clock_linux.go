package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A watch is a clock that can be set, and one that can't be. It is an interface so that tests never set that of the
// machine that they run on.
type watch interface {
	now() (unixNS, sinceBootNS int64, err error)
	set(unixNS int64) error
	sleep(d time.Duration)
}

// How exactly clocks are read and set.
const (
	clockTries  = 8
	closeEnough = 50 * time.Microsecond // between readings
	setEnough   = 2 * time.Millisecond  // between what a clock was set to and what it shows
)

// kernelWatch is the node's.
type kernelWatch struct{}

// now reads one clock between two readings of the other, several times, and takes the closest: on a busy machine a
// process may be away for milliseconds between any two.
func (kernelWatch) now() (unixNS, sinceBootNS int64, err error) {
	closest := int64(math.MaxInt64)
	for range clockTries {
		before, err := sinceBoot()
		if err != nil {
			return 0, 0, err
		}
		var real unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_REALTIME, &real); err != nil {
			return 0, 0, err
		}
		after, err := sinceBoot()
		if err != nil {
			return 0, 0, err
		}
		if gap := int64(after - before); gap < closest {
			closest, unixNS, sinceBootNS = gap, real.Nano(), int64(before+after)/2
		}
		if closest < int64(closeEnough) {
			break
		}
	}
	return unixNS, sinceBootNS, nil
}

func (kernelWatch) set(unixNS int64) error {
	ts := unix.NsecToTimespec(unixNS)
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	return nil
}

func (kernelWatch) sleep(d time.Duration) { time.Sleep(d) }

// ownWatch is the node's clock, unless it is also somebody else's.
func ownWatch() (watch, error) {
	p := Probes{}
	ns, err := os.Readlink("/proc/self/ns/pid")
	p.InContainer = err != nil || ns != hostPIDNamespace
	if why := p.ownClock(); why != "" {
		return nil, errorf(Impossible, "the clock can't be set: %s", why)
	}
	return kernelWatch{}, nil
}

// savedTime is the right time: how far the clock is ahead of the one since boot.
type savedTime struct {
	Boot  string `json:"boot"`
	Ahead int64  `json:"ahead_ns"`
}

// saved reads it; false if there is none of this boot.
func (a *agent) saved() (savedTime, bool, error) {
	var s savedTime
	err := readJSON(filepath.Join(a.state, "clock", "saved.json"), &s)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	now, err2 := boot()
	if err := errors.Join(err, err2); err != nil {
		return s, false, err
	}
	return s, s.Boot == now, nil
}

// read tells what the clocks show.
func (a *agent) read(w watch) (Clock, error) {
	real, since, err := w.now()
	if err != nil {
		return Clock{}, err
	}
	c := Clock{UnixNano: real, SinceBoot: since}
	if c.Boot, err = boot(); err != nil {
		return c, err
	}
	s, found, err := a.saved()
	if found {
		c.Saved, c.Offset = true, real-since-s.Ahead
	}
	return c, err
}

// clock tells what the clocks show, and changes nothing.
func (a *agent) clock(context.Context, None) (Clock, error) { return a.read(kernelWatch{}) }

// save takes the clock as it is for right. It reads only.
func (a *agent) save(context.Context, None) (Clock, error) { return a.saveFrom(kernelWatch{}) }

func (a *agent) saveFrom(w watch) (Clock, error) {
	real, since, err := w.now()
	if err != nil {
		return Clock{}, err
	}
	path, err := a.path("clock", "saved", ".json")
	if err != nil {
		return Clock{}, err
	}
	now, err := boot()
	if err != nil {
		return Clock{}, err
	}
	if err := writeJSON(path, savedTime{now, real - since}); err != nil {
		return Clock{}, err
	}
	return a.read(w)
}

// bump, strobe, reset and set are faults of the clock and their healing, on a clock of the node's own.
func (a *agent) bump(_ context.Context, in Bump) (Clock, error) {
	w, err := ownWatch()
	if err != nil {
		return Clock{}, err
	}
	return a.bumpOn(w, in)
}

func (a *agent) strobe(ctx context.Context, in Strobe) (Clock, error) {
	w, err := ownWatch()
	if err != nil {
		return Clock{}, err
	}
	return a.strobeOn(ctx, w, in)
}

func (a *agent) reset(context.Context, None) (Clock, error) {
	w, err := ownWatch()
	if err != nil {
		return Clock{}, err
	}
	return a.resetOn(w)
}

func (a *agent) set(_ context.Context, in SetClock) (Clock, error) {
	w, err := ownWatch()
	if err != nil {
		return Clock{}, err
	}
	if err := w.set(in.UnixNano); err != nil {
		return Clock{}, err
	}
	return a.read(w)
}

// move sets a clock by its distance to the one since boot: the time between reading and setting isn't lost, and what
// went wrong on a busy machine is set right.
func move(w watch, ahead int64) error {
	for range clockTries {
		_, since, err := w.now()
		if err != nil {
			return err
		}
		if since+ahead < 0 {
			return errorf(Usage, "the clock can't show a time before 1970")
		}
		if err := w.set(since + ahead); err != nil {
			return err
		}
		real, since, err := w.now()
		if err != nil {
			return err
		}
		if off := time.Duration(real - since - ahead); off.Abs() < setEnough {
			return nil
		}
	}
	return nil // as near as it gets here
}

func (a *agent) bumpOn(w watch, in Bump) (Clock, error) {
	real, since, err := w.now()
	if err != nil {
		return Clock{}, err
	}
	if err := move(w, real-since+in.Delta*int64(time.Millisecond)); err != nil {
		return Clock{}, err
	}
	return a.read(w)
}

// strobeOn moves the clock by Delta and back, every Period, and leaves it where it was.
func (a *agent) strobeOn(ctx context.Context, w watch, in Strobe) (c Clock, err error) {
	if in.Period < 1 || in.Duration < 0 || in.Duration > MaxStrobe {
		return Clock{}, errorf(Usage, "strobe: want a period from 1 ms, and a duration up to %d ms", MaxStrobe)
	}
	real, began, err := w.now()
	if err != nil {
		return Clock{}, err
	}
	right, wrong := real-began, real-began+in.Delta*int64(time.Millisecond)
	flips := int64(0)
	defer func() {
		err = errors.Join(err, move(w, right))
		if err == nil {
			c, err = a.read(w)
		}
		c.Flips = flips
	}()
	for {
		_, since, err := w.now()
		if err != nil {
			return c, err
		}
		if since-began >= in.Duration*int64(time.Millisecond) || ctx.Err() != nil {
			return c, ctx.Err()
		}
		ahead := wrong
		if flips%2 == 1 {
			ahead = right
		}
		if err := move(w, ahead); err != nil {
			return c, err
		}
		flips++
		w.sleep(time.Duration(in.Period) * time.Millisecond)
	}
}

// resetOn brings the saved time back, without asking anybody.
func (a *agent) resetOn(w watch) (Clock, error) {
	s, found, err := a.saved()
	if err != nil {
		return Clock{}, err
	}
	if !found {
		return Clock{}, hinted(NotFound, "save it at set-up", "this node's right time was never saved since it started")
	}
	if err := move(w, s.Ahead); err != nil {
		return Clock{}, err
	}
	return a.read(w)
}
