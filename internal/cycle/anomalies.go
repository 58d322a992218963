package cycle

import "slices"

// implication says that whoever found the anomaly has found the others as well.
type implication struct {
	found   string
	implies []string
}

// implications holds the direct implications between anomalies. Three laws make most of the rows: an item cycle is a
// cycle; a cycle that needs no session or realtime edge shows whatever one with such edges shows; a narrower shape
// (one rw edge; rw edges never adjacent) shows whatever the wider shape does. Sources: Adya 1999
// (G0, G1, G2-item, G2, G-single, G-SI), Berenson et al. 1995 (lost update, write skew), Kingsbury and Alvaro 2020
// (G-nonadjacent, the -process and -realtime variants).
var implications = [...]implication{
	{"G0", []string{"G0-process", "G1c"}},
	{"G0-process", []string{"G0-realtime", "G1c-process"}},
	{"G0-realtime", []string{"G1c-realtime"}},
	{"G1a", []string{"G1"}},
	{"G1b", []string{"G1"}},
	{"G1c", []string{"G1", "G1c-process"}},
	{"G1c-process", []string{"G1-process", "G1c-realtime"}},
	{"G1c-realtime", []string{"G1-realtime"}},
	{"G1", []string{"G1-process"}},
	{"G1-process", []string{"G1-realtime"}},
	{"G-single-item", []string{"G-nonadjacent-item", "G-single", "G-single-item-process"}},
	{"G-single-item-process", []string{"G-nonadjacent-item-process", "G-single-item-realtime", "G-single-process"}},
	{"G-single-item-realtime", []string{"G-nonadjacent-item-realtime", "G-single-realtime"}},
	{"G-single", []string{"G-nonadjacent", "G-single-process", "GSIb"}},
	{"G-single-process", []string{"G-nonadjacent-process", "G-single-realtime"}},
	{"G-single-realtime", []string{"G-nonadjacent-realtime"}},
	{"G-nonadjacent-item", []string{"G-nonadjacent", "G-nonadjacent-item-process", "G2-item"}},
	{"G-nonadjacent-item-process", []string{"G-nonadjacent-item-realtime", "G-nonadjacent-process", "G2-item-process"}},
	{"G-nonadjacent-item-realtime", []string{"G-nonadjacent-realtime", "G2-item-realtime"}},
	{"G-nonadjacent", []string{"G-nonadjacent-process", "G2"}},
	{"G-nonadjacent-process", []string{"G-nonadjacent-realtime", "G2-process"}},
	{"G-nonadjacent-realtime", []string{"G2-realtime"}},
	{"G2", []string{"G2-process"}},
	{"G2-item", []string{"G2", "G2-item-process"}},
	{"G2-item-process", []string{"G2-item-realtime", "G2-process"}},
	{"G2-item-realtime", []string{"G2-realtime"}},
	{"G2-process", []string{"G2-realtime"}},
	{"GSIa", []string{"GSI"}},
	{"GSIb", []string{"GSI"}},
	{"incompatible-order", []string{"G1a"}},
	{"future-read", []string{"G1c"}},
	{"dirty-update", []string{"G1a"}},
	{"lost-update", []string{"G2-item", "write-skew"}},
	{"write-skew", []string{"G2"}},
}

// severities orders the search further where nothing is implied: cycles without rw edges are worse than those with,
// and anything that needs no session or realtime edge is worse than what does.
var severities = [...]implication{
	{"G0", []string{"G1c"}},
	{"G0-process", []string{"G1c-process"}},
	{"G0-realtime", []string{"G1c-realtime"}},
	{"G1c", []string{"G-single", "G2-item"}},
	{"G1c-process", []string{"G-single-process", "G2-item-process"}},
	{"G1c-realtime", []string{"G-single-realtime", "G2-item-realtime"}},
	{"G2", []string{"G0-process"}},
	{"G2-process", []string{"G0-realtime"}},
}

// anomalyOrder holds every anomaly that the tables know, worst first: by the number of rounds in which the anomalies
// that nothing (left) is worse than are taken away, then by name. A test recomputes it from the tables.
//
// Some are in the tables only, for a name that papers use: nothing finds G1, G-cursor, G-monotonic, G-MSR, G-SI, G-SIb,
// G-update, GSI, GSIa, GSIb, or write-skew as such.
var anomalyOrder = [...]string{
	"G-MSR", "G-SI", "G-SIb", "G-cursor", "G-monotonic", "G-single-item", "G-update", "G0", "G1b", "GSIa",
	"PL-1-cycle-exists", "PL-2-cycle-exists", "PL-2.99-cycle-exists", "PL-3-cycle-exists", "PL-SI-cycle-exists",
	"PL-SS-cycle-exists", "cyclic-versions", "dirty-update", "duplicate-elements", "future-read", "garbage-read",
	"incompatible-order", "internal", "lost-update", "predicate-read-miss", "strong-PL-1-cycle-exists",
	"strong-PL-2-cycle-exists", "strong-session-PL-1-cycle-exists", "strong-session-PL-2-cycle-exists",
	"strong-session-serializable-cycle-exists", "strong-session-snapshot-isolation-cycle-exists",
	"strong-snapshot-isolation-cycle-exists",
	"G-nonadjacent-item", "G-single-item-process", "G1a", "G1c", "write-skew",
	"G-nonadjacent-item-process", "G-single", "G-single-item-realtime", "G1", "G2-item",
	"G-nonadjacent", "G-nonadjacent-item-realtime", "GSIb",
	"G2", "GSI",
	"G0-process",
	"G1c-process",
	"G-single-process", "G1-process", "G2-item-process",
	"G-nonadjacent-process",
	"G2-process",
	"G0-realtime",
	"G1c-realtime",
	"G-single-realtime", "G1-realtime", "G2-item-realtime",
	"G-nonadjacent-realtime",
	"G2-realtime",
}

// Statuses are not anomalies of the database but reasons why it wasn't judged; results list them beside anomalies.
const (
	EmptyGraph    = "empty-transaction-graph"
	SearchTimeout = "cycle-search-timeout"
)

// fallback is the ending of the names of proofs without a typed cycle: "<canonical model>-cycle-exists".
const fallback = "-cycle-exists"

// AnomalyNames lists every anomaly that the tables know, sorted.
func AnomalyNames() []string {
	names := anomalyOrder
	slices.Sort(names[:])
	return names[:]
}

// Severity is the place of an anomaly among all, worst first; an unknown one comes after them.
func Severity(anomaly string) int {
	if i := slices.Index(anomalyOrder[:], anomaly); i >= 0 {
		return i
	}
	return len(anomalyOrder)
}

// Implied lists the anomalies that are deemed found with this one, itself included, sorted.
func Implied(anomaly string) []string {
	l := theLattice()
	a := l.anomaly(anomaly)
	if a < 0 {
		return []string{anomaly}
	}
	return sortedNames(l.implied[a], anomalyOrder[:])
}
