package render

import (
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Schema is the version of the result map. It grows when a key changes its meaning, not when one is added.
const Schema = 1

// ResultMap is the result as the original checkers print theirs: valid?, anomaly-types, anomalies (kind → entries),
// not, also-not, and the checker's own fields. Beyond the original's keys it has reasons (why unknown), warnings,
// anomaly-counts (where only some anomalies are listed) and schema. Operations are maps, as in a history.
func ResultMap(h *history.History, r check.Result) history.Value { return resultMap(h, r, nil) }

// resultMap is ResultMap, but that the entries of many anomalies are left for later, if later isn't nil.
func resultMap(h *history.History, r check.Result, later *postponed) edn.Value {
	var m mapping
	m.put("valid?", validValue(r.Verdict))
	putAnomalies(&m, h, r, later)
	putFailure(&m, h, r)
	putModels(&m, r)
	putReasons(&m, h, r.Reasons)
	for _, f := range r.Fields {
		if f.Name == "anomaly-types" && len(f.Value.Items) == 0 {
			continue // without anomalies, the original has no such key
		}
		m.put(f.Name, resolve(h, f.Value))
	}
	if r.Composed {
		putComposed(&m, h, r.Parts, later)
	} else {
		putParts(&m, h, r.Parts, later)
	}
	if len(r.Notes) > 0 {
		var notes []edn.Value
		for _, n := range r.Notes {
			notes = append(notes, remark(h, n.Code, n.Text, n.Ops))
		}
		m.put("warnings", edn.NewVector(notes))
	}
	m.put("schema", edn.NewInt(Schema))
	return m.value()
}

// validValue is the verdict as the value of valid?.
func validValue(v check.Verdict) edn.Value {
	switch v {
	case check.Valid:
		return edn.NewBool(true)
	case check.Invalid:
		return edn.NewBool(false)
	}
	return edn.NewKeyword("unknown")
}

// putAnomalies adds what was found, grouped by kind. As in the original, a result without anomalies has none of
// these keys.
func putAnomalies(m *mapping, h *history.History, r check.Result, later *postponed) {
	if len(r.Anomalies) == 0 {
		return
	}
	groups := groupByKind(r.Anomalies)
	slices.SortFunc(groups, func(a, b group) int { return strings.Compare(a.kind, b.kind) })
	var types, entries, counts []edn.Value
	short := false
	for _, g := range groups {
		kind := edn.NewKeyword(g.kind)
		types = append(types, kind)
		counts = append(counts, kind, edn.NewInt(int64(g.total)))
		short = short || g.total > len(g.list)
		entries = append(entries, kind, groupValue(h, g, later))
	}
	m.put("anomaly-types", edn.NewList(types))
	m.put("anomalies", edn.NewMap(entries))
	if short {
		m.put("anomaly-counts", edn.NewMap(counts))
	}
}

// putFailure adds what Knossos tells of a history that isn't linearizable where Knossos has it: beside the verdict.
func putFailure(m *mapping, h *history.History, r check.Result) {
	if len(r.Anomalies) == 0 || r.Anomalies[0].Kind != nonlinearizable {
		return
	}
	for _, name := range [...]string{"op", "previous-ok", "last-op", "configs", "final-paths"} {
		if v, ok := fieldOf(r.Anomalies[0], name); ok {
			m.put(name, resolve(h, v))
		}
	}
}

// putModels adds what is ruled out; the original has these keys beside anomalies only.
func putModels(m *mapping, r check.Result) {
	if len(r.Anomalies) > 0 || len(r.Models.Not) > 0 {
		m.put("not", keywordSet(r.Models.Not))
		m.put("also-not", keywordSet(r.Models.AlsoNot))
	}
}

// groupValue is the list of entries of one kind, or true for a kind that is a mere fact (empty-transaction-graph).
func groupValue(h *history.History, g group, later *postponed) edn.Value {
	if isFact(g) {
		return edn.NewBool(true)
	}
	var list []edn.Value
	for _, a := range g.list {
		if later != nil && len(g.list) > maxAtOnce {
			list = append(list, later.entry(a))
		} else {
			list = append(list, entry(h, a))
		}
	}
	return edn.NewVector(list)
}

// putReasons adds why the verdict is unknown. The first reason's code is also the type, where the originals put it.
func putReasons(m *mapping, h *history.History, reasons []check.Reason) {
	if len(reasons) == 0 {
		return
	}
	var list []edn.Value
	for _, r := range reasons {
		list = append(list, remark(h, r.Code, r.Text, r.Ops))
	}
	m.put("type", edn.NewKeyword(reasons[0].Code))
	m.put("reasons", edn.NewVector(list))
}

// putParts adds the results of independent keys, and the names of those that failed. A keyed history may have no key: then
// both are empty, but there.
func putParts(m *mapping, h *history.History, parts []check.Part, later *postponed) {
	if parts == nil {
		return
	}
	var results, failures []edn.Value
	for _, p := range parts {
		name := partName(p.Name)
		results = append(results, name, resultMap(h, p.Result, later))
		if p.Result.Verdict == check.Invalid {
			failures = append(failures, name)
		}
	}
	slices.SortStableFunc(failures, edn.Compare) // as the originals list them
	m.put("results", edn.NewMap(results))
	m.put("failures", edn.NewVector(failures))
}

// putComposed adds the results of other checkers under their names, as Jepsen's compose does.
func putComposed(m *mapping, h *history.History, parts []check.Part, later *postponed) {
	for _, p := range parts {
		m.put(p.Name, resultMap(h, p.Result, later))
	}
}

// partName reads a part's name back into the value that it prints (a key); a name that is no EDN form stays a string.
func partName(name string) edn.Value {
	v, rest, err := edn.Parse([]byte(name))
	if err != nil || strings.TrimSpace(name[min(rest, len(name)):]) != "" {
		return edn.NewString(name)
	}
	return v
}

// remark is a reason or a warning as a map.
func remark(h *history.History, code, text string, ids []history.ID) edn.Value {
	var m mapping
	m.put("code", edn.NewKeyword(code))
	m.put("text", edn.NewString(text))
	if len(ids) > 0 {
		m.put("ops", edn.NewVector(opMaps(h, ids)))
	}
	return m.value()
}

// keywordSet is a sorted list of names as a set of keywords.
func keywordSet(names []string) edn.Value {
	var list []edn.Value
	for _, n := range names {
		list = append(list, edn.NewKeyword(n))
	}
	return edn.NewSet(list)
}

// group is the anomalies of one kind.
type group struct {
	kind  string
	list  []check.Anomaly
	total int // how many there were, listed or not
}

// groupByKind gathers anomalies by kind; kinds keep the order in which they first come, which is worst first.
func groupByKind(anomalies []check.Anomaly) []group {
	var groups []group
	place := map[string]int{}
	for _, a := range anomalies {
		i, seen := place[a.Kind]
		if !seen {
			i = len(groups)
			place[a.Kind] = i
			groups = append(groups, group{kind: a.Kind})
		}
		g := &groups[i]
		g.list = append(g.list, a)
		g.total = max(g.total, a.Total, len(g.list))
	}
	return groups
}

// isFact tells the kinds that are no more than a fact about the check: empty-transaction-graph.
func isFact(g group) bool {
	a := g.list[0]
	if len(g.list) > 1 || len(a.Ops) > 0 || len(a.Steps) > 0 {
		return false
	}
	return len(a.Fields) == 0 || len(a.Fields) == 1 && a.Fields[0].Name == a.Kind && a.Fields[0].Value.Bool()
}

// mapping collects the pairs of a map whose keys are keywords, in order. The first value of a key wins.
type mapping struct{ pairs []edn.Value }

func (m *mapping) put(name string, v edn.Value) {
	if m.at(name) < 0 {
		m.pairs = append(m.pairs, edn.NewKeyword(name), v)
	}
}

// at is where the key's value is, or -1.
func (m *mapping) at(name string) int {
	for i := 0; i < len(m.pairs); i += 2 {
		if m.pairs[i].Text == name {
			return i + 1
		}
	}
	return -1
}

func (m *mapping) value() edn.Value { return edn.NewMap(m.pairs) }
