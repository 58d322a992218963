// Package anonymise gives the values of a history other names, so that it can be shown to people who may not see them:
// equal values get equal names and different ones different names, of the same kind. What a checker looks at by its name
// (functions, types, the words of micro-ops and maps) stays as it is.
package anonymise

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"jcheck/history"
	"jcheck/internal/edn"
)

// Options says how.
type Options struct {
	Seed        uint64   // which name each value gets
	KeepNumbers bool     // numbers stay what they are, and so do strings that are numbers (JSON's keys of maps)
	KeepFields  []string // further fields to keep, as they are
}

// Names are the new names of a history's values.
type Names struct {
	o     Options
	order []history.Value          // the old values, in order of appearance
	names map[string]history.Value // by their canonical text
}

// words are the keywords and strings in values that checkers know by name: of accounts and transfers, of micro-ops, of
// keys, offsets and versions, of predicates. Renamed they would mean nothing.
var words = [...]string{"from", "to", "amount", "key", "value", "id", "version", "offset", "offsets", "r", "w", "append", "read", "write",
	"insert", "delete", "rp", "send", "poll", "=", "true", "mod", "init", "nemesis", "final?", "nil", "ok", "all", "majority"}

// fields are those that checkers look at; node is kept, too, with its name changed. Texts of errors are not.
var fields = [...]string{"final?", "link", "position", "node", "ext"}

// New finds the values of a history and names them.
func New(h *history.History, o Options) *Names {
	n := &Names{o: o, names: make(map[string]history.Value)}
	for id := range h.All() {
		op := h.Op(id)
		n.visit(op.Process, !h.Client(id))
		if op.Key != nil {
			n.visit(*op.Key, true)
		}
		n.visit(op.Value, true)
		for _, f := range op.Extra {
			n.visit(f.Value, slices.Contains(fields[:], f.Name))
		}
	}
	n.assign()
	return n
}

// visit takes note of the values in a value, if it is to be renamed at all. It goes as deep as values are nested, which
// the reader limits.
func (n *Names) visit(v history.Value, renamed bool) {
	if !renamed {
		return
	}
	if v.Kind >= edn.List {
		for _, item := range v.Items {
			n.visit(item, true)
		}
		return
	}
	if n.stays(v) {
		return
	}
	key := canonical(v)
	if _, seen := n.names[key]; !seen {
		n.names[key] = history.Value{}
		n.order = append(n.order, v)
	}
}

func canonical(v history.Value) string { return string(edn.AppendCanonical(nil, v)) }

// stays tells whether a scalar keeps its name.
func (n *Names) stays(v history.Value) bool {
	switch v.Kind {
	case edn.Nil, edn.Bool:
		return true
	case edn.String, edn.Keyword, edn.Symbol:
		if _, err := strconv.ParseFloat(v.Text, 64); err == nil && n.o.KeepNumbers {
			return true
		}
		return v.Text == "" || slices.Contains(words[:], v.Text)
	case edn.Char:
		return false
	case edn.Int: // 0 is what many objects hold at first
		return n.o.KeepNumbers || v.Int() == 0
	}
	return n.o.KeepNumbers
}

// assign gives the values of each kind numbers, shuffled, and names made of them.
func (n *Names) assign() {
	of := make(map[edn.Kind][]history.Value)
	for _, v := range n.order {
		of[v.Kind] = append(of[v.Kind], v)
	}
	random := rand.New(rand.NewPCG(n.o.Seed, 0))
	for kind := edn.Nil; kind <= edn.Tagged; kind++ {
		for i, at := range random.Perm(len(of[kind])) {
			n.names[canonical(of[kind][at])] = name(kind, int64(i))
		}
	}
}

// name is the i-th name of a kind. Integers are from 1 on: 0 stays 0.
func name(kind edn.Kind, i int64) history.Value {
	switch kind {
	case edn.Int:
		return edn.NewInt(i + 1)
	case edn.BigInt:
		return history.Value{Kind: kind, Text: "1" + fmt.Sprintf("%025d", i)}
	case edn.Float:
		return edn.NewFloat(float64(i) + 0.5)
	case edn.Decimal:
		return history.Value{Kind: kind, Text: fmt.Sprintf("%d.5", i)}
	case edn.Ratio:
		return history.Value{Kind: kind, Text: fmt.Sprintf("%d/2", 2*i+1)}
	case edn.Char:
		return edn.NewChar(rune(0x4e00 + i%0x5000)) // of which no history has so many
	case edn.Keyword:
		return edn.NewKeyword(fmt.Sprintf("k%d", i+1))
	case edn.Symbol:
		return edn.NewSymbol(fmt.Sprintf("y%d", i+1))
	}
	return edn.NewString(fmt.Sprintf("s%d", i+1))
}

// value is a value with its new names.
func (n *Names) value(v history.Value) history.Value {
	if v.Kind < edn.List {
		if n.stays(v) {
			return v
		}
		return n.names[canonical(v)]
	}
	if len(v.Items) == 0 {
		return v
	}
	items := make([]history.Value, len(v.Items))
	for i, item := range v.Items {
		items[i] = n.value(item)
	}
	v.Items = items
	return v
}

// Op is an operation with its new names. Fields that no checker looks at are gone.
func (n *Names) Op(h *history.History, op history.Op) history.Op {
	if !h.Client(op.ID) {
		op.Process = n.value(op.Process)
	}
	if op.Key != nil {
		key := n.value(*op.Key)
		op.Key = &key
	}
	op.Value = n.value(op.Value)
	var extra []history.Field
	for _, f := range op.Extra {
		switch {
		case slices.Contains(n.o.KeepFields, f.Name):
			extra = append(extra, f)
		case slices.Contains(fields[:], f.Name):
			extra = append(extra, history.Field{Name: f.Name, Value: n.value(f.Value)})
		}
	}
	op.Extra = extra
	return op
}

// Map is what was renamed: old value → new value, in order of appearance.
func (n *Names) Map() history.Value {
	pairs := make([]history.Value, 0, 2*len(n.order))
	for _, v := range n.order {
		pairs = append(pairs, v, n.names[canonical(v)])
	}
	return edn.NewMap(pairs)
}
