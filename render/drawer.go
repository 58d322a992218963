package render

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"jcheck/check"
	"jcheck/history"
)

// Drawer lays out a graph: DOT in, SVG out. Both are made by strangers as far as render is concerned: of the answer only
// coordinates are used (see layout), and an error leaves the graph as DOT.
type Drawer interface {
	Draw(ctx context.Context, dot []byte) (svg []byte, err error)
}

// Picture is the drawing of one graph.
type Picture struct {
	Name string // the path below the result's directory, without a suffix: "G1c/0", "sccs/2"
	DOT  []byte // always there
	SVG  []byte // one whole element <svg>, to be put into a file or into a page; nil if it couldn't be drawn
	Bare []byte // the same without title and legend, for a page that has its own
	Why  string // why there is no SVG

	Notes []string // sentences on what the drawing leaves out or plays down
}

// What drawing a whole result may take: the pictures beyond are there as DOT, as are those that time ran out for. Nobody
// looks at more, and the ones that differ most come first.
const (
	maxPictures = 50
	maxDrawing  = 30 * time.Second
)

// drawers is how many pictures are asked for at a time, at most: a drawer takes as many as suit the machine.
const drawers = 8

// Pictures draws what a result and its parts have to show: a picture for each cycle, named after its kind and its place
// among the anomalies of that kind, and one for each strongly connected component. d may be nil: then there is only DOT.
func Pictures(ctx context.Context, d Drawer, h *history.History, r check.Result) []Picture {
	jobs := pictureJobs(h, "", r)
	for i, p := range allParts(r) {
		jobs = append(jobs, pictureJobs(h, partDir(i, p), p.Result)...)
	}
	list := make([]Picture, len(jobs))
	order := drawOrder(jobs)
	ctx, stop := context.WithTimeoutCause(ctx, maxDrawing, fmt.Errorf("drawing was stopped after %s", maxDrawing))
	defer stop()
	var next atomic.Int64
	var done sync.WaitGroup
	for range drawers {
		done.Go(func() {
			for n := next.Add(1) - 1; int(n) < len(jobs); n = next.Add(1) - 1 {
				i := order[n]
				s := jobs[i].scene()
				if n >= maxPictures && d != nil && s.fit() == nil {
					list[i] = Picture{Name: jobs[i].name, DOT: []byte(s.dot(inFull)), Why: errEnough.Error(), Notes: s.remarks}
					continue
				}
				list[i] = s.picture(ctx, d, jobs[i].name)
			}
		})
	}
	done.Wait()
	return list
}

// errEnough is why a graph isn't drawn with which nothing is wrong.
var errEnough = fmt.Errorf("at most %d graphs are drawn", maxPictures)

// pictureJob is a picture to be made. Scenes are made one by one: all of them at once may be a lot.
type pictureJob struct {
	name  string
	rank  int // among those of its kind
	edges int
	scene func() scene
}

// drawOrder is the order in which pictures are made, since perhaps not all are: those that the page shows first come
// first, but what is crowded comes last, as it may use up a drawer's time and patience.
func drawOrder(jobs []pictureJob) []int {
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	last := func(i int) int {
		if jobs[i].edges > maxRoomy {
			return jobs[i].edges
		}
		return 0
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(last(i), last(j)), cmp.Compare(jobs[i].rank, jobs[j].rank))
	})
	return order
}

// pictureJobs are the pictures of a result without its parts; their names begin with dir.
func pictureJobs(h *history.History, dir string, r check.Result) []pictureJob {
	var jobs []pictureJob
	for _, g := range groupByKind(r.Anomalies) {
		ranks := make([]int, len(g.list))
		for rank, i := range shortestFirst(g.list) {
			ranks[i] = rank
		}
		for i, a := range g.list {
			if len(a.Steps) > 0 {
				jobs = append(jobs, pictureJob{dir + pictureName(g.kind, i), ranks[i], len(a.Steps) + len(a.Among), func() scene { return cycleScene(h, a) }})
			}
		}
	}
	for i, g := range r.Graphs {
		rank := i
		if isOneCycle(g, r.Anomalies) {
			rank = len(r.Anomalies) + i // drawn with its cycle
		}
		jobs = append(jobs, pictureJob{fmt.Sprintf("%ssccs/%d", dir, i), rank, len(g.Edges), func() scene { return graphScene(h, g, r.Anomalies) }})
	}
	return jobs
}

