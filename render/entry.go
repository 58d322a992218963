package render

import (
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// entry is one anomaly as the original's map: its fields, with operations in the place of references to them. Where the
// fields don't name the operations of Anomaly.Ops, they go where the original has them:
//
//	cycle types                      :cycle (the first op again at the end), :steps, :type
//	internal, future-read,
//	duplicate-elements, garbage-read,
//	predicate-read-miss              :op     Ops[0]
//	G1a, G1b                         :op     Ops[0], :writer Ops[1]
//	lost-update                      :txns   all Ops
//	dirty-update                     :txns   [Ops[0] ... Ops[last]]
//	anything else                    :ops    all Ops, if any (the original has none)
func entry(h *history.History, a check.Anomaly) edn.Value {
	if len(a.Steps) > 0 {
		return cycleEntry(h, a)
	}
	var m mapping
	for _, f := range a.Fields {
		m.put(f.Name, resolve(h, f.Value))
	}
	ops := opMaps(h, a.Ops)
	switch form := witnessForm(a.Kind); {
	case form == factForm:
		m.put("type", edn.NewKeyword(a.Kind))
	case len(ops) == 0:
	case form == opForm:
		m.put("op", ops[0])
		if len(ops) > 1 {
			m.put("writer", ops[1])
		}
	case form == txnsForm:
		m.put("txns", edn.NewVector(ops))
	case form == spanForm:
		m.put("txns", edn.NewVector([]edn.Value{ops[0], edn.NewSymbol("..."), ops[len(ops)-1]}))
	default:
		m.put("ops", edn.NewVector(ops))
	}
	return inOrder(m)
}

// refDepth is how deep in a field a reference to an operation may lie: a path is a list of lists of maps.
const refDepth = 5

// resolve puts operations in the place of references to them.
func resolve(h *history.History, v edn.Value) edn.Value { return resolveTo(h, v, refDepth) }

func resolveTo(h *history.History, v edn.Value, depth int) edn.Value {
	if id, ok := check.AsOpRef(v); ok && id >= 0 && int(id) < h.Len() {
		return OpMap(h.Op(id))
	}
	if depth == 0 || !hasRef(v, depth) {
		return v
	}
	v.Items = slices.Clone(v.Items)
	for i := range v.Items {
		v.Items[i] = resolveTo(h, v.Items[i], depth-1)
	}
	return v
}

// hasRef tells whether a list or map holds a reference to an operation.
func hasRef(v edn.Value, depth int) bool {
	if depth == 0 || !v.Sequential() && v.Kind != edn.Map {
		return false
	}
	return slices.ContainsFunc(v.Items, func(x edn.Value) bool {
		_, ref := check.AsOpRef(x)
		return ref || hasRef(x, depth-1)
	})
}

// form is how an entry of some kind names its operations.
type form uint8

const (
	plainForm form = iota
	opForm
	txnsForm
	spanForm
	factForm // a proof about a set of operations, which the fields name by index
)

func witnessForm(kind string) form {
	switch kind {
	case "internal", "future-read", "duplicate-elements", "garbage-read", "predicate-read-miss", "G1a", "G1b":
		return opForm
	case "lost-update":
		return txnsForm
	case "dirty-update":
		return spanForm
	}
	if isExists(kind) {
		return factForm
	}
	return plainForm
}

// isExists tells the proofs that some cycle exists, which name no cycle.
func isExists(kind string) bool {
	const suffix = "-cycle-exists"
	return len(kind) > len(suffix) && kind[len(kind)-len(suffix):] == suffix
}

// inOrder sorts the keys of an entry as the original has them; keys that it doesn't know come last, as they were.
func inOrder(m mapping) edn.Value {
	order := [...]string{"type", "op", "mop", "key", "value", "values", "writer", "txns", "element", "expected",
		"duplicates", "versions", "scc", "sources", "previous-ok", "last-op"}
	var out mapping
	for _, name := range order {
		if i := m.at(name); i >= 0 {
			out.put(name, m.pairs[i])
		}
	}
	for i := 0; i < len(m.pairs); i += 2 {
		out.put(m.pairs[i].Text, m.pairs[i+1])
	}
	return out.value()
}

// cycleEntry is a cycle as the original has it: the operations with the first again at the end, and the steps.
func cycleEntry(h *history.History, a check.Anomaly) edn.Value {
	ops := opMaps(h, a.Ops)
	if len(ops) > 0 {
		ops = append(ops, ops[0])
	}
	var steps []edn.Value
	for _, s := range a.Steps {
		var m mapping
		m.put("type", edn.NewKeyword(s.Type))
		for _, f := range s.Fields {
			m.put(f.Name, resolve(h, f.Value))
		}
		steps = append(steps, m.value())
	}
	var m mapping
	m.put("cycle", edn.NewVector(ops))
	m.put("steps", edn.NewVector(steps))
	m.put("type", edn.NewKeyword(a.Kind))
	for _, f := range a.Fields {
		m.put(f.Name, resolve(h, f.Value))
	}
	return m.value()
}

// opMaps are operations as maps.
func opMaps(h *history.History, ids []history.ID) []edn.Value {
	out := make([]edn.Value, 0, len(ids))
	for _, id := range ids {
		out = append(out, OpMap(h.Op(id)))
	}
	return slices.Clip(out)
}

// OpMap is an operation as a map: index, time, type, process, f, value, then what else was recorded.
func OpMap(op history.Op) history.Value {
	var m mapping
	m.put("index", edn.NewInt(op.Index))
	if op.Time != history.NoTime {
		m.put("time", edn.NewInt(op.Time))
	}
	m.put("type", edn.NewKeyword(op.Type.String()))
	m.put("process", op.Process)
	m.put("f", op.F)
	m.put("value", op.Value)
	for _, f := range op.Extra {
		m.put(f.Name, f.Value)
	}
	return m.value()
}
