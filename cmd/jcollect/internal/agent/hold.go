package agent

import (
	"math/rand/v2"
	"time"
)

// HoldQueue is the number of the kernel's queue from which held packets come.
const HoldQueue = 7012

// Hold is the request to hold packets back that a firewall puts into HoldQueue, where the kernel has no netem. It goes on
// until it is killed; then what it holds is lost. Shares are from 0 to 1.
type Hold struct {
	Delay       int64   `json:"delay_us,omitempty"`
	Jitter      int64   `json:"jitter_us,omitempty"`
	Normal      bool    `json:"normal,omitempty"` // jitter is normally distributed, not evenly
	Loss        float64 `json:"loss,omitempty"`
	Reorder     float64 `json:"reorder,omitempty"`     // the share that isn't held, and overtakes the others
	Correlation float64 `json:"correlation,omitempty"` // of a packet's fate with the one's before
	Rate        int64   `json:"rate_bits,omitempty"`   // per second; 0 is no limit
	Seed        uint64  `json:"seed"`
}

// A holder decides the fate of packets, one after the other.
type holder struct {
	Hold
	dice         *rand.Rand
	lost, passed float64       // what was drawn for the packet before
	free         time.Duration // when the line will have sent all that was before
}

func newHolder(h Hold) *holder {
	return &holder{Hold: h, dice: rand.New(rand.NewPCG(h.Seed, 0x686f6c64)), lost: 0.5, passed: 0.5}
}

// fate tells whether a packet that comes now is lost, or how long it waits. Time is that of any clock which only goes on.
func (h *holder) fate(now time.Duration, bytes int) (lost bool, wait time.Duration) {
	if h.happens(h.Loss, &h.lost) {
		return true, 0
	}
	if !h.happens(h.Reorder, &h.passed) {
		wait = max(0, time.Duration(h.Delay)*time.Microsecond+h.jitter())
	}
	if h.Rate > 0 {
		h.free = max(h.free, now+wait) + time.Duration(float64(bytes)*8/float64(h.Rate)*float64(time.Second))
		wait = h.free - now
	}
	return false, wait
}

// happens draws whether something of that share happens. A draw leans on the one before by the correlation, as netem's.
func (h *holder) happens(share float64, before *float64) bool {
	if share <= 0 {
		return false
	}
	*before = h.Correlation**before + (1-h.Correlation)*h.dice.Float64()
	return *before < share
}

// jitter is by how much a packet is later, or earlier.
func (h *holder) jitter() time.Duration {
	x := 2*h.dice.Float64() - 1
	if h.Normal {
		x = h.dice.NormFloat64()
	}
	return time.Duration(x * float64(h.Jitter) * float64(time.Microsecond))
}
