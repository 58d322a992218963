package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"jcheck/history"
	"jcheck/internal/edn"
)

const (
	// sampledRows decide how wide a table's columns are: a later, wider cell pushes its line out instead of making
	// everybody wait until the whole history was laid out.
	sampledRows = 1000
	// shownValue is how much of a value a table shows.
	shownValue = 100
)

// opTable writes operations, or pairs of them, as a table.
type opTable struct {
	s     *selection
	whole bool // values aren't shortened
}

// write writes a heading and a row for each of ids.
func (t opTable) write(w io.Writer, ids []history.ID) error {
	out := bufio.NewWriter(w)
	head := t.heading()
	widths := make([]int, len(head))
	for _, row := range append([][]string{head}, t.sample(ids)...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	line := func(row []string) {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell)))
			if isNumber(head[i]) {
				b.WriteString(pad + cell)
			} else {
				b.WriteString(cell + pad)
			}
			b.WriteString("  ")
		}
		out.WriteString(strings.TrimRight(b.String(), " ")) // a bufio.Writer keeps its error for Flush
		out.WriteByte('\n')
	}
	line(head)
	for _, id := range ids {
		line(t.row(id))
	}
	return out.Flush()
}

func (t opTable) sample(ids []history.ID) [][]string {
	rows := make([][]string, 0, min(len(ids), sampledRows))
	for _, id := range ids[:min(len(ids), sampledRows)] {
		rows = append(rows, t.row(id))
	}
	return rows
}

// heading names the columns. The value is last, since it is widest.
func (t opTable) heading() []string {
	head := []string{"INDEX", "TIME", "LATENCY", "PROCESS", "TYPE", "F"}
	if t.s.element != nil {
		head = append(head, "ROLE")
	}
	return append(head, "VALUE")
}

func isNumber(column string) bool {
	return column == "INDEX" || column == "TIME" || column == "LATENCY"
}

// row is an operation's line. In pairs it has the invocation's place and the completion's type and value.
func (t opTable) row(id history.ID) []string {
	h := t.s.h
	shown := id
	if pair := h.Pair(id); t.s.pairs && pair != history.None {
		shown = pair
	}
	op := h.Op(shown)
	row := []string{strconv.FormatInt(h.Index(id), 10), timeText(h.Time(id)), latencyText(h, shown),
		plainText(op.Process), op.Type.String(), plainText(op.F)}
	if t.s.element != nil {
		row = append(row, t.s.element.role(id).String())
	}
	value := op.Value
	if t.s.pairs && value.IsNil() && shown != id {
		value = h.Op(id).Value // a failed or lost operation: what was tried
	}
	return append(row, t.valueText(op, value))
}

// valueText is the key, the value, and the error if there is one.
func (t opTable) valueText(op history.Op, value edn.Value) string {
	text := t.shorten(value.String())
	if op.Key != nil {
		text = "[" + op.Key.String() + " " + text + "]"
	}
	for _, f := range op.Extra {
		if (f.Name == "error" || f.Name == "exception") && !f.Value.IsNil() {
			text += "  " + f.Name + " " + t.shorten(f.Value.String())
		}
	}
	return text
}

func (t opTable) shorten(text string) string {
	if t.whole || utf8.RuneCountInString(text) <= shownValue {
		return text
	}
	runes := []rune(text)
	return string(runes[:shownValue/2]) + " ... " + string(runes[len(runes)-shownValue/2+5:])
}

// plainText is a name without the colon of a keyword.
func plainText(v edn.Value) string {
	if v.Kind == edn.Keyword {
		return v.Text
	}
	return v.String()
}

// timeText is a time of a history in seconds; a dash if none was recorded.
func timeText(ns int64) string {
	if ns == history.NoTime {
		return "-"
	}
	return strconv.FormatFloat(float64(ns)/1e9, 'f', 6, 64) + "s"
}

// latency is how long the operation that id completes took, in ns; false if that isn't known.
func latency(h *history.History, id history.ID) (int64, bool) {
	pair := h.Pair(id)
	if pair == history.None || pair > id || h.Time(id) == history.NoTime || h.Time(pair) == history.NoTime {
		return 0, false
	}
	return h.Time(id) - h.Time(pair), true
}

