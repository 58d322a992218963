package fault

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/history"
)

// Generator says when which fault is injected and healed, for the nemesis alone. The faults of a plan go on
// independently: each waits its interval, is injected, waits, is healed, and so on without end. It depends on the plan
// and the seed alone, so the same seed has the same faults at the same times.
func (n *Nemesis) Generator() generator.Generator {
	n.mu.Lock()
	defer n.mu.Unlock()
	plan := n.plan
	var tracks []track
	for _, k := range kinds(plan) {
		if plan.Schedule && plan.has(k.name) {
			tracks = append(tracks, track{kind: k.name, number: uint64(len(tracks)), seed: n.o.Seed})
		}
	}
	if len(tracks) == 0 {
		return generator.Concat()
	}
	return &unbegun{&plan, tracks}
}

// Final are the operations that undo every fault of the plan, in order, once.
func (n *Nemesis) Final() generator.Generator {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []generator.Generator
	for _, k := range kinds(n.plan) {
		if slices.Contains(n.plan.Faults, k.name) && k.final != nil {
			for _, t := range k.final(n.plan) {
				all = append(all, generator.Do(t))
			}
		}
	}
	return generator.Concat(all...)
}

// A track is where one fault is in its turns of on and off.
type track struct {
	kind   string
	on     string // what is on, "" if nothing is: the next turn heals it
	nextNS int64  // when its next operation is due
	turn   uint64
	number uint64 // of the track
	seed   uint64
}

// An unbegun schedule waits for the first question, from which on its times count. Its first operation is to sleep for no
// time: an answer that lies in the future isn't used, and with it the time of the question would be lost.
type unbegun struct {
	plan   *Plan
	tracks []track
}

func (u *unbegun) Op(ctx generator.Context) (generator.Op, generator.Status, generator.Generator) {
	if !ctx.Free().Has(ctx.NemesisThread()) {
		return generator.Op{}, generator.Pending, u
	}
	now := generator.Template{F: "sleep", Act: generator.Sleep, SleepNS: 1}
	op := generator.Op{Template: now, Type: history.Info, Process: generator.Nemesis, TimeNS: ctx.TimeNS}
	return op, generator.Ready, u.begin(ctx.TimeNS)
}

func (u *unbegun) Update(generator.Context, generator.Op) generator.Generator { return u }

// begin lays the first operations after now.
func (u *unbegun) begin(nowNS int64) *schedule {
	tracks := slices.Clone(u.tracks)
	for i, t := range tracks {
		beat := u.plan.beat(t.kind)
		wait := u.plan.StartAfter
		if wait < 0 {
			wait = beat.wait(beat.Off, dice(t.seed, t.number))
		}
		tracks[i].nextNS = nowNS + int64(wait)
	}
	return newSchedule(u.plan, tracks)
}

// A schedule is the tracks of all faults, and the operation that is due first. It is never changed: each operation that
// is played makes a new one. It is asked far more often than that, before each operation of a client, so what is due is
// worked out once.
type schedule struct {
	plan     *Plan
	tracks   []track
	first    int
	template generator.Template
	rest     track         // the first track after its turn, but for its time
	wait     time.Duration // until that
}

// newSchedule works out what is due first; of several at the same time, the first in the table.
func newSchedule(plan *Plan, tracks []track) *schedule {
	s := &schedule{plan: plan, tracks: tracks}
	for i, t := range tracks {
		if t.nextNS < tracks[s.first].nextNS {
			s.first = i
		}
	}
	t := tracks[s.first]
	rng := dice(t.seed, t.number, 1+t.turn)
	k, _ := kindOf(*plan, t.kind)
	beat := plan.beat(t.kind)
	span := beat.Off
	if t.on != "" {
		s.template, t.on = k.end(*plan, t.on), ""
	} else if s.template, t.on = k.begin(*plan, rng); t.on != "" {
		span = beat.On
	}
	t.turn++
	s.rest, s.wait = t, beat.wait(span, rng)
	return s
}

// Op is the operation that is due first. It may lie in the future.
func (s *schedule) Op(ctx generator.Context) (generator.Op, generator.Status, generator.Generator) {
	if !ctx.Free().Has(ctx.NemesisThread()) {
		return generator.Op{}, generator.Pending, s
	}
	at := max(s.tracks[s.first].nextNS, ctx.TimeNS)
	op := generator.Op{Template: s.template, Type: history.Info, Process: generator.Nemesis, TimeNS: at}
	return op, generator.Ready, &played{s, at}
}

// Update changes nothing: when faults come doesn't depend on how they went.
func (s *schedule) Update(generator.Context, generator.Op) generator.Generator { return s }

// played is the schedule after its first operation was played.
type played struct {
	from *schedule
	atNS int64
}

func (p *played) Op(ctx generator.Context) (generator.Op, generator.Status, generator.Generator) {
	return p.next().Op(ctx)
}

func (p *played) Update(generator.Context, generator.Op) generator.Generator { return p.next() }

// next is what is due then.
func (p *played) next() *schedule {
	tracks := slices.Clone(p.from.tracks)
	tracks[p.from.first] = p.from.rest
	tracks[p.from.first].nextNS = p.atNS + int64(p.from.wait)
	return newSchedule(p.from.plan, tracks)
}

// dice are randomness that depends on these numbers alone. Neighbouring numbers give nothing alike, which is not so for a
// generator that takes them as its state.
func dice(numbers ...uint64) *rand.Rand {
	var seed [32]byte
	for i, x := range numbers {
		binary.LittleEndian.PutUint64(seed[8*(i%4):], x^binary.LittleEndian.Uint64(seed[8*(i%4):]))
	}
	return rand.New(rand.NewChaCha8(seed))
}

// A Beat is the rhythm of a fault. Without exact spans the waits are random around the interval, as many as even.
type Beat struct {
	Interval time.Duration
	On, Off  time.Duration // exact spans; 0 is random
}

// wait is how long to wait: exactly the given span, or from nothing to twice the interval.
func (b Beat) wait(exact time.Duration, rng *rand.Rand) time.Duration {
	if exact > 0 || b.Interval <= 0 {
		return exact
	}
	return time.Duration(rng.Int64N(2 * int64(b.Interval)))
}
