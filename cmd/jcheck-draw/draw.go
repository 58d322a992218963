package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-graphviz"
)

// draw lays out one graph. After an error the library may be in any state: whoever wants to draw more starts anew.
func draw(dot []byte) (svg []byte, err error) {
	if len(dot) > maxInput {
		return nil, fmt.Errorf("the graph has more than %d bytes", maxInput)
	}
	if !bytes.ContainsRune(dot, '{') || bytes.IndexByte(dot, 0) >= 0 {
		return nil, errors.New(`no graph in the DOT language (hint: digraph { a -> b })`)
	}
	defer func() {
		// Bad graphs make the library panic or trap. It's the whole purpose of this process that nobody else is hit.
		if p := recover(); p != nil {
			svg, err = nil, fmt.Errorf("the graph can't be drawn: %s", firstLine(fmt.Sprint(p)))
		}
	}()
	ctx := context.Background()
	graph, err := graphviz.ParseBytes(dot)
	if err != nil {
		return nil, fmt.Errorf("not in the DOT language: %s", firstLine(err.Error()))
	}
	g, err := graphviz.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("start Graphviz: %s", firstLine(err.Error()))
	}
	var out bytes.Buffer
	if err := g.Render(ctx, graph, graphviz.SVG, &out); err != nil {
		return nil, fmt.Errorf("the graph can't be drawn: %s", firstLine(err.Error()))
	}
	if err := errors.Join(graph.Close(), g.Close()); err != nil {
		return nil, fmt.Errorf("the graph can't be drawn: %s", firstLine(err.Error()))
	}
	if !bytes.Contains(out.Bytes(), []byte("</svg>")) {
		return nil, errors.New("the graph can't be drawn: nothing came of it")
	}
	return out.Bytes(), nil
}

// firstLine is a message without what traps add below it.
func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
