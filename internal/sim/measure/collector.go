//go:build unix

package main

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// collected is what `jcollect bench` prints.
type collected struct {
	PerSecond float64 `json:"per-second"`
	LateP50   float64 `json:"late-p50-ms"`
	LateP99   float64 `json:"late-p99-ms"`
	LateMax   float64 `json:"late-max-ms"`
	cost
}

// collectorCase is a way to drive clients that do nothing. Everything is recorded in all forms that a run has.
type collectorCase struct {
	name        string
	rate        int // operations a second; 0 is as many as there can be
	ops         int
	concurrency int

	perSecond float64 // aimed at, at least
	lateMS    float64 // how late 99 of 100 operations may begin; 0: nothing is aimed at
}

// collectorCases are the rows of the interpreter. Memory stays what it is however long a run takes: the last two tell.
func collectorCases() []collectorCase {
	return []collectorCase{
		{name: "10 clients, as fast as can be", ops: 200 * k, concurrency: 10, perSecond: 50 * k},
		{name: "100 clients, as fast as can be", ops: 200 * k, concurrency: 100, perSecond: 50 * k},
		{name: "10 clients, 25000/s", rate: 25 * k, ops: 75 * k, concurrency: 10, perSecond: 24_900, lateMS: 1},
		{name: "10 clients, 1000/s", rate: k, ops: 3 * k, concurrency: 10, perSecond: 990, lateMS: 1},
		{name: "10 clients, 2M operations", ops: 2 * m, concurrency: 10, perSecond: 50 * k},
	}
}

// collector measures what jcollect performs and records.
func (b *table) collector() error {
	const heading = "jcollect, no-op clients, recorded as EDN, JSON and text"
	const form = "  %-37s %9s %9s %8s %8s %8s %9s %8s  %s\n"
	shown := false
	for _, c := range collectorCases() {
		if !strings.Contains(heading+", "+c.name, b.only) {
			continue
		}
		if !shown {
			shown = true
			fmt.Printf("\n%s\n"+form, heading, "", "ops/s", "aim", "p50 late", "p99 late", "max late", "aim (p99)", "memory", "")
		}
		r, err := b.collect(c)
		if err != nil {
			return fmt.Errorf("jcollect, %s: %w", c.name, err)
		}
		late := []string{"", "", "", ""}
		if c.rate > 0 {
			late = []string{fmt.Sprintf("%.2f ms", r.LateP50), fmt.Sprintf("%.2f ms", r.LateP99), fmt.Sprintf("%.2f ms", r.LateMax), fmt.Sprintf("%.0f ms", c.lateMS)}
		}
		remark := ""
		if r.PerSecond < c.perSecond || c.lateMS > 0 && r.LateP99 > c.lateMS {
			remark = "OVER"
			b.over = append(b.over, "jcollect, "+c.name)
		}
		fmt.Printf(form, c.name, fmt.Sprintf("%.0f", r.PerSecond), fmt.Sprintf("%.0f", c.perSecond), late[0], late[1], late[2], late[3], size(r.anon), remark)
	}
	return nil
}

// collect is the run in the middle, by what it sustained, with the most memory that any run held.
func (b *table) collect(c collectorCase) (collected, error) {
	var runs []collected
	for range b.runs {
		var out bytes.Buffer
		cost, err := measure(nil, &out, b.jcollect, "bench", "--rate", strconv.Itoa(c.rate), "--ops", strconv.Itoa(c.ops),
			"--concurrency", strconv.Itoa(c.concurrency), "--dir", b.dir)
		if err != nil {
			return collected{}, err
		}
		r := collected{cost: cost}
		if err := stdjson.Unmarshal(out.Bytes(), &r); err != nil || cost.exit != 0 {
			return collected{}, fmt.Errorf("exit code %d, and %q is no answer: %w", cost.exit, out.String(), err)
		}
		runs = append(runs, r)
	}
	slices.SortFunc(runs, func(a, b collected) int { return int(1000*(a.LateP99-b.LateP99) + b.PerSecond - a.PerSecond) })
	r := runs[len(runs)/2]
	for _, other := range runs {
		r.anon = max(r.anon, other.anon)
	}
	return r, nil
}
