package sim

import (
	"math/rand/v2"

	"jcheck/history"
)

// play is a script that is being woven into a run. It borrows as many clients as it has actors, each when it would
// invoke its next transaction anyway, so that no more than Options.Concurrency operations are ever open. The actors are
// fresh processes: nothing that they did before or do afterwards adds to the order of sessions. The keys are fresh, too.
// So nothing but real time leads from the script to the rest of the history or back.
type play struct {
	number  int // from 1: its place in Options.Inject
	script  script
	start   int        // once as many transactions were invoked, clients are borrowed
	steps   []playStep // in the order in which they happen
	next    int
	left    []int   // by actor: steps to come
	clients []int   // by actor
	keys    []int64 // by key of the script; closed-predicate's are placed beforehand
	tight   bool    // see Recipe
	values  int64   // closed-predicate: the multiple of 12, plus 1, that stands for 0
}

// playStep is the invocation or the completion of a part.
type playStep struct {
	part int
	ends bool
}

// steps puts the invocations and completions of a script in order.
func (s *script) steps(rng *rand.Rand) []playStep {
	last := 0
	for _, p := range s.parts {
		last = max(last, p.to)
	}
	var all []playStep
	for phase := range last + 1 {
		for _, ends := range [...]bool{false, true} {
			from := len(all)
			for i, p := range s.parts {
				if !ends && p.from == phase || ends && p.to == phase {
					all = append(all, playStep{i, ends})
				}
			}
			some := all[from:]
			rng.Shuffle(len(some), func(a, b int) { some[a], some[b] = some[b], some[a] })
		}
	}
	return all
}

// maxKeys is more than any script has of keys, or of versions.
const maxKeys = 64

// placeRows gives keys and values of closed-predicate to a script. A row that is in the way of no predicate but the
// script's own has a version that is 1 modulo 12: see rows.predicate. The key modulo 3 says what may happen to the row.
func (p *play) placeRows(rows int) {
	first := int64(rows + maxKeys*(p.number-1) + 1)
	p.values = 12*first + 1
	for k := range p.script.keys() {
		key := 3 * (first + int64(k))
		if k < len(p.script.rows) {
			key++ // there from the beginning, and might be overwritten
		}
		p.keys = append(p.keys, key)
	}
	for i, r := range p.script.rows {
		p.script.rows[i] = Row{p.keys[r.Key], p.version(r.Value)}
	}
}

// version is what stands for a value of the script in closed-predicate.
func (p *play) version(v int64) int64 { return p.values + 12*v }

// due tells whether a client that comes to invoke is to be borrowed.
func (r *run) due() bool {
	return len(r.pending) > 0 && (r.spent || r.invoked >= min(r.pending[0].start, r.o.Txns))
}

// lend borrows a client for the next play, which begins once it has all it needs.
func (r *run) lend(c int) {
	p := r.pending[0]
	p.clients = append(p.clients, c)
	r.refresh(c)
	if len(p.clients) < p.script.actors() {
		return
	}
	r.pending = r.pending[1:]
	p.left = make([]int, len(p.clients))
	for _, s := range p.steps {
		p.left[p.script.parts[s.part].actor]++
	}
	for len(p.keys) < p.script.keys() {
		p.keys = append(p.keys, r.gen.next)
		r.foreign[r.gen.next] = true
		r.gen.next++
	}
	r.turns.push(turn{at: r.now + r.delay(stepNS), kind: act, play: p})
}

// refresh lets a client go on as a process that nobody knows.
func (r *run) refresh(c int) {
	r.clients[c] = client{process: r.clients[c].process + int64(r.o.Concurrency)}
}

// act lets the next step of a play happen, and those that must follow without a pause.
func (r *run) act(p *play) {
	for {
		s := p.steps[p.next]
		p.next++
		r.play(p, s)
		switch {
		case p.next == len(p.steps) || r.err != nil:
			return
		case p.tight && s.ends && !p.steps[p.next].ends:
			continue
		}
		r.turns.push(turn{at: r.now + r.delay(stepNS), kind: act, play: p})
		return
	}
}

// play records one step.
func (r *run) play(p *play, s playStep) {
	part := &p.script.parts[s.part]
	c := p.clients[part.actor]
	op := &Op{Index: r.index, Time: r.now, Type: history.Invoke, Process: r.clients[c].process, Workload: r.o.Workload,
		Inject: p.number}
	if s.ends {
		op.Type = part.typ
	}
	op.Mops = p.mops(part, op.Type == history.OK)
	r.index++
	r.err = r.emit(op)
	if p.left[part.actor]--; p.left[part.actor] == 0 {
		r.refresh(c)
		r.turns.push(turn{at: r.now + r.delay(thinkNS), kind: invoke, client: c})
	}
}

// mops are the micro-ops of a part with the keys of the run, and with what its reads showed if that is known.
func (p *play) mops(part *part, known bool) []Mop {
	mops := make([]Mop, len(part.mops))
	for i, m := range part.mops {
		if p.values != 0 {
			if !m.Absent {
				m.Value = p.version(m.Value)
			}
			if m.Pred != nil {
				equal := p.version(*m.Pred.Equal)
				m.Pred = &Predicate{Equal: &equal}
			}
		}
		m.Key = p.keys[m.Key]
		m.Known = m.Known && known
		mops[i] = m
	}
	return mops
}
