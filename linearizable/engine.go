package linearizable

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Engine is a way to find out whether a part is linearizable.
type Engine uint8

const (
	// AutoEngine takes whatever decides first: a fast path where one applies, else the search, and beside it Porcupine
	// once narrow levels didn't suffice.
	AutoEngine Engine = iota
	// FastEngine decides in about linear time what has a special shape, and nothing else.
	FastEngine
	// SearchEngine is the search through the configurations of each moment.
	SearchEngine
	// PorcupineEngine is the search of the package porcupine, depth first.
	PorcupineEngine
)

// engines are the names of the engines.
var engines = [...]string{AutoEngine: "auto", FastEngine: "fast", SearchEngine: "search", PorcupineEngine: "porcupine"}

// String is the engine's name.
func (e Engine) String() string { return engines[e] }

// ParseEngine is the engine of the given name.
func ParseEngine(name string) (Engine, error) {
	i := slices.Index(engines[:], name)
	if i < 0 {
		return 0, fmt.Errorf("unknown engine %q (hint: %s)", name, strings.Join(engines[:], ", "))
	}
	return Engine(i), nil
}

// rounds say what engines do before more is tried. The search starts alone: that suffices nearly always. Then Porcupine may
// be lucky in a moment; only then both take more and more.
var rounds = [...]struct {
	beam  int   // which of beams the search's levels have; rests if it rests
	rival int64 // how many steps Porcupine may make meanwhile
	alone int64 // and how many if there is no search
}{
	{0, 0, 10_000},
	{rests, 20_000, 100_000},
	{1, 100_000, 400_000},
	{2, 2_000_000, 2_000_000},
	{3, 16_000_000, 16_000_000},
	{4, allSteps, allSteps},
}

// rests is the beam of a search that does nothing in a round.
const rests = -1

// allSteps are as many as the other bounds allow.
const allSteps = 1 << 40

// storyConfigurations is how many configurations are tried of a part that is known not to be linearizable, only to tell
// where it fails.
const storyConfigurations = 200_000

// storyBytes is how much memory that may take: states that hold many elements are dear to make.
const storyBytes = 64 << 20

// trials decides all parts, with narrow levels first. Narrow passes go round all parts before any part gets a wider one:
// one part may be hopeless, and the next easily shown to be wrong, which decides the matter. After the first round that
// shows where a part fails no more is tried.
//
// Engines compete in each round, and a round ends when one has decided or all have done what the round allows, counted in
// steps. So who decides in a round doesn't depend on speed, nor does the result: where both decide they agree, and a part's
// counterexample is always that of the search.
func trials(ctx context.Context, parts []*object, o Options, workers int) []*trial {
	all := make([]*trial, len(parts))
	todo := make([]int, len(parts))
	for i := range parts {
		todo[i] = i
	}
	for round := range rounds {
		spread(len(todo), workers, func(i int) {
			if round == 0 {
				all[todo[i]] = newTrial(ctx, parts[todo[i]], o)
				all[todo[i]].number = todo[i]
			}
			all[todo[i]].round(ctx, round, o)
		})
		var wrong bool
		if todo, wrong = settle(all, todo); wrong {
			return decided(all)
		}
	}
	return all
}

// settle looks at the parts that were tried in a round: which need another, and whether some part has shown where it
// fails. Once a part is known to be wrong, only such are tried on, for their stories.
func settle(all []*trial, tried []int) (left []int, wrong bool) {
	known := false
	for _, i := range tried {
		t := all[i]
		switch {
		case t.end == stuck || t.proved():
			wrong = true
		case t.end == reached:
			t.search = nil // its states and moments aren't needed any more
		case t.end == cutShort:
			left = append(left, i)
			known = known || t.wrong()
		}
	}
	if known {
		left = slices.DeleteFunc(left, func(i int) bool { return !all[i].wrong() })
	}
	return left, wrong
}

