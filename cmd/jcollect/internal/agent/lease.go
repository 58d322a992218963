package agent

import "time"

// A Command heals something: a program with arguments, or a script of sh in which the arguments are $1, $2, ...
type Command struct {
	Args   []string `json:"args,omitempty"`
	Script string   `json:"script,omitempty"`
}

// A Lease is a dead man's switch: unless it is renewed before TTL is over, the node runs Heal by itself, once each, in
// order, also after a failure of one before. Commands must be harmless if there is nothing to heal: after a crash at the
// wrong moment they may run twice.
type Lease struct {
	ID   string    `json:"id"`
	TTL  int64     `json:"ttl_ms"`
	Heal []Command `json:"heal"`
}

// Words of LeaseStatus.State.
const (
	LeaseArmed    = "armed"    // its keeper waits
	LeaseOrphaned = "orphaned" // its keeper is gone, by a reboot say; HealAll heals it
	LeaseFailed   = "failed"   // healing went wrong; HealAll tries again
)

// LeaseStatus is how a lease stands.
type LeaseStatus struct {
	ID    string        `json:"id"`
	State string        `json:"state"`
	Left  time.Duration `json:"left"` // until it heals by itself
	Error string        `json:"error,omitempty"`
}

// Healed is the answer to heal and heal-all.
type Healed struct {
	IDs []string `json:"ids"` // the leases that were healed, and are gone
}
