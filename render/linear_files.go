package render

import (
	"fmt"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// maxLinear is how many pictures of ways are written; results of many keys may have many.
const maxLinear = 100

// linearFiles are the pictures and stories of what isn't linearizable, in the result and its parts: linear.svg,
// linear-1.svg, ... and a text named after the kind.
func linearFiles(h *history.History, r check.Result) (list []outFile, omitted []string) {
	drawn, left := 0, 0
	add := func(dir string, r check.Result) {
		var stories []string
		for i, a := range linearAnomalies(r) {
			stories = append(stories, fmt.Sprintf("%s #%d\n%s", a.Kind, i, linearStory(h, a)))
			if drawn >= maxLinear {
				left++
				continue
			}
			drawn++
			list = append(list, outFile{dir + linearName(i) + ".svg", LinearSVG(h, a)})
		}
		if len(stories) > 0 {
			list = append(list, outFile{dir + linearAnomalies(r)[0].Kind + ".txt", []byte(strings.Join(stories, "\n\n"))})
		}
	}
	add("", r)
	for i, part := range allParts(r) {
		add(partDir(i, part), part.Result)
	}
	if left > 0 {
		omitted = append(omitted, fmt.Sprintf("%s of what isn't linearizable were not drawn: the first %d were", count(left, "picture"), maxLinear))
	}
	return list, omitted
}

// linearAnomalies are those of a result that have a picture of ways.
func linearAnomalies(r check.Result) []check.Anomaly {
	var list []check.Anomaly
	for _, a := range r.Anomalies {
		if isLinear(a.Kind) && len(a.Ops) > 0 {
			list = append(list, a)
		}
	}
	return list
}

// linearName is what the i-th picture is called.
func linearName(i int) string {
	if i == 0 {
		return "linear"
	}
	return fmt.Sprintf("linear-%d", i)
}

// linearStory is the whole story of an anomaly as text: its operations, what can't be, and every way in which it was tried.
func linearStory(h *history.History, a check.Anomaly) string {
	p := &page{h: h, o: TextOptions{Width: 100, Verbose: true}}
	p.story(a)
	if len(a.Paths) > 0 {
		p.line("")
		p.line("  How it was tried, with the state after each operation:")
		pic := newLinearPicture(h, a, "")
		for _, w := range pic.ways {
			p.para(2, "- "+sentence(pic.inWords(w)))
		}
	}
	return string(p.out)
}
