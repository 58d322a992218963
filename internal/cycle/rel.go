// Package cycle finds and names cycles of dependencies between transactions.
package cycle

// Rel is a set of relations between two transactions, one bit each.
type Rel uint8

const (
	WW Rel = 1 << iota
	WR
	RW
	WWP
	WRP
	RWP
	Process
	Realtime
)