// DrawCycle draws one cycle, and calls the picture name.
func DrawCycle(ctx context.Context, d Drawer, h *history.History, a check.Anomaly, name string) Picture {
	return cycleScene(h, a).picture(ctx, d, name)
}

// DrawAnomaly draws an anomaly of any kind: a cycle as DrawCycle does, else its operations with what it is about.
func DrawAnomaly(ctx context.Context, d Drawer, h *history.History, a check.Anomaly, name string) Picture {
	if len(a.Steps) > 0 {
		return DrawCycle(ctx, d, h, a, name)
	}
	return factScene(h, a).picture(ctx, d, name)
}

// DrawGraph draws one strongly connected component, with the steps of the given cycles in bold.
func DrawGraph(ctx context.Context, d Drawer, h *history.History, g check.Graph, cycles []check.Anomaly, name string) Picture {
	return graphScene(h, g, cycles).picture(ctx, d, name)
}

// picture lets a scene be drawn.
func (s scene) picture(ctx context.Context, d Drawer, name string) Picture {
	p := Picture{Name: name, DOT: []byte(s.dot(inFull)), Notes: s.remarks}
	f := dotForm{layout: true}
	g, tight, err := s.layOut(ctx, d, f)
	for beyond(err) && f.level < noPorts {
		f.level++
		p.DOT = []byte(s.dot(f.level))
		g, tight, err = s.layOut(ctx, d, f)
	}
	if err != nil {
		p.Why = err.Error()
		return p
	}
	// Where a label of a cycle touches something or isn't on its edge, more room may help.
	for f.room < maxRoom && tight > 0 {
		f.room++
		if roomier, less, err := s.layOut(ctx, d, f); err == nil && less < tight {
			g, tight = roomier, less
		}
	}
	p.SVG, p.Bare = s.svg(g, false), s.svg(g, true)
	return p
}

// maxRoom is how often a drawer is asked for more room between things.
const maxRoom = 3

// GraphError says that a drawer could not lay out this graph, though it may well do others.
type GraphError struct{ Why string }

func (e *GraphError) Error() string { return e.Why }

// beyond tells whether a simpler graph may be drawn where this one was not.
func beyond(err error) bool {
	var graph *GraphError
	return errors.As(err, &graph)
}

// What is given to a drawer at all: layout takes seconds at this size, and far longer above it.
const (
	maxNodes = 300
	maxEdges = 1000
)

// fit says why a drawer isn't even asked.
func (s scene) fit() error {
	switch {
	case len(s.nodes) == 0:
		return errors.New("there is nothing to show")
	case len(s.nodes) > maxNodes || len(s.edges) > maxEdges:
		return fmt.Errorf("%s and %s are too many to draw", count(len(s.nodes), "operation"), count(len(s.edges), "edge"))
	}
	return nil
}

// layOut lets a drawer give everything its place; tight tells how badly the labels of cycles are placed.
func (s scene) layOut(ctx context.Context, d Drawer, f dotForm) (g geometry, tight int, err error) {
	if d == nil {
		return g, 0, errors.New("there is no program to draw it")
	}
	if err := s.fit(); err != nil {
		return g, 0, err
	}
	svg, err := d.Draw(ctx, []byte(s.dotFor(f)))
	if err != nil {
		return g, 0, err
	}
	if g, err = readGeometry(svg, s); err != nil {
		return g, 0, &GraphError{err.Error()}
	}
	return g, s.placeLabels(&g), nil
}

// pictureName is where the i-th anomaly of a kind is drawn.
func pictureName(kind string, i int) string { return fmt.Sprintf("%s/%d", kind, i) }
