package linearizable

import (
	"context"
	"errors"
	"fmt"

	"jcheck/check"
	"jcheck/history"
)

// trial is how the search of one part ended.
type trial struct {
	*search
	beam int
	end  ending
	at   int    // moments done by then, in the pass that came furthest
	why  *proof // that there is no linearization, without a search
}

// trials searches all parts, with narrow levels first. Narrow passes go round all parts before any part gets a wider one:
// one part may be hopeless, and the next easily shown to be wrong, which decides the matter. After the first round that
// finds a part without a linearization no more is tried, so the result doesn't depend on which part was quickest.
func trials(ctx context.Context, parts []*object, o Options, workers int) []*trial {
	all := make([]*trial, len(parts))
	todo := make([]int, len(parts))
	for i := range parts {
		todo[i] = i
	}
	for round, beam := range beams {
		spread(len(todo), workers, func(i int) {
			t := &all[todo[i]]
			if round == 0 {
				*t = newTrial(parts[todo[i]], o)
			}
			if (*t).search != nil {
				(*t).try(ctx, beam)
			}
		})
		var left []int
		wrong := false
		for _, i := range todo {
			switch all[i].end {
			case stuck:
				wrong = true
			case reached:
				all[i].search = nil // its states and moments aren't needed any more
			case cutShort:
				left = append(left, i)
			default:
				wrong = wrong || all[i].proved()
			}
		}
		if wrong {
			return decided(all)
		}
		if todo = left; len(todo) == 0 {
			break
		}
	}
	return all
}

// newTrial decides a part without a search where it can.
func newTrial(part *object, o Options) *trial {
	t := &trial{}
	if part.d.fast != nil && len(part.calls) > 0 {
		applies := false
		if t.why, applies = part.d.fast(part); applies && t.why == nil {
			return t
		}
	}
	if t.why != nil {
		o.MaxConfigurations = min(o.maxConfigurations(), storyConfigurations)
	}
	t.search = newSearch(part, o)
	return t
}

// proved tells whether a part is known not to be linearizable though its search ended without showing where.
func (t *trial) proved() bool { return t.why != nil && t.end != stuck && t.end != cutShort }

// storyConfigurations is how many configurations are tried of a part that is known not to be linearizable, only to tell
// where it fails.
const storyConfigurations = 200_000

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

func (t *trial) try(ctx context.Context, beam int) {
	p := t.run(ctx, beam, false)
	t.end, t.beam, t.at = p.end, beam, max(t.at, p.at)
	if p.end == stuck {
		t.at = p.at
	}
	if p.end == reached && t.why != nil {
		panic("linearizable: internal error: a linearization of what can't be linearized")
	}
}

// reason says why it isn't known whether a part is linearizable, and how far it got.
func (t *trial) reason(ctx context.Context, h *history.History) check.Reason {
	var r check.Reason
	switch t.end {
	case exhausted:
		r.Code, r.Text = "configurations", fmt.Sprintf("More than %d configurations were tried", t.maxTried)
	case tooLarge:
		r.Code, r.Text = "memory", fmt.Sprintf("The search would have taken more than %d MB", t.maxBytes>>20)
	default:
		r.Code, r.Text = "interrupted", fmt.Sprintf("The check was stopped before it was complete: %v", context.Cause(ctx))
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			r.Code, r.Text = "timeout", "The time allowed ran out before the search was complete"
		}
	}
	last, done := history.None, 0
	for _, m := range t.moments[:t.at] {
		if m.ret {
			last = t.obj.calls[m.call].id
			done++
		}
	}
	if last == history.None {
		return r
	}
	r.Text += fmt.Sprintf("; linearizable through operation %d, %d of the %d that returned", h.Index(last), done, t.returning())
	r.Ops = []history.ID{last}
	return r
}

// returning is how many calls return.
func (s *search) returning() int {
	n := 0
	for _, m := range s.moments {
		if m.ret {
			n++
		}
	}
	return n
}