// newTrial decides a part without our own search where it can.
func newTrial(ctx context.Context, part *object, o Options) *trial {
	t := &trial{by: SearchEngine}
	switch o.Engine {
	case AutoEngine, FastEngine:
		applies := len(part.calls) == 0
		if !applies && part.d.fast != nil {
			t.why, applies = part.d.fast(part)
		}
		if applies && t.why == nil {
			t.order = part.linearization(ctx, o)
			return t
		}
		if !applies && o.Engine == FastEngine {
			t.search, t.end, t.by = &search{obj: part}, exhausted, FastEngine
			return t
		}
	case PorcupineEngine:
		t.search = &search{obj: part, maxTried: stepsEach * o.maxConfigurations(), maxBytes: o.maxBytes() / rivalShare}
		t.by = PorcupineEngine
		return t
	}
	if t.why == nil {
		t.why = part.impossible()
	}
	if t.why != nil && o.Brief {
		t.search, t.end, t.by = &search{obj: part}, exhausted, FastEngine
		return t
	}
	if t.wrong() {
		o.MaxConfigurations, o.MaxBytes = min(o.maxConfigurations(), storyConfigurations), min(o.maxBytes(), storyBytes)
	}
	t.search, t.brief = newSearch(part, o), o.Brief
	if !t.wrong() {
		t.foresight = part.foresee()
	}
	return t
}

// wrong tells whether a part is known not to be linearizable, whether or not its search has shown where.
func (t *trial) wrong() bool { return t.why != nil || t.refuted }

// proved tells whether a part is known not to be linearizable though its search ended without showing where.
func (t *trial) proved() bool { return t.wrong() && t.end != stuck && t.end != cutShort }

// round tries a part with levels of one width, and beside it Porcupine.
func (t *trial) round(ctx context.Context, round int, o Options) {
	if t.search == nil || t.by == FastEngine {
		return
	}
	if round > 0 && o.slots != nil {
		o.slots <- struct{}{}
		defer func() { <-o.slots }()
	}
	if t.by == PorcupineEngine {
		t.alone(ctx, round, o)
		return
	}
	var end ending
	var order []int32
	switch r := rounds[round]; {
	case o.Engine != AutoEngine || r.rival == 0 || t.wrong():
		if r.beam != rests {
			t.try(ctx, beams[r.beam])
			t.witness(ctx, o)
		}
		return
	case r.beam == rests:
		end, order = t.obj.porcupine(ctx, r.rival, o)
	default:
		end, order = t.race(ctx, round, o)
	}
	t.note(end, order)
	t.witness(ctx, o)
}

// note draws the conclusion from what Porcupine said, which is nothing unless it reached the end or got stuck.
func (t *trial) note(end ending, order []int32) {
	switch {
	case end == reached && t.end == stuck, end == stuck && t.end == reached:
		panic("linearizable: internal error: Porcupine and the search contradict each other")
	case end == reached:
		t.end, t.order = reached, order
	case end == stuck && t.end != stuck:
		t.refuted = true
		t.maxTried = t.tried + storyConfigurations
	}
}

// alone tries a part with Porcupine. If there is no linearization, the search tells the story.
func (t *trial) alone(ctx context.Context, round int, o Options) {
	t.end, t.order = t.obj.porcupine(ctx, rounds[round].alone, o)
	switch {
	case t.end == exhausted && round < len(rounds)-1:
		t.end = cutShort
	case t.end == stuck:
		t.refuted, t.by = true, SearchEngine
		o.MaxConfigurations, o.MaxBytes = min(o.maxConfigurations(), storyConfigurations), min(o.maxBytes(), storyBytes)
		t.search = newSearch(t.obj, o)
		t.end = cutShort
		for i := 0; i < len(beams) && t.end == cutShort; i++ {
			t.try(ctx, beams[i])
		}
	}
}

// race tries a part in both ways at once, and tells how Porcupine ended: the search stops it if it decides first.
func (t *trial) race(ctx context.Context, round int, o Options) (end ending, order []int32) {
	mine, stopMine := context.WithCancel(ctx)
	theirs, stopTheirs := context.WithCancel(ctx)
	defer stopMine()
	defer stopTheirs()
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.starts(PorcupineEngine)
		if end, order = t.obj.porcupine(theirs, rounds[round].rival, o); end == reached {
			stopMine()
		}
	}()
	o.starts(SearchEngine)
	t.try(mine, beams[rounds[round].beam])
	if t.end == reached || t.end == stuck {
		stopTheirs()
	}
	<-done
	if gaveUp := t.end == exhausted || t.end == tooLarge; gaveUp && end != reached && end != stuck { // there is no other round
		return t.obj.porcupine(ctx, allSteps, o)
	}
	return end, order
}

func (o Options) starts(e Engine) {
	if o.begin != nil {
		o.begin(e)
	}
}

// decided leaves out what is undecided: some part is wrong, so nothing more needs to be known.
func decided(all []*trial) []*trial {
	var wrong []*trial
	for _, t := range all {
		if t.end == stuck || t.proved() {
			wrong = append(wrong, t)
		}
	}
	return wrong
}
