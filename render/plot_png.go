package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// pngScale is how many dots of a PNG one pixel of the picture has, so that it is sharp on fine screens and in slides.
const pngScale = 2

// pngCanvas draws into a grid of dots, in light colours.
type pngCanvas struct {
	to    *image.RGBA
	shape vector.Rasterizer
	lines [][]spot        // outlines that are to be filled, in dots
	faces [2][2]font.Face // small, bold
	err   error           // the first thing that went wrong
}

// png is a chart as a PNG.
func (c *chart) png() ([]byte, error) {
	wide, high := int(math.Ceil(c.width*pngScale)), int(math.Ceil(c.height*pngScale))
	v := &pngCanvas{to: image.NewRGBA(image.Rect(0, 0, wide, high))}
	if err := v.loadFaces(); err != nil {
		return nil, err
	}
	draw.Draw(v.to, v.to.Bounds(), image.NewUniform(dots(inkPage)), image.Point{}, draw.Src)
	c.draw(v)
	if v.err != nil {
		return nil, v.err
	}
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := e.Encode(&b, v.to); err != nil {
		return nil, fmt.Errorf("write the picture: %w", err)
	}
	return b.Bytes(), nil
}

// loadFaces makes the letters ready. They are Go's own, which are in the program: the machine may have none.
func (v *pngCanvas) loadFaces() error {
	for bold, file := range [...][]byte{goregular.TTF, gobold.TTF} {
		f, err := opentype.Parse(file)
		if err != nil {
			return fmt.Errorf("read the letters: %w", err)
		}
		for small, size := range [...]float64{plotLetter, plotSmall} {
			face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size * pngScale, DPI: 72, Hinting: font.HintingFull})
			if err != nil {
				return fmt.Errorf("read the letters: %w", err)
			}
			v.faces[small][bold] = face
		}
	}
	return nil
}

// dots is an ink's colour.
func dots(i ink) color.RGBA {
	c := color.RGBA{A: 255}
	if _, err := fmt.Sscanf(inkColors[i].light, "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil {
		panic("render: internal error: the colour " + inkColors[i].light) // a row of our own table
	}
	return c
}

func (v *pngCanvas) fill(b box, color ink, _ string) {
	v.polygon([]spot{{b.x0, b.y0}, {b.x1, b.y0}, {b.x1, b.y1}, {b.x0, b.y1}})
	v.pour(color)
}

// polygon adds an outline to what is poured next. All outlines go round in the same direction, so that where two overlap
// they don't cancel each other.
func (v *pngCanvas) polygon(corners []spot) {
	outline := make([]spot, len(corners))
	for i, s := range corners {
		outline[i] = spot{s.x * pngScale, s.y * pngScale}
	}
	v.lines = append(v.lines, outline)
}

// pour fills all outlines that were added. It looks only at the part of the picture that they are in: most are small.
func (v *pngCanvas) pour(color ink) {
	if len(v.lines) == 0 {
		return
	}
	edge := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, outline := range v.lines {
		for _, s := range outline {
			edge.add(s)
		}
	}
	part := image.Rect(int(math.Floor(edge.x0)), int(math.Floor(edge.y0)), int(math.Ceil(edge.x1)), int(math.Ceil(edge.y1))).Intersect(v.to.Bounds())
	if part.Empty() {
		v.lines = v.lines[:0]
		return
	}
	v.shape.Reset(part.Dx(), part.Dy())
	for _, outline := range v.lines {
		for i, s := range outline {
			x, y := float32(s.x-float64(part.Min.X)), float32(s.y-float64(part.Min.Y))
			if i == 0 {
				v.shape.MoveTo(x, y)
			} else {
				v.shape.LineTo(x, y)
			}
		}
		v.shape.ClosePath()
	}
	v.shape.Draw(v.to, part, image.NewUniform(dots(color)), image.Point{})
	v.lines = v.lines[:0]
}

func (v *pngCanvas) line(path []spot, p pen) {
	v.stroke(path, p)
	v.pour(p.color)
}

// stroke adds a line of a pen's width: a bar for each piece, and a disc at each corner.
func (v *pngCanvas) stroke(path []spot, p pen) {
	for i := 1; i < len(path); i++ {
		for _, piece := range dashes(path[i-1], path[i], p.dash) {
			v.bar(piece[0], piece[1], p.width/2)
		}
		if p.dash == 0 {
			v.disc(path[i], p.width/2)
		}
	}
}

// bar adds a straight piece of a line.
func (v *pngCanvas) bar(a, b spot, half float64) {
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return
	}
	nx, ny := -dy/length*half, dx/length*half
	v.polygon([]spot{{a.x - nx, a.y - ny}, {b.x - nx, b.y - ny}, {b.x + nx, b.y + ny}, {a.x + nx, a.y + ny}})
}

// disc adds a corner of a line.
func (v *pngCanvas) disc(at spot, radius float64) {
	const corners = 8
	var ring [corners]spot
	for i := range ring {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		ring[i] = spot{at.x + radius*cos, at.y + radius*sin}
	}
	v.polygon(ring[:])
}

// dashes are the pieces of a straight line that are drawn. There are at most 1000 of them.
func dashes(a, b spot, dash float64) [][2]spot {
	length := math.Hypot(b.x-a.x, b.y-a.y)
	if dash <= 0 || length <= dash {
		return [][2]spot{{a, b}}
	}
	dash = max(dash, length/2000)
	at := func(d float64) spot {
		share := min(d/length, 1)
		return spot{a.x + (b.x-a.x)*share, a.y + (b.y-a.y)*share}
	}
	var list [][2]spot
	for d := 0.0; d < length; d += 2 * dash {
		list = append(list, [2]spot{at(d), at(d + dash)})
	}
	return list
}

func (v *pngCanvas) marks(shape, at []spot, p pen) {
	for _, s := range at {
		outline := make([]spot, len(shape), len(shape)+1)
		for i, corner := range shape {
			outline[i] = spot{s.x + corner.x, s.y + corner.y}
		}
		if p.width == 0 {
			v.polygon(outline)
			continue
		}
		v.stroke(append(outline, outline[0]), p)
	}
	v.pour(p.color)
}

func (v *pngCanvas) text(at spot, text string, color ink, l letter) {
	text = strings.Map(drawable, text)
	face := v.faces[0][0]
	switch {
	case l.small && l.bold:
		face = v.faces[1][1]
	case l.small:
		face = v.faces[1][0]
	case l.bold:
		face = v.faces[0][1]
	}
	d := font.Drawer{Dst: v.to, Src: image.NewUniform(dots(color)), Face: face}
	x := fixed.Int26_6(at.x * pngScale * 64)
	switch wide := d.MeasureString(text); l.anchor {
	case atMiddle:
		x -= wide / 2
	case atEnd:
		x -= wide
	}
	d.Dot = fixed.Point26_6{X: x, Y: fixed.Int26_6(at.y * pngScale * 64)}
	d.DrawString(text)
}

// drawable leaves out what can't be seen, or turns the direction of text.
func drawable(c rune) rune {
	if c < ' ' || c == 0x7F || isTurn(c) {
		return '?'
	}
	return c
}
