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
	number int // of the part
	beam   int
	end    ending
	at     int    // moments done by then, in the pass that came furthest
	brief  bool   // where it fails needn't be told
	why    *proof // that there is no linearization, without a search

	refuted bool    // by Porcupine: there is no linearization
	by      Engine  // which engine's limit the end is, if it is a limit
	order   []int32 // a linearization, if one is wanted
}

func (t *trial) try(ctx context.Context, beam int) {
	p := t.run(ctx, beam, false)
	if p.end == stuck && t.foresight != nil {
		if t.pinpoint(ctx, beam); t.brief {
			t.end = exhausted // the proof says enough
			return
		}
		t.maxTried = min(t.maxTried, t.tried+storyConfigurations)
		p = t.run(ctx, beam, false)
	}
	t.end, t.beam, t.at = p.end, beam, max(t.at, p.at)
	if p.end == stuck {
		t.at = p.at
	}
	if p.end == reached && t.wrong() {
		panic("linearizable: internal error: a linearization of what can't be linearized")
	}
}

// briefAnomaly names the operation at whose return the search got stuck.
func (t *trial) briefAnomaly() check.Anomaly {
	id := t.obj.calls[t.moments[t.at].call].id
	return check.Anomaly{Kind: NonLinearizable, Total: 1, Ops: []history.ID{id},
		Fields: []history.Field{{Name: "op", Value: check.OpRef(id)}}, Text: "No order of the operations explains what T1 answered."}
}

// reason says why it isn't known whether a part is linearizable, and how far it got.
func (t *trial) reason(ctx context.Context, h *history.History) check.Reason {
	if t.by == FastEngine {
		return t.notFast()
	}
	r := limitReason(ctx, t.end, t.maxTried, t.maxBytes)
	if t.by == PorcupineEngine {
		r.Text += " (by Porcupine, which doesn't say how far it got)"
		return r
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

// limitReason says by which bound a search was ended.
func limitReason(ctx context.Context, end ending, maxTried, maxBytes int64) check.Reason {
	switch {
	case end == exhausted:
		return check.Reason{Code: "configurations", Text: fmt.Sprintf("More than %d configurations were tried", maxTried)}
	case end == tooLarge:
		return check.Reason{Code: "memory", Text: fmt.Sprintf("The search would have taken more than %d MB", maxBytes>>20)}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return check.Reason{Code: "timeout", Text: "The time allowed ran out before the search was complete"}
	}
	return check.Reason{Code: "interrupted", Text: fmt.Sprintf("The check was stopped before it was complete: %v", context.Cause(ctx))}
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

// notFast says that engine fast can't decide a part.
func (t *trial) notFast() check.Reason {
	id := t.obj.calls[0].id
	return check.Reason{Code: "no-fast-path", Ops: []history.ID{id}, Text: fmt.Sprintf("The engine fast decides nothing here: either it knows no %s, "+
		"or what was done isn't of the shape that it takes, such as each value written once (hint: another engine, as auto)", t.obj.d.Name)}
}
