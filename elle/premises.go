package elle

import (
	"slices"
	"sort"
	"strings"

	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/graph"
)

// premises is what every workload starts from: the nodes of the graph, and the order in which clients saw them run.
//
// Operations are named in two ways: by history.ID, and by their position in the view, 0 to h.Size()-1 (h.At turns a
// position into an ID). The two agree unless the history is a view of one independent key.
type premises struct {
	h       *history.History
	o       Options
	workers int
	nodes   []history.ID // node → completion: the possible (ok and info) operations of clients, in file order
	nodeAt  []int32      // position in the view → node, or -1
	before  []int32      // node → the ok node that its process completed just before, or -1; nil if not asked for
	order   *cycle.Order // realtime order; nil if not asked for
	ordered bool         // process or realtime edges exist, those to failed operations included
	clients int          // client operations of any type
	keyNo   []int32      // scratch, one entry per key of the history
}

// newPremises lays the ground for a check that must find the given anomalies.
func newPremises(h *history.History, o Options, prohibited map[string]bool) *premises {
	p := &premises{h: h, o: o, workers: workersOf(o)}
	p.findNodes()
	switch realtime, process := extraOrders(prohibited); {
	case realtime:
		p.orderByTime()
	case process:
		p.orderByProcess()
	}
	return p
}

// extraOrders tells which order between transactions the prohibited anomalies are about. Realtime order contains that
// of processes, so the latter isn't needed beside it (Elle reports a violation of it as one of realtime).
func extraOrders(prohibited map[string]bool) (realtime, process bool) {
	for name, on := range prohibited {
		if !on || !strings.HasPrefix(name, "G") || strings.HasPrefix(name, "G1-") {
			continue // G1-process and G1-realtime are names of the tables, not cycles
		}
		realtime = realtime || strings.HasSuffix(name, "-realtime")
		process = process || strings.HasSuffix(name, "-process")
	}
	return realtime, process && !realtime
}

// findNodes numbers the possible operations.
func (p *premises) findNodes() {
	n := p.h.Size()
	p.nodeAt = make([]int32, n)
	count := 0
	for i := range n {
		id := p.h.At(i)
		p.nodeAt[i] = -1
		if !p.h.Client(id) {
			continue
		}
		p.clients++
		if t := p.h.Type(id); t == history.OK || t == history.Info {
			p.nodeAt[i] = int32(count)
			count++
		}
	}
	p.nodes = make([]history.ID, 0, count)
	for i := range n {
		if p.nodeAt[i] >= 0 {
			p.nodes = append(p.nodes, p.h.At(i))
		}
	}
}

// orderByTime ranks the nodes by when they ran: a comes before b in realtime just when a is ok and completed before b
// was invoked. An operation whose invocation wasn't recorded comes after nothing, one that isn't ok before nothing.
func (p *premises) orderByTime() {
	oks := make([]history.ID, 0, len(p.nodes)) // ok completions in file order
	exit := make([]int32, len(p.nodes))
	for v, id := range p.nodes {
		exit[v] = -1
		if p.h.Type(id) == history.OK {
			exit[v] = int32(len(oks))
			oks = append(oks, id)
		}
	}
	enter := make([]int32, len(p.nodes))
	blocks(len(p.nodes), p.workers, func(_, lo, hi int) {
		for v := lo; v < hi; v++ {
			inv := p.h.Pair(p.nodes[v])
			if inv == history.None {
				continue
			}
			before := min(v, len(oks)) // at most v nodes completed before node v did
			enter[v] = int32(sort.Search(before, func(i int) bool { return oks[i] > inv }))
		}
	})
	p.order = &cycle.Order{Enter: enter, Exit: exit}
	p.ordered = len(oks) > 0 && p.someInvokedAfter(oks[0])
}

// someInvokedAfter tells whether any operation that completed, in whatever way, was invoked after first.
func (p *premises) someInvokedAfter(first history.ID) bool {
	for i := p.h.Size() - 1; i >= 0; i-- {
		id := p.h.At(i)
		if id <= first {
			return false
		}
		if p.h.Client(id) && p.h.Type(id) == history.Invoke && p.h.Pair(id) != history.None {
			return true
		}
	}
	return false
}

// orderByProcess links the ok operations of each process. Others are passed over: nobody saw what became of them.
func (p *premises) orderByProcess() {
	p.before = make([]int32, len(p.nodes))
	last := slices.Repeat([]int32{-1}, p.h.NumProcs())
	for v, id := range p.nodes {
		p.before[v] = -1
		if p.h.Type(id) != history.OK {
			continue
		}
		proc := p.h.Proc(id)
		if p.before[v] = last[proc]; last[proc] >= 0 {
			p.ordered = true
		}
		last[proc] = int32(v)
	}
}

// graph builds the graph of predecessors from the data edges that row lists, and adds the process edges.
func (p *premises) graph(row func(v uint32, buf []graph.Edge) []graph.Edge) *graph.Graph {
	if p.before == nil {
		return graph.FromRows(len(p.nodes), p.workers, row)
	}
	return graph.FromRows(len(p.nodes), p.workers, func(v uint32, buf []graph.Edge) []graph.Edge {
		buf = row(v, buf)
		if b := p.before[v]; b >= 0 {
			buf = append(buf, graph.Edge{To: uint32(b), Rel: uint8(cycle.Process)})
		}
		return buf
	})
}
