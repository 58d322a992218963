//go:build unix

package main

import (
	"bufio"
	"slices"
	"time"

	"jcheck/internal/sim"
)

// group is one shape of history, at one size or several.
type group struct {
	name  string
	make  func(w *bufio.Writer, f format, n int) error
	cases []oneCase
}

// oneCase is a history and what is done with it.
type oneCase struct {
	txns   int // 0: no history
	format format
	args   []string // of jcheck, the history's name behind them
	read   bool     // measure the reading alone, by one processor
	once   bool     // one run says enough: the case is there for its growth
	want   int      // the exit code

	cpu    time.Duration // aimed at; 0: nothing
	wall   time.Duration // the same
	memory int64         // aimed at, bytes besides the mapped file
	speed  int64         // aimed at, bytes read a second
	size   scale
}

// scale is when a case is measured.
type scale uint8

const (
	usual scale = iota
	big         // if asked for
	huge        // if asked for even more
)

// format is how a history is encoded.
type format string

const (
	edn  format = "edn"
	json format = "json"
)

func (f format) encode(dst []byte, op *sim.Op) []byte {
	if f == json {
		return sim.AppendJSON(dst, op)
	}
	return sim.AppendEDN(dst, op)
}

const (
	second = time.Second
	ms     = time.Millisecond
	gb     = 1000 * mega
	k      = 1000
	m      = 1000 * k
)

// groups are all cases: first the figures that are aimed at, then the small checkers, then the hard shapes.
func groups() []group { return slices.Concat(figures(), checkers(), shapes()) }

// figures are the cases that a limit is set for. The histories are those of the README's comparison: 1 to 4 micro-ops, 10
// active keys, 32 writes a key, 10 clients.
func figures() []group {
	elle := []string{"elle", "-q"}
	linearizable := []string{"elle", "-q", "--linearizable-keys"}
	return []group{
		{name: "start", cases: []oneCase{{args: []string{"--version"}, wall: 20 * ms}}},
		{name: "list-append", make: simulated(sim.Options{}), cases: []oneCase{
			{txns: m, format: edn, read: true, speed: 150 * mega},
			{txns: m, format: json, read: true, speed: 150 * mega},
			{txns: 100 * k, format: edn, args: elle, cpu: 350 * ms},
			{txns: m, format: edn, args: elle, cpu: 3500 * ms, memory: 700 * mega},
			{txns: m, format: json, args: elle, cpu: 3500 * ms, memory: 700 * mega},
			{txns: 10 * m, format: edn, args: elle, memory: 6 * gb, size: big, once: true},
			{txns: 22 * m, format: edn, args: elle, size: huge, once: true},
		}},
		{name: "rw-register", make: simulated(sim.Options{Workload: sim.RWRegister}), cases: []oneCase{
			{txns: m, format: edn, args: elle, cpu: 4 * second, memory: 700 * mega},
			{txns: 10 * k, format: edn, args: linearizable},
			{txns: 100 * k, format: edn, args: linearizable},
			{txns: m, format: edn, args: linearizable, cpu: 10 * second, memory: 700 * mega},
		}},
	}
}

// simulated makes the history of a simulated database.
func simulated(o sim.Options) func(*bufio.Writer, format, int) error {
	return func(w *bufio.Writer, f format, n int) error {
		o := o
		o.Seed, o.Txns = 1, n
		if o.MaxWritesPerKey == 0 {
			o.MaxWritesPerKey, o.FixedWrites = 32, true
		}
		if o.InfoRate == 0 {
			o.FailRate, o.InfoRate = 0.01, 0.002
		}
		return sim.Write(w, o, f.encode)
	}
}