// latencyText is the latency in milliseconds; nothing for an invocation.
func latencyText(h *history.History, id history.ID) string {
	ns, ok := latency(h, id)
	if !ok {
		return ""
	}
	return strconv.FormatFloat(float64(ns)/1e6, 'f', 3, 64) + "ms"
}

// writeOps writes operations as a history that can be read again. In pairs, both halves are written where they were, and
// completions say their latency; with an element, what each pair did with it.
func writeHistory(w io.Writer, s *selection, ids []history.ID, output string) error {
	format := history.FormatEDN
	if output == "json" {
		format = history.FormatJSON
	}
	out := history.NewWriter(w, format)
	for _, id := range inFileOrder(s, ids) {
		op := s.h.Op(id)
		if ns, ok := latency(s.h, id); ok && s.pairs {
			op.Extra = append(op.Extra, history.Field{Name: "latency", Value: edn.NewInt(ns)})
		}
		if s.element != nil && !s.isSecond(id) {
			op.Extra = append(op.Extra, history.Field{Name: "role", Value: edn.NewString(s.element.role(id).String())})
		}
		if err := out.Write(op); err != nil {
			return err
		}
	}
	return out.Flush()
}

// inFileOrder is ids, with their completions if they stand for pairs.
func inFileOrder(s *selection, ids []history.ID) []history.ID {
	if !s.pairs {
		return ids
	}
	mark := make([]bool, s.h.Len())
	for _, id := range ids {
		mark[id] = true
		if pair := s.h.Pair(id); pair != history.None {
			mark[pair] = true
		}
	}
	var all []history.ID
	for id, marked := range mark {
		if marked {
			all = append(all, history.ID(id))
		}
	}
	return all
}

// typeCounts is how many operations of one f there are of each type.
type typeCounts struct {
	f     string
	types [history.Info + 1]int
	all   int
}

// countOps counts by f, in order of first appearance, and in all.
func countOps(h *history.History, ids []history.ID) (rows []typeCounts, total typeCounts) {
	place := make(map[history.Sym]int)
	total.f = "total"
	for _, id := range ids {
		f := h.F(id)
		at, ok := place[f]
		if !ok {
			at = len(rows)
			place[f] = at
			rows = append(rows, typeCounts{f: plainText(h.Value(f))})
		}
		for _, c := range []*typeCounts{&rows[at], &total} {
			c.types[h.Type(id)]++
			c.all++
		}
	}
	return rows, total
}

// writeCounts writes how many operations were picked.
func writeCounts(w io.Writer, h *history.History, ids []history.ID, output string) error {
	rows, total := countOps(h, ids)
	rows = append(rows, total)
	for i, c := range rows {
		if i == 0 && output == "table" {
			if _, err := fmt.Fprintf(w, "%-20s %10s %10s %10s %10s %10s\n", "F", "invoke", "ok", "fail", "info", "all"); err != nil {
				return err
			}
		}
		if err := writeCount(w, c, output); err != nil {
			return err
		}
	}
	return nil
}

func writeCount(w io.Writer, c typeCounts, output string) (err error) {
	t := c.types
	switch output {
	case "json":
		var name []byte
		if name, err = json.Marshal(c.f); err == nil {
			_, err = fmt.Fprintf(w, `{"f":%s,"invoke":%d,"ok":%d,"fail":%d,"info":%d,"all":%d}`+"\n", name, t[0], t[1], t[2], t[3], c.all)
		}
	case "edn":
		_, err = fmt.Fprintf(w, "{:f %s, :invoke %d, :ok %d, :fail %d, :info %d, :all %d}\n", edn.NewString(c.f), t[0], t[1], t[2], t[3], c.all)
	default:
		_, err = fmt.Fprintf(w, "%-20s %10d %10d %10d %10d %10d\n", c.f, t[0], t[1], t[2], t[3], c.all)
	}
	return err
}
