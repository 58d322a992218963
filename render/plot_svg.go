package render

import (
	"fmt"
	"strings"
)

// svgCanvas draws into SVG.
type svgCanvas struct{ m markup }

// svg is a chart as a file that needs nothing else, and suits light and dark.
func (c *chart) svg() []byte {
	var v svgCanvas
	v.m.open("svg", "xmlns", "http://www.w3.org/2000/svg", "class", "plot", "role", "img", "viewBox", fmt.Sprintf("0 0 %s %s", unit(c.width), unit(c.height)),
		"width", unit(c.width), "height", unit(c.height), "aria-label", c.title)
	v.m.line()
	v.m.elem("title", c.title)
	v.m.elem("desc", strings.Join(c.notes, " "))
	v.m.elem("style", plotStyle()) // no character in it needs escaping
	v.m.line()
	c.draw(&v)
	v.m.shut("svg")
	v.m.line()
	return []byte(v.m.b.String())
}

// plotStyle are the classes: f5 is filled with ink 5, s5 is a line of it.
func plotStyle() string {
	var b strings.Builder
	b.WriteString("svg.plot{color-scheme:light dark;display:block;font:12px system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",\"DejaVu Sans\",sans-serif}")
	b.WriteString(".plot .m{text-anchor:middle}.plot .e{text-anchor:end}.plot .b{font-weight:700}.plot .t{font-size:11px}.plot path{stroke-linejoin:round}")
	var light, dark strings.Builder
	for i, c := range inkColors {
		fmt.Fprintf(&light, ".plot .f%d{fill:%s}.plot .s%d{fill:none;stroke:%s}", i, c.light, i, c.light)
		fmt.Fprintf(&dark, ".plot .f%d{fill:%s}.plot .s%d{stroke:%s}", i, c.dark, i, c.dark)
	}
	return strings.ReplaceAll(b.String(), `"`, "'") + light.String() + "@media(prefers-color-scheme:dark){" + dark.String() + "}"
}

func (v *svgCanvas) fill(b box, color ink, title string) {
	attrs := []string{"class", fmt.Sprintf("f%d", color), "x", unit(b.x0), "y", unit(b.y0), "width", unit(b.x1 - b.x0), "height", unit(b.y1 - b.y0)}
	v.m.open("rect", attrs...)
	if title != "" {
		v.m.elem("title", title)
	}
	v.m.shut("rect")
	v.m.line()
}

func (v *svgCanvas) line(path []spot, p pen) {
	if len(path) == 0 {
		return
	}
	var d strings.Builder
	for i, s := range path {
		d.WriteByte("ML"[min(i, 1)])
		d.WriteString(unit(s.x))
		d.WriteByte(' ')
		d.WriteString(unit(s.y))
	}
	v.path(d.String(), p)
}

// path writes a path of lines.
func (v *svgCanvas) path(d string, p pen) {
	attrs := []string{"class", fmt.Sprintf("s%d", p.color), "stroke-width", unit(p.width), "d", d}
	if p.dash > 0 {
		attrs = append(attrs, "stroke-dasharray", unit(p.dash))
	}
	v.m.open("path", attrs...)
	v.m.shut("path")
	v.m.line()
}

// marks are one path: of 20,000 marks, elements of their own would take four times the room.
func (v *svgCanvas) marks(shape, at []spot, p pen) {
	if len(at) == 0 {
		return
	}
	var rest strings.Builder
	for i := 1; i < len(shape); i++ {
		dx, dy := shape[i].x-shape[i-1].x, shape[i].y-shape[i-1].y
		switch {
		case dx == 0:
			rest.WriteString("v" + unit(dy))
		case dy == 0:
			rest.WriteString("h" + unit(dx))
		default:
			rest.WriteString("l" + unit(dx))
			if dy > 0 {
				rest.WriteByte(' ')
			}
			rest.WriteString(unit(dy))
		}
	}
	var d strings.Builder
	for _, s := range at {
		fmt.Fprintf(&d, "M%s %s%sz", unit(s.x+shape[0].x), unit(s.y+shape[0].y), rest.String())
	}
	if p.width > 0 {
		v.path(d.String(), p)
		return
	}
	v.m.open("path", "class", fmt.Sprintf("f%d", p.color), "d", d.String())
	v.m.shut("path")
	v.m.line()
}

func (v *svgCanvas) text(at spot, text string, color ink, l letter) {
	class := fmt.Sprintf("f%d", color)
	for _, row := range [...]struct {
		on   bool
		name string
	}{{l.anchor == atMiddle, " m"}, {l.anchor == atEnd, " e"}, {l.bold, " b"}, {l.small, " t"}} {
		if row.on {
			class += row.name
		}
	}
	v.m.elem("text", text, "class", class, "x", unit(at.x), "y", unit(at.y))
	v.m.line()
}
