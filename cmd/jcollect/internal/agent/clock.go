package agent

// A Clock is the answer of all verbs about the clock. SinceBoot is a clock that no fault touches: the difference between
// the two moves only when the clock was set, or runs wrong.
type Clock struct {
	UnixNano  int64  `json:"unix_nano"`
	SinceBoot int64  `json:"since_boot"`      // ns
	Saved     bool   `json:"saved,omitempty"` // there is a time to reset to
	Offset    int64  `json:"offset"`          // ns between the clock and the one that was saved; 0 without
	Boot      string `json:"boot"`            // names the kernel that runs, and so whose clock it is
	Flips     int64  `json:"flips,omitempty"` // of strobe
}

// Bump is the request to move the clock.
type Bump struct {
	Delta int64 `json:"delta_ms"` // may be negative
}

// SetClock is the request to set the clock: for nodes whose time was never saved, by the control node's.
type SetClock struct {
	UnixNano int64 `json:"unix_nano"`
}

// Strobe is the request to move the clock there and back again.
type Strobe struct {
	Delta    int64 `json:"delta_ms"`
	Period   int64 `json:"period_ms"`
	Duration int64 `json:"duration_ms"`
}

// Limits of Strobe.
const (
	MaxStrobe = 10 * 60 * 1000 // ms of Duration
)
