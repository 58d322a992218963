package cycle

import (
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// modelRow is a consistency model: what it directly proscribes, and the models that hold wherever it holds.
type modelRow struct {
	strong     string
	weak       []string
	proscribes []string
	source     string // where the model and its place come from
}

// modelRows is the lattice of models, by canonical name. A model proscribes as well whatever a weaker one does, and
// whatever implies something proscribed. Rows that proscribe nothing, and have nothing below them that does, are there
// to be named: no check of transactions can rule them out.
var modelRows = [...]modelRow{
	// Adya's levels.
	{"PL-1", nil, []string{"G0", "PL-1-cycle-exists", "cyclic-versions", "duplicate-elements", "garbage-read"},
		"Adya 1999; versions of a key that have no order, come twice or from nowhere contradict it as well"},
	{"PL-2", []string{"PL-1"}, []string{"G1", "PL-2-cycle-exists"}, "Adya 1999"},
	{"PL-CS", []string{"PL-2"}, []string{"G-cursor", "G1", "lost-update"}, "Adya 1999"},
	{"PL-2L", []string{"PL-2"}, []string{"G-monotonic", "G1"}, "Adya 1999"},
	{"PL-MSR", []string{"PL-2"}, []string{"G-MSR", "G1"}, "Adya 1999"},
	{"PL-2+", []string{"PL-2L", "PL-CS"}, []string{"G-single", "G1"}, "Adya 1999"},
	{"PL-FCV", []string{"PL-2+"}, []string{"G-SIb", "G1"}, "Adya 1999"},
	{"PL-SI", []string{"PL-FCV", "PL-MSR", "monotonic-atomic-view", "parallel-snapshot-isolation", "prefix"},
		[]string{"G-SI", "G-nonadjacent", "G1", "PL-SI-cycle-exists", "internal"},
		"Adya 1999; by cycles: Cerone and Gotsman 2016"},
	{"PL-2.99", []string{"PL-CS", "monotonic-atomic-view"},
		[]string{"G1", "G2-item", "PL-2.99-cycle-exists", "lost-update"}, "Adya 1999"},
	{"PL-3U", []string{"PL-FCV"}, []string{"G-update", "G1"}, "Adya 1999"},
	{"PL-3", []string{"PL-2.99", "PL-3U", "PL-SI", "view-serializable"},
		[]string{"G1", "G2", "PL-3-cycle-exists", "internal", "predicate-read-miss"}, "Adya 1999"},
	{"PL-SS", []string{"PL-3", "PL-SI", "linearizable", "session-serializable", "strong-session-serializable",
		"strong-snapshot-isolation"}, []string{"G1", "G1c-realtime", "G2-realtime", "PL-SS-cycle-exists"},
		"Papadimitriou 1979; Herlihy and Wing 1990"},
	// With the order of each session, or with realtime.
	{"strong-session-PL-1", []string{"PL-1"}, []string{"G0-process", "strong-session-PL-1-cycle-exists"},
		"after Daudjee and Salem 2004"},
	{"strong-session-PL-2", []string{"PL-2", "strong-session-PL-1"},
		[]string{"G1c-process", "strong-session-PL-2-cycle-exists"}, "after Daudjee and Salem 2004"},
	{"strong-session-snapshot-isolation", []string{"PL-SI", "strong-session-PL-2"}, []string{"G-nonadjacent-process",
		"G1-process", "internal", "strong-session-snapshot-isolation-cycle-exists"}, "Daudjee and Salem 2006"},
	{"strong-session-serializable", []string{"PL-3", "strong-session-snapshot-isolation"}, []string{"G1-process",
		"G2-process", "strong-session-serializable-cycle-exists"}, "Daudjee and Salem 2004"},
	{"strong-PL-1", []string{"strong-session-PL-1"}, []string{"G0-realtime", "strong-PL-1-cycle-exists"},
		"as strong-session-PL-1, with realtime"},
	{"strong-PL-2", []string{"strong-PL-1", "strong-session-PL-2"},
		[]string{"G1c-realtime", "strong-PL-2-cycle-exists"}, "as strong-session-PL-2, with realtime"},
	{"strong-snapshot-isolation", []string{"strong-PL-2", "strong-session-snapshot-isolation"},
		[]string{"G-nonadjacent-realtime", "G1-realtime", "internal", "strong-snapshot-isolation-cycle-exists"},
		"Daudjee and Salem 2006"},
	// Atomic visibility.
	{"monotonic-atomic-view", []string{"PL-2"}, nil, "Bailis et al. 2013, Highly Available Transactions"},
	{"read-atomic", []string{"monotonic-atomic-view"}, []string{"G1a", "future-read", "internal"},
		"Bailis et al. 2014; Cerone, Bernardi and Gotsman 2015"},
	{"causal-cerone", []string{"read-atomic"}, []string{"G1a", "internal"}, "Cerone, Bernardi and Gotsman 2015"},
	{"update-atomic", []string{"read-atomic"}, []string{"lost-update"}, "Cerone, Gotsman and Yang 2015"},
	{"parallel-snapshot-isolation", []string{"causal-cerone", "update-atomic"}, []string{"G1a", "internal"},
		"Sovran et al. 2011; Cerone, Bernardi and Gotsman 2015"},
	{"prefix", []string{"causal-cerone"}, []string{"G1a", "internal"}, "Cerone, Bernardi and Gotsman 2015"},
	// Single objects and others for which transactions prove nothing.
	{"view-serializable", nil, nil, "Bernstein, Hadzilacos and Goodman 1987 (view serializability)"},
	{"1SR", nil, nil, "Bernstein, Hadzilacos and Goodman 1987 (one-copy serializability)"},
	{"session-serializable", []string{"1SR"}, nil, "Daudjee and Salem 2004"},
	{"linearizable", []string{"sequential"}, nil, "Herlihy and Wing 1990"},
	{"sequential", []string{"causal"}, nil, "Lamport 1979; Viotti and Vukolić 2016"},
	{"causal", []string{"PRAM", "writes-follow-reads"}, nil, "Viotti and Vukolić 2016"},
	{"PRAM", []string{"monotonic-reads", "monotonic-writes", "read-your-writes"}, nil,
		"Lipton and Sandberg 1988; Viotti and Vukolić 2016"},
	{"monotonic-reads", nil, nil, "Terry et al. 1994"},
	{"monotonic-writes", nil, nil, "Terry et al. 1994"},
	{"read-your-writes", nil, nil, "Terry et al. 1994"},
	{"writes-follow-reads", nil, nil, "Terry et al. 1994"},
}

// alias is a friendly name of a model. The first row of a canonical name is the one that output uses.
type alias struct{ friendly, canonical string }

var aliases = [...]alias{
	{"consistent-view", "PL-2+"},
	{"serializable", "PL-3"},
	{"conflict-serializable", "PL-3"},
	{"cursor-stability", "PL-CS"},
	{"forward-consistent-view", "PL-FCV"},
	{"monotonic-snapshot-read", "PL-MSR"},
	{"monotonic-view", "PL-2L"},
	{"read-committed", "PL-2"},
	{"read-uncommitted", "PL-1"},
	{"repeatable-read", "PL-2.99"},
	{"snapshot-isolation", "PL-SI"},
	{"strong-serializable", "PL-SS"},
	{"strict-serializable", "PL-SS"},
	{"update-serializable", "PL-3U"},
	{"strong-session-read-uncommitted", "strong-session-PL-1"},
	{"strong-session-read-committed", "strong-session-PL-2"},
	{"strong-read-uncommitted", "strong-PL-1"},
	{"strong-read-committed", "strong-PL-2"},
}

// Canonical is the canonical name of a model, which may be given by its friendly name.
func Canonical(name string) (string, bool) {
	for _, a := range aliases {
		if a.friendly == name {
			return a.canonical, true
		}
	}
	for i := range modelRows {
		if modelRows[i].strong == name {
			return name, true
		}
	}
	return "", false
}

// Friendly is the name that output uses for a canonical model.
func Friendly(canonical string) string {
	for _, a := range aliases {
		if a.canonical == canonical {
			return a.friendly
		}
	}
	return canonical
}

// ModelNames lists the friendly names of all models, other names for the same ones included, sorted.
func ModelNames() []string {
	var names []string
	for _, a := range aliases {
		names = append(names, a.friendly)
	}
	for i := range modelRows {
		if s := modelRows[i].strong; Friendly(s) == s {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return names
}

// Weaker lists the friendly names of the models directly below a model, in the order of the table; Source says where
// the model comes from. An unknown model has neither.
func Weaker(model string) []string {
	l := theLattice()
	m := l.model(model)
	if m < 0 {
		return nil
	}
	var names []string
	for _, w := range modelRows[m].weak {
		names = append(names, Friendly(w))
	}
	return names
}

// Proscribed lists the anomalies that a model forbids by itself, without those that weaker models forbid already.
func Proscribed(model string) []string {
	if m := theLattice().model(model); m >= 0 {
		return slices.Clone(modelRows[m].proscribes)
	}
	return nil
}

// Source says where a model comes from.
func Source(model string) string {
	if m := theLattice().model(model); m >= 0 {
		return modelRows[m].source
	}
	return ""
}

// Prohibited holds the anomalies that make a history invalid: whatever implies one of the given anomalies or, by the
// models (canonical or friendly), one that a model or a weaker one proscribes. Unknown models prohibit nothing (see
// Canonical), unknown anomalies only themselves.
func Prohibited(models, anomalies []string) map[string]bool {
	l := theLattice()
	set := map[string]bool{}
	var wanted uint64
	for _, name := range anomalies {
		set[name] = true
		if a := l.anomaly(name); a >= 0 {
			wanted |= 1 << a
		}
	}
	for _, name := range models {
		if m := l.model(name); m >= 0 {
			wanted |= l.proscribed(l.weaker[m])
		}
	}
	for _, name := range sortedNames(l.implying(wanted), anomalyOrder[:]) {
		set[name] = true
	}
	return set
}

// Boundary tells what the found anomalies rule out: the weakest impossible models, and all stronger ones, by friendly
// name, sorted.
func Boundary(found []string) (not, alsoNot []string) {
	l := theLattice()
	impossible := l.impossible(found)
	weakest := l.minimal(impossible)
	return l.friendly(weakest), l.friendly(impossible &^ weakest)
}

// Strongest lists the strongest models that the found anomalies leave possible, by friendly name, sorted. Models that
// no anomaly can rule out (linearizable, causal, view-serializable, ...) are left out: nothing was checked about them,
// and to name them would say the opposite. Where every other model is ruled out the list is empty.
func Strongest(found []string) []string {
	l := theLattice()
	possible := l.refutable() &^ l.impossible(found)
	return l.friendly(l.maximal(possible))
}

// lattice holds the closures of the tables as bit sets: bit i of a set of models is modelRows[i], bit i of a set of
// anomalies is anomalyOrder[i].
type lattice struct {
	weaker   [len(modelRows)]uint64 // models that hold where this one holds, itself included
	stronger [len(modelRows)]uint64 // models that fall with this one, itself included
	direct   [len(modelRows)]uint64 // anomalies that the model proscribes directly
	implied  [len(anomalyOrder)]uint64
}

// theLattice is the tables' one lattice, computed when it's first needed, which takes 16 µs. A check asks several
// times. Nothing changes it.
var theLattice = sync.OnceValue(newLattice)

func newLattice() *lattice {
	l := &lattice{}
	for m := range modelRows {
		l.weaker[m] = 1 << m
		for _, w := range modelRows[m].weak {
			l.weaker[m] |= 1 << l.model(w)
		}
		for _, a := range modelRows[m].proscribes {
			l.direct[m] |= 1 << l.anomaly(a)
		}
	}
	for a := range l.implied {
		l.implied[a] = 1 << a
	}
	for _, row := range implications {
		for _, a := range row.implies {
			l.implied[l.anomaly(row.found)] |= 1 << l.anomaly(a)
		}
	}
	closure(l.weaker[:])
	closure(l.implied[:])
	for m, set := range l.weaker {
		for w := range each(set) {
			l.stronger[w] |= 1 << m
		}
	}
	return l
}

// closure makes rows of a relation transitive.
func closure(rows []uint64) {
	for k := range rows {
		for i := range rows {
			if rows[i]>>k&1 != 0 {
				rows[i] |= rows[k]
			}
		}
	}
}

// each iterates over the bits of a set.
func each(set uint64) func(func(int) bool) {
	return func(yield func(int) bool) {
		for ; set != 0; set &= set - 1 {
			if !yield(bits.TrailingZeros64(set)) {
				return
			}
		}
	}
}

// model is the number of a model given by either name, or -1.
func (l *lattice) model(name string) int {
	canonical, _ := Canonical(name)
	return slices.IndexFunc(modelRows[:], func(r modelRow) bool { return r.strong == canonical })
}

// anomaly is the number of an anomaly, or -1.
func (l *lattice) anomaly(name string) int { return slices.Index(anomalyOrder[:], name) }

// proscribed unites what the models directly proscribe.
func (l *lattice) proscribed(models uint64) uint64 {
	var set uint64
	for m := range each(models) {
		set |= l.direct[m]
	}
	return set
}

// implying is all anomalies that imply one of the set, which they include.
func (l *lattice) implying(set uint64) uint64 {
	var all uint64
	for a, implied := range l.implied {
		if implied&set != 0 {
			all |= 1 << a
		}
	}
	return all
}

// impossible is the models at or above one that proscribes something implied by the found anomalies.
func (l *lattice) impossible(found []string) uint64 {
	var implied, models uint64
	for _, name := range found {
		if a := l.anomaly(name); a >= 0 {
			implied |= l.implied[a]
		}
	}
	for m, set := range l.direct {
		if set&implied != 0 {
			models |= l.stronger[m]
		}
	}
	return models
}

// minimal is the members of a set of models that no other member is weaker than.
func (l *lattice) minimal(set uint64) uint64 {
	var lowest uint64
	for m := range each(set) {
		if l.weaker[m]&set == 1<<m {
			lowest |= 1 << m
		}
	}
	return lowest
}

// maximal is the members of a set of models that no other member is stronger than.
func (l *lattice) maximal(set uint64) uint64 {
	var highest uint64
	for m := range each(set) {
		if l.stronger[m]&set == 1<<m {
			highest |= 1 << m
		}
	}
	return highest
}

// refutable is the models that some anomaly can rule out.
func (l *lattice) refutable() uint64 {
	var set uint64
	for m := range modelRows {
		if l.proscribed(l.weaker[m]) != 0 {
			set |= 1 << m
		}
	}
	return set
}

// friendly is the friendly names of a set of models, sorted.
func (l *lattice) friendly(set uint64) []string {
	var names []string
	for m := range each(set) {
		names = append(names, Friendly(modelRows[m].strong))
	}
	slices.Sort(names)
	return names
}

// sortedNames is the names of the bits of a set, sorted.
func sortedNames(set uint64, all []string) []string {
	var names []string
	for i := range each(set) {
		names = append(names, all[i])
	}
	slices.Sort(names)
	return names
}

// NearestModels lists up to three models whose names are closest to a mistyped one, the closest first: for the hint of
// an error message. It's empty if nothing is near.
func NearestModels(name string) []string {
	candidates := ModelNames()
	for i := range modelRows {
		candidates = append(candidates, modelRows[i].strong)
	}
	return Nearest(name, candidates)
}

// Nearest is what NearestModels does, among any names.
func Nearest(name string, candidates []string) []string {
	name = strings.ToLower(strings.Join(strings.FieldsFunc(name, isSeparator), "-"))
	if len(name) > longestName {
		return nil
	}
	type near struct {
		name string
		d    int
	}
	var all []near
	for _, c := range slices.Compact(slices.Sorted(slices.Values(candidates))) {
		d := distance(name, strings.ToLower(c))
		switch {
		case len(name) <= 3: // too short to be a part that says anything
		case strings.HasPrefix(c, name):
			d = min(d, 1)
		case strings.Contains(c, name):
			d = min(d, 2)
		}
		if d <= 1+len(c)/3 {
			all = append(all, near{c, d})
		}
	}
	slices.SortStableFunc(all, func(a, b near) int { return a.d - b.d })
	var names []string
	for _, n := range all[:min(3, len(all))] {
		names = append(names, n.name)
	}
	return names
}

// longestName bounds what is compared with the names of models: whatever is longer resembles none.
const longestName = 64

func isSeparator(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == ':' }

// distance is the number of insertions, deletions and replacements that make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}
