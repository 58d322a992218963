package render

// A chart is drawn twice: as SVG for the eye, which is crisp and follows light and dark, and as PNG under the names that
// Jepsen gives its pictures, for whatever shows no SVG. Both are canvases.
//
// gonum/plot would have been the library for it. It brings 5 MB of fonts and rasterizers into each program, can't bin points,
// has no notion of light and dark, and its SVG of 10,000 points takes a megabyte.

// canvas is what a chart can be drawn on. Places are in pixels, y down.
type canvas interface {
	fill(b box, color ink, title string)            // a rectangle; the title is told where the pointer rests on it
	line(path []spot, p pen)                        // a line through all spots
	marks(shape []spot, at []spot, p pen)           // the same outline around each spot: filled, or hollow if the pen has a width
	text(at spot, text string, color ink, l letter) // on the line that begins, has its middle, or ends at the spot
}

// pen is how lines are drawn.
type pen struct {
	color ink
	width float64
	dash  float64 // length of dashes and of the gaps between; 0 for none
}

// letter is how text is set.
type letter struct {
	anchor anchorage
	bold   bool
	small  bool
}

// anchorage says which part of a text is at its spot.
type anchorage uint8

const (
	atStart anchorage = iota
	atMiddle
	atEnd
)

// The sizes of letters, and about how wide one is.
const (
	plotLetter      = 12.0
	plotSmall       = 11.0
	plotLetterWidth = 6.7
)

// ink is a colour by its meaning: light and dark pictures have different ones for each.
type ink uint8

const (
	inkPage ink = iota
	inkText
	inkDim
	inkGrid
	inkShade // of the times at which a fault was on
	inkOK
	inkFail
	inkInfo
	inkMedian // of quantiles, from the middle to the worst
	inkTwentieth
	inkHundredth
	inkWorst
	inkSeries // the first of seriesInks colours for what has no meaning of its own: nodes, kinds of faults
)

// seriesInks is how many colours there are for series.
const seriesInks = 6

// inkColors are the colours, in light and in dark. Those of types, quantiles and series are told apart by the colour-blind too
// (a test simulates them); and shapes, dashes or labels tell them as well.
var inkColors = [...]struct{ light, dark string }{
	inkPage:       {"#ffffff", "#14171c"},
	inkText:       {"#1b1f26", "#e7eaf0"},
	inkDim:        {"#59616e", "#a2abb9"},
	inkGrid:       {"#e3e6eb", "#2c323c"},
	inkShade:      {"#f1ede2", "#26241d"},
	inkOK:         {"#0058ad", "#7db8ff"},
	inkFail:       {"#c2185b", "#ff86bb"},
	inkInfo:       {"#d98200", "#f0b04f"},
	inkMedian:     {"#0058ad", "#5aa0ff"},
	inkTwentieth:  {"#00857c", "#5fe3d3"},
	inkHundredth:  {"#d98200", "#f0b04f"},
	inkWorst:      {"#a50053", "#e0559b"},
	inkSeries:     {"#4a2a9c", "#8f5cf5"},
	inkSeries + 1: {"#e69f00", "#ffc04f"},
	inkSeries + 2: {"#00857c", "#2fae9f"},
	inkSeries + 3: {"#a01810", "#d9483c"},
	inkSeries + 4: {"#3a9be8", "#8fd0ff"},
	inkSeries + 5: {"#1b1f26", "#ffffff"},
}

// seriesInk is the colour of the i-th series; they begin again after the last.
func seriesInk(i int) ink { return inkSeries + ink(i%seriesInks) }

// The outlines of marks, in pixels around their spot; corners go round in the same direction in all.
var plotShapes = [...][]spot{
	{{-1, -3}, {1, -3}, {3, -1}, {3, 1}, {1, 3}, {-1, 3}, {-3, 1}, {-3, -1}}, // a disc
	{{0, -4}, {4, 3}, {-4, 3}},
	{{-3, -3}, {3, -3}, {3, 3}, {-3, 3}},
	{{0, -4}, {4, 0}, {0, 4}, {-4, 0}},
	{{-4, -3}, {4, -3}, {0, 4}},
	{{-1, -4}, {1, -4}, {1, -1}, {4, -1}, {4, 1}, {1, 1}, {1, 4}, {-1, 4}, {-1, 1}, {-4, 1}, {-4, -1}, {-1, -1}},
	{{-4, -1}, {4, -1}, {4, 1}, {-4, 1}}, // whatever has no shape of its own
}
