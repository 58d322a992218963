package render

import (
	"fmt"
	"strings"

	"jcheck/check"
)

// linear shows why an operation can't be linearized: the story, its picture (beside it if there is room), and the same ways
// in words.
func (p *htmlPage) linear(a check.Anomaly, name string) {
	p.open("div", "class", "linear")
	p.open("div", "class", "story")
	p.line()
	p.ops(a)
	p.tale(a)
	p.shut("div")
	p.numWays++
	pic := newLinearPicture(p.h, a, fmt.Sprintf("ways%d", p.numWays))
	if svg := pic.svg(a, true); len(svg) <= pagePicture {
		p.open("figure", "class", "ways")
		p.open("div", "class", "scroll", "tabindex", "0", "role", "group", "aria-label", "Picture of "+name)
		p.line()
		p.raw(string(svg))
		p.shut("div")
		p.open("figcaption")
		for i, text := range pic.legend() {
			if i > 0 {
				p.text(" ")
			}
			p.text(text)
		}
		p.shut("figcaption", "figure")
	}
	p.shut("div")
	p.line()
	p.ways(pic)
}

// tale is the text of an anomaly as paragraphs, and lists of what has a dash before it.
func (p *htmlPage) tale(a check.Anomaly) {
	within := false
	for line := range strings.SplitSeq(p.words.prose(a.Text, focusOn(a, 0)), "\n") {
		item, listed := strings.CutPrefix(line, "- ")
		if listed != within {
			if within = listed; listed {
				p.open("ul", "class", "why")
			} else {
				p.shut("ul")
			}
		}
		tag := "p"
		if listed {
			tag = "li"
		}
		p.open(tag, "class", "why")
		p.sentence(item)
		p.shut(tag)
		p.line()
	}
	if within {
		p.shut("ul")
	}
}

// ways tells each way in words, for narrow windows and for those who hear the page.
func (p *htmlPage) ways(pic *linearPicture) {
	if len(pic.ways) == 0 {
		return
	}
	p.open("details", "class", "wayslist")
	p.elem("summary", fmt.Sprintf("The same in words: %s", count(len(pic.ways), "way")))
	p.open("ol")
	for _, w := range pic.ways {
		p.open("li")
		p.sentence(sentence(pic.inWords(w)))
		p.shut("li")
		p.line()
	}
	p.shut("ol", "details")
	p.line()
}
