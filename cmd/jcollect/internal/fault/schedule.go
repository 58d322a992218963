package fault

import (
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
	s := schedule{plan: n.plan}
	if !n.plan.Schedule {
		return s
	}
	for _, k := range kinds(n.plan) {
		if slices.Contains(n.plan.Faults, k.name) {
			s.tracks = append(s.tracks, track{kind: k.name, seed: n.o.Seed + uint64(len(s.tracks))})
		}
	}
	return s
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

// A schedule is the tracks of all faults. It is a value; each operation makes a new one.
type schedule struct {
	plan   Plan
	tracks []track
	begun  bool
}

// A track is where one fault is in its turns of on and off.
type track struct {
	kind   string
	on     string // what is on, "" if nothing is: the next turn heals it
	nextNS int64  // when its next operation is due
	turn   int
	seed   uint64
}

// Op is the operation that is due first. It may lie in the future.
func (s schedule) Op(ctx generator.Context) (generator.Op, generator.Status, generator.Generator) {
	if len(s.tracks) == 0 {
		return generator.Op{}, generator.Done, nil
	}
	if !free(ctx) {
		return generator.Op{}, generator.Pending, s
	}
	if !s.begun { // an answer that lies in the future isn't used, and with it the time of the first question would be lost
		now := generator.Template{F: "sleep", Act: generator.Sleep, SleepNS: 1}
		return generator.Op{Template: now, Type: history.Info, Process: generator.Nemesis, TimeNS: ctx.TimeNS}, generator.Ready, s.begin(ctx.TimeNS)
	}
	first := 0
	for i, t := range s.tracks {
		if t.nextNS < s.tracks[first].nextNS {
			first = i
		}
	}
	at := max(s.tracks[first].nextNS, ctx.TimeNS)
	template, rest := s.tracks[first].step(s.plan, at)
	next := s
	next.tracks = slices.Clone(s.tracks)
	next.tracks[first] = rest
	return generator.Op{Template: template, Type: history.Info, Process: generator.Nemesis, TimeNS: at}, generator.Ready, next
}

// Update changes nothing: the plan of the faults doesn't depend on how they went.
func (s schedule) Update(generator.Context, generator.Op) generator.Generator { return s }

// begin lays the first operations after the time of the first question.
func (s schedule) begin(nowNS int64) schedule {
	tracks := slices.Clone(s.tracks)
	for i, t := range tracks {
		beat := s.plan.beat(t.kind)
		wait := s.plan.StartAfter
		if wait < 0 {
			wait = beat.wait(beat.Off, t.chance())
		}
		tracks[i].nextNS = nowNS + int64(wait)
	}
	return schedule{plan: s.plan, tracks: tracks, begun: true}
}

// chance is the randomness of a track's turn.
func (t track) chance() *rand.Rand { return rand.New(rand.NewPCG(t.seed, uint64(t.turn))) }

// step is the operation of a track's turn at the given time, and the track after it.
func (t track) step(p Plan, atNS int64) (generator.Template, track) {
	rng := t.chance()
	k, _ := kindOf(p, t.kind)
	beat := p.beat(t.kind)
	var template generator.Template
	wait := beat.Off
	if t.on == "" {
		template, t.on = k.begin(p, rng)
		if t.on != "" {
			wait = beat.On
		}
	} else {
		template, t.on = k.end(p, t.on), ""
	}
	t.turn++
	t.nextNS = atNS + int64(beat.wait(wait, rng))
	return template, t
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

// free tells whether the nemesis may begin an operation.
func free(ctx generator.Context) bool { return ctx.Free().Has(ctx.NemesisThread()) }
