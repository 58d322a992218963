package render

import (
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
}

// What drawing a whole result may take: the pictures beyond are there as DOT, as are those that time ran out for.
const (
	maxPictures = 200
	maxDrawing  = time.Minute
)

// drawers is how many pictures are asked for at a time.
const drawers = 2

// Pictures draws what a result and its parts have to show: a picture for each cycle, named after its kind and its place
// among the anomalies of that kind, and one for each strongly connected component. d may be nil: then there is only DOT.
func Pictures(ctx context.Context, d Drawer, h *history.History, r check.Result) []Picture {
	jobs := pictureJobs(h, "", r)
	for i, p := range r.Parts {
		jobs = append(jobs, pictureJobs(h, partDir(i, p), p.Result)...)
	}
	// If not all can be drawn, those that the page shows first come first.
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return jobs[i].rank - jobs[j].rank })
	list := make([]Picture, len(jobs))
	ctx, stop := context.WithTimeoutCause(ctx, maxDrawing, fmt.Errorf("drawing was stopped after %s", maxDrawing))
	defer stop()
	var next atomic.Int64
	var done sync.WaitGroup
	for range drawers {
		done.Go(func() {
			for k := next.Add(1) - 1; int(k) < len(jobs); k = next.Add(1) - 1 {
				i, with := order[k], d
				if k >= maxPictures && d != nil {
					with = refuser{}
				}
				list[i] = jobs[i].scene().picture(ctx, with, jobs[i].name)
			}
		})
	}
	done.Wait()
	return list
}

// refuser is the drawer for what goes beyond the limit.
type refuser struct{}

func (refuser) Draw(context.Context, []byte) ([]byte, error) {
	return nil, fmt.Errorf("no more than %d graphs are drawn", maxPictures)
}

// pictureJob is a picture to be made. Scenes are made one by one: all of them at once may be a lot.
type pictureJob struct {
	name  string
	rank  int // among those of its kind
	scene func() scene
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
				jobs = append(jobs, pictureJob{dir + pictureName(g.kind, i), ranks[i], func() scene { return cycleScene(h, a) }})
			}
		}
	}
	for i, g := range r.Graphs {
		jobs = append(jobs, pictureJob{fmt.Sprintf("%ssccs/%d", dir, i), i, func() scene { return graphScene(h, g, r.Anomalies) }})
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
	p := Picture{Name: name, DOT: []byte(s.dot())}
	g, err := s.layOut(ctx, d, p.DOT)
	if err != nil {
		p.Why = err.Error()
		return p
	}
	p.SVG, p.Bare = s.svg(g, false), s.svg(g, true)
	return p
}

// What is given to a drawer at all: layout takes seconds at this size, and far longer above it.
const (
	maxNodes = 300
	maxEdges = 1000
)

// layOut lets a drawer give everything its place.
func (s scene) layOut(ctx context.Context, d Drawer, dot []byte) (geometry, error) {
	switch {
	case d == nil:
		return geometry{}, errors.New("there is no program to draw it")
	case len(s.nodes) > maxNodes || len(s.edges) > maxEdges:
		return geometry{}, fmt.Errorf("%s and %s are too many to draw", count(len(s.nodes), "operation"), count(len(s.edges), "edge"))
	}
	svg, err := d.Draw(ctx, dot)
	if err != nil {
		return geometry{}, err
	}
	return readGeometry(svg, s)
}

// pictureName is where the i-th anomaly of a kind is drawn.
func pictureName(kind string, i int) string { return fmt.Sprintf("%s/%d", kind, i) }
