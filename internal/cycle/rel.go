package cycle

import "strings"

// Rel is a set of relations between two transactions, one bit each.
type Rel uint8

const (
	WW Rel = 1 << iota
	WR
	RW
	WWP
	WRP
	RWP
	Process
	Realtime
)

// Sets of relations that the tables speak of.
const (
	writes  = WW | WWP           // "D": what G0 is made of
	reads   = WR | WRP           //
	effects = writes | reads     // "E": what G1c is made of
	anti    = RW | RWP           //
	allRels = 1<<8 - 1           //
	orders  = Process | Realtime // acyclic by themselves
)

// relNames holds the names of relations in the order in which the original lists them.
var relNames = [...]struct {
	rel  Rel
	name string
}{{WW, "ww"}, {WWP, "wwp"}, {WR, "wr"}, {WRP, "wrp"}, {RW, "rw"}, {RWP, "rwp"}, {Process, "process"}, {Realtime, "realtime"}}

// String is the names of the relations, joined by a plus sign.
func (r Rel) String() string {
	var names []string
	for _, n := range relNames {
		if r&n.rel != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, "+")
}

// union is the set as the EDN that results give: "[:union :ww :wwp]".
func (r Rel) union() string { return "[:union :" + strings.ReplaceAll(r.String(), "+", " :") + "]" }

// tellTable chooses for every set of relations the one by which an edge is told: the first of prefer that it has, or
// else its lowest bit, data before process before realtime.
func tellTable(prefer []Rel) *[1 << 8]uint8 {
	var table [1 << 8]uint8
	for set := range Rel(allRels) {
		table[set+1] = uint8(tell(set+1, prefer))
	}
	return &table
}

func tell(set Rel, prefer []Rel) Rel {
	for _, p := range prefer {
		if hit := set & p; hit != 0 {
			return hit & -hit
		}
	}
	return set & -set
}
