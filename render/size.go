package render

import (
	"fmt"
	"strings"
	"time"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/amount"
)

// Size is how big a history is, as people count.
type Size struct {
	Ops       int // entries of clients and others
	Txns      int // client operations: an invocation and its completion count once
	OK        int
	Fail      int
	Info      int // indeterminate or never completed
	Processes int // of clients
	Span      time.Duration
	AllTxn    bool // every client operation is a transaction
}

// SizeOf counts a history in one pass.
func SizeOf(h *history.History) Size {
	s := Size{Ops: h.Size(), AllTxn: true}
	procs := make([]bool, h.NumProcs())
	first, last := history.NoTime, history.NoTime
	for id := range h.All() {
		if t := h.Time(id); t != history.NoTime {
			if first == history.NoTime {
				first = t
			}
			first, last = min(first, t), max(last, t)
		}
		if !h.Client(id) {
			continue
		}
		if p := h.Proc(id); !procs[p] {
			procs[p] = true
			s.Processes++
		}
		s.count(h, id)
	}
	s.Span = time.Duration(last - first)
	return s
}

// count counts a client's operation at its end: the completion, or an invocation that never completed.
func (s *Size) count(h *history.History, id history.ID) {
	k := h.Kind(id)
	switch {
	case k == history.KindTxn, k == history.KindList && len(h.Elems(id)) == 0:
	case k == history.KindNil && (h.Value(h.F(id)).IsNil() || h.Value(h.F(id)).Text == "txn"): // a transaction without a value
	default:
		s.AllTxn = false
	}
	switch h.Type(id) {
	case history.Invoke:
		if h.Pair(id) != history.None {
			return
		}
		s.Info++
	case history.OK:
		s.OK++
	case history.Fail:
		s.Fail++
	case history.Info:
		s.Info++
	}
	s.Txns++
}

// String is the size in words: "3,000 transactions, 12 processes, 4 ms of history".
func (s Size) String() string {
	noun := "operation"
	if s.AllTxn {
		noun = "transaction"
	}
	if s.Txns == 0 && s.Ops > 0 {
		return fmt.Sprintf("%s, none by a client (whose process is an integer)", count(s.Ops, "operation"))
	}
	parts := []string{count(s.Txns, noun)}
	if s.Txns > 0 {
		parts[0] += s.outcomes()
		parts = append(parts, count(s.Processes, "process"))
	}
	if s.Span > 0 {
		parts = append(parts, duration(s.Span)+" of history")
	}
	return strings.Join(parts, ", ")
}

// sizeText is the size of a history in the words of what it was checked for: what one does to an object is no transaction.
func sizeText(h *history.History, r check.Result) string {
	s := SizeOf(h)
	s.AllTxn = s.AllTxn && r.Checker != "linearizable"
	return s.String()
}

// outcomes tells of the operations that didn't end well, if there are any.
func (s Size) outcomes() string {
	var parts []string
	if s.Fail > 0 {
		parts = append(parts, thousands(s.Fail)+" failed")
	}
	if s.Info > 0 {
		parts = append(parts, thousands(s.Info)+" indeterminate")
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// count is a number with its noun.
func count(n int, noun string) string { return amount.Of(n, noun) }

// thousands is a number with its digits grouped: 12,345.
func thousands(n int) string { return amount.Number(n) }

// duration is a span of time to two or three digits.
func duration(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.1f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}
