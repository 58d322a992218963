package render

import (
	"context"
	"errors"
	"fmt"

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

// Pictures draws what a result and its parts have to show: a picture for each cycle, named after its kind and its place
// among the anomalies of that kind. d may be nil: then there is only DOT.
func Pictures(ctx context.Context, d Drawer, h *history.History, r check.Result) []Picture {
	list := picturesOf(ctx, d, h, "", r)
	for i, p := range r.Parts {
		list = append(list, picturesOf(ctx, d, h, partDir(i, p), p.Result)...)
	}
	return list
}

// picturesOf are the pictures of a result without its parts; their names begin with dir.
func picturesOf(ctx context.Context, d Drawer, h *history.History, dir string, r check.Result) []Picture {
	var list []Picture
	for _, g := range groupByKind(r.Anomalies) {
		for i, a := range g.list {
			if len(a.Steps) > 0 {
				list = append(list, DrawCycle(ctx, d, h, a, dir+pictureName(g.kind, i)))
			}
		}
	}
	for i, g := range r.Graphs {
		list = append(list, DrawGraph(ctx, d, h, g, r.Anomalies, fmt.Sprintf("%ssccs/%d", dir, i)))
	}
	return list
}

// DrawCycle draws one cycle, and calls the picture name.
func DrawCycle(ctx context.Context, d Drawer, h *history.History, a check.Anomaly, name string) Picture {
	return cycleScene(h, a).picture(ctx, d, name)
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
