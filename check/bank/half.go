package bank

import (
	"math"

	"jcheck/history"
	"jcheck/internal/edn"
)

// maxHalves is how many wrong totals are explained by a transfer: each takes a walk through the history.
const maxHalves = 10

// halfOf is a transfer that may have been under way while a read was, and of the amount by which its total is wrong: if the
// read saw half of it, that explains the total. None if there is no such transfer.
func (b *bank) halfOf(f finding) history.ID {
	missing := math.Abs(b.total.float() - f.total.float())
	begin := b.h.Pair(f.id)
	for id := range b.h.All() {
		if id >= f.id {
			break
		}
		if b.fs.Of(id) != 1 || b.h.Type(id) != history.Invoke {
			continue
		}
		end := b.h.Pair(id)
		if end != history.None && (end < begin && b.h.Type(end) == history.OK || b.h.Type(end) == history.Fail) {
			continue // it was over before, or never happened
		}
		if moved, ok := b.moved(id); ok && moved == missing {
			return id
		}
	}
	return history.None
}

// moved is the amount of a transfer; false if it doesn't say.
func (b *bank) moved(id history.ID) (float64, bool) {
	pairs := b.h.Elems(id)
	for i := 0; b.h.Kind(id) == history.KindMap && i+1 < len(pairs); i += 2 {
		if name := b.h.Value(pairs[i]); name.Text == "amount" && (name.Kind == edn.Keyword || name.Kind == edn.String) {
			n, ok := amountOf(b.h, pairs[i+1])
			return n.float(), ok
		}
	}
	return 0, false
}
