package linearizable

import (
	"fmt"
	"runtime"

	"jcheck/history"
	"jcheck/internal/edn"
)

// Options says what to check.
type Options struct {
	Datatype string // of the object: "register", "cas-register", ...; Own is looked at first
	Own      *Datatype
	Initial  string // the state before the history, as EDN text; "" means that of the datatype
	Failed   FailedOps
	Order    Order
	Engine   Engine
	// MaxConfigurations bounds how many configurations are tried for one part of the object, and MaxBytes how much memory
	// their search takes; 0 means the defaults. Where that isn't enough the verdict is Unknown. Porcupine may take a
	// quarter of MaxBytes in addition, and no more than two parts are searched at once beyond narrow levels; so all takes
	// some two and a half times as much, and what the collector of garbage leaves lying about.
	MaxConfigurations int64
	MaxBytes          int64
	Workers           int // 0 means GOMAXPROCS; the result does not depend on it
	// Brief names the operation that cannot be explained, and looks for no counterexample, which may take longer than the
	// verdict.
	Brief bool

	ordered bool          // linearizations are wanted
	slots   chan struct{} // taken by searches of much memory; nil means no limit
	begin   func(Engine)  // called before an engine begins in a race, for tests; nil: nothing
}

// FailedOps is what to make of failed operations.
type FailedOps uint8

const (
	// Drop forgets them, as Knossos does: nothing is concluded from an operation that had no effect.
	Drop FailedOps = iota
	// Observe concludes what can be concluded: a failed compare-and-set found another value.
	Observe
)

// The bounds of a search unless the options say otherwise.
const (
	DefaultConfigurations = 20_000_000
	DefaultBytes          = 1 << 30
)

// datatype is what the options name.
func (o Options) datatype() (Datatype, error) {
	if o.Own != nil {
		return *o.Own, nil
	}
	return Find(o.Datatype)
}

// initial is the value before the history; nil if none is given.
func (o Options) initial() (history.Value, error) {
	if o.Initial == "" {
		return history.Value{}, nil
	}
	v, rest, err := edn.Parse([]byte(o.Initial))
	if err == nil && rest < len(o.Initial) {
		err = fmt.Errorf("something follows the value")
	}
	if err != nil {
		return v, fmt.Errorf("initial value %q is not EDN: %w (hint: nil, 0, {:x 0})", o.Initial, err)
	}
	return v, nil
}

// Validate tells of the first option that makes no sense, and names what would.
func (o Options) Validate() error {
	d, err := o.datatype()
	if err != nil {
		return err
	}
	if o.Failed > Observe {
		return fmt.Errorf("unknown treatment %d of failed operations", o.Failed)
	}
	if int(o.Engine) >= len(engines) {
		return fmt.Errorf("unknown engine %d", o.Engine)
	}
	if int(o.Order) >= len(orders) {
		return fmt.Errorf("unknown order %d", o.Order)
	}
	if o.Order == SessionOrder && o.Engine == PorcupineEngine {
		return fmt.Errorf("the engine porcupine knows no order session (hint: the engines auto, fast, search)")
	}
	if o.MaxConfigurations < 0 || o.MaxBytes < 0 {
		return fmt.Errorf("a bound of the search is negative (hint: 0 means the default)")
	}
	v, err := o.initial()
	if err != nil {
		return err
	}
	state, err := d.Init(v)
	if err != nil {
		return err
	}
	return d.comparable(state)
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

func (o Options) maxConfigurations() int64 {
	if o.MaxConfigurations > 0 {
		return o.MaxConfigurations
	}
	return DefaultConfigurations
}

func (o Options) maxBytes() int64 {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return DefaultBytes
}
