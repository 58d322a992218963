package all

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/corpus"
	"jcheck/internal/edn"
)

// conformance says how to compare a checker with what its original answered: a row per checker of checkers.jsonl.
type conformance struct {
	checker string
	// values makes our options of the record's.
	values func(opts map[string]any) Values
	// value makes an operation's value of its JSON, without its independent key; nil means keywordValue. JSON has no
	// keywords, sets or maps with other keys than strings, so a checker that needs them says here what they were.
	value func(r record, f string, v any) history.Value
	// verdictOnly tells the records of which only the verdict can be compared.
	verdictOnly func(r record) bool
	// unordered are the keys whose lists have no order in the original.
	unordered []string
	// omit are keys that aren't compared, with the reason in a comment of the row.
	omit []string
	// differences are the cases in which we answer otherwise, on purpose. docs/differences.md has each by its name.
	differences []difference
}

// difference is a case in which our answer isn't the original's. Not once may a record differ that no difference is for,
// and each difference must occur.
type difference struct {
	name string
	// is tells whether the record is such a case.
	is func(r record, got check.Result) bool
	// compat says that --jepsen-compat doesn't give the original's answer either (because that was an exception).
	compat bool
}

// conformances are the rows. The names of the originals' checkers are those of ours.
func conformances() []conformance {
	return slices.Concat(baseConformances(), movingConformances(), orderConformances(), logConformances())
}

func baseConformances() []conformance {
	return []conformance{
		{checker: "counter"},
		{checker: "set", differences: []difference{
			{name: "set: confirmed after the last read began", is: func(r record, got check.Result) bool { return noted(got, "confirmed-after-last-read") }},
			{name: "set: last read without a value", is: func(r record, got check.Result) bool { return r.Result["error"] == "Set was never read" }},
			{name: "set: completions without invocation", is: func(r record, got check.Result) bool { return r.tagged("malformed") }},
		}},
		{checker: "set-full", values: func(opts map[string]any) Values {
			return Values{"linearizable": opts["linearizable?"] == true}
		}, differences: []difference{
			{name: "set-full: reads without a value", is: func(r record, got check.Result) bool { return noted(got, "reads-without-value") }},
			{name: "set-full: duplicated elements", is: func(r record, got check.Result) bool { return found(got, "duplicated") }},
			{name: "set-full: unexpected elements", is: func(r record, got check.Result) bool { return found(got, "unexpected") }},
			{name: "set-full: times that weren't recorded", is: func(r record, got check.Result) bool { return r.tagged("no-time") || r.tagged("some-times") }},
			{name: "set-full: stale for less than a millisecond", is: func(r record, got check.Result) bool {
				return found(got, "stale") || noted(got, "stale")
			}},
			{name: "set-full: elements that were added again", is: func(r record, got check.Result) bool { return addsTwice(r) }},
		}},
		{checker: "stats", verdictOnly: func(r record) bool {
			return r.tagged("odd-f") // a keyword and a string of the same name look the same in JSON
		}, differences: []difference{
			{name: "stats: a function without success", is: func(r record, got check.Result) bool {
				return len(got.Reasons) > 0 && got.Reasons[0].Code == "never-ok"
			}},
		}},
		{checker: "unhandled-exceptions", unordered: []string{"exceptions"}, differences: []difference{
			{name: "unhandled-exceptions: exceptions that are texts", is: func(r record, got check.Result) bool { return r.tagged("odd-exception") }},
		}},
	}
}

// record is a line of checkers.jsonl.
type record struct {
	Line     int
	Workload string
	Checker  string
	Opts     map[string]any
	Tags     []string
	History  []map[string]any
	Result   map[string]any
	Thrown   string
}

// tagged tells whether the record has a tag that begins so.
func (r record) tagged(prefix string) bool {
	return slices.ContainsFunc(r.Tags, func(t string) bool { return strings.HasPrefix(t, prefix) })
}

// everywhere are the differences that every checker may have.
var everywhere = []difference{
	{name: "every checker: exceptions", compat: true, is: func(r record, got check.Result) bool { return r.Thrown != "" || partThrew(r.Result) }},
	{name: "every checker: nothing to judge", is: func(r record, got check.Result) bool {
		return got.Verdict == check.Unknown && len(got.Reasons) > 0 && got.Reasons[0].Code == "empty-history"
	}},
}

// noted tells whether a result, or that of a key, has a note.
func noted(got check.Result, code string) bool {
	return slices.ContainsFunc(got.Notes, func(n check.Note) bool { return n.Code == code }) ||
		slices.ContainsFunc(got.Parts, func(p check.Part) bool { return noted(p.Result, code) })
}

// found tells whether a result, or that of a key, has an anomaly of a kind.
func found(got check.Result, kind string) bool {
	return slices.ContainsFunc(got.Anomalies, func(a check.Anomaly) bool { return a.Kind == kind }) ||
		slices.ContainsFunc(got.Parts, func(p check.Part) bool { return found(p.Result, kind) })
}

// addsTwice tells whether some value was added by two operations.
func addsTwice(r record) bool {
	seen := make(map[string]bool)
	for _, op := range r.History {
		if op["f"] == "add" && op["type"] == "invoke" {
			v := canonical(op["value"], false)
			if seen[v] {
				return true
			}
			seen[v] = true
		}
	}
	return false
}

// partThrew tells whether the original threw for one of the keys.
func partThrew(result map[string]any) bool {
	parts, _ := result["results"].(map[string]any)
	for _, p := range parts {
		if m, ok := p.(map[string]any); ok && m["valid?"] == "unknown" && m["error"] != nil {
			return true
		}
	}
	return false
}

func TestDifferencesAreDocumented(t *testing.T) {
	// Without this, jcheck could answer otherwise than the original where no user is told of it.
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "differences.md"))
	if err != nil {
		t.Fatal(err)
	}
	differences := everywhere
	for _, c := range conformances() {
		differences = append(differences, c.differences...)
	}
	for _, d := range differences {
		if !strings.Contains(string(text), "\n| "+d.name) {
			t.Errorf("docs/differences.md has no row %q", d.name)
		}
	}
}

func TestCheckersAreDocumented(t *testing.T) {
	// Without this, a checker could be in the table, and so a verb, that no guide tells of.
	for file, form := range map[string]string{"docs/checkers.md": "(?m)^## (.*, )?%s(,|$)", "README.md": "`%s`"} {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range Checkers() {
			if !c.OwnVerb && !regexp.MustCompile(fmt.Sprintf(form, c.Name)).Match(text) {
				t.Errorf("%s doesn't tell of %s", file, c.Name)
			}
		}
	}
}

func TestOriginals(t *testing.T) {
	// Without this, our verdicts and figures could differ from the originals' without anybody having meant it.
	records := readRecords(t)
	for _, c := range conformances() {
		t.Run(c.checker, func(t *testing.T) {
			row, ok := Find(c.checker)
			if !ok {
				t.Fatalf("there is no checker %s in the table", c.checker)
			}
			met := make(map[string]int)
			count := 0
			for _, r := range records {
				if r.Checker != c.checker {
					continue
				}
				count++
				c.compare(t, row, r, met)
			}
			if count == 0 {
				t.Errorf("the corpus has no records of %s", c.checker)
			}
			t.Logf("%d records; on purpose otherwise: %v", count, met)
			for _, d := range c.differences {
				if met[d.name] == 0 {
					t.Errorf("the difference %q does not occur", d.name)
				}
			}
		})
	}
}

// compare judges a record in both modes.
func (c conformance) compare(t *testing.T, row Checker, r record, met map[string]int) {
	t.Helper()
	h, err := c.history(t, r)
	if err != nil { // a process that began an operation with one open, and the like: the original is an exception, too
		if !r.tagged("malformed") {
			t.Errorf("line %d: %v", r.Line, err)
		}
		met["refused by the reader"]++
		return
	}
	for _, compat := range []bool{false, true} {
		v := Values{}
		if c.values != nil {
			v = c.values(r.Opts)
		}
		if compat {
			v[CompatOption] = true
		}
		got, err := row.Run(t.Context(), h, v)
		if foreign := new(ForeignError); errors.As(err, &foreign) {
			met["refused as another workload"]++
			continue
		}
		if err != nil {
			t.Errorf("line %d: %v", r.Line, err)
			continue
		}
		difference := c.unlike(r, got)
		if difference == "" {
			continue
		}
		name := c.excuse(r, got, compat)
		if name == "" {
			t.Errorf("line %d (%v, %v, compat %v): %s\n%s", r.Line, r.Opts, r.Tags, compat, difference, r.brief())
		} else if !compat {
			met[name]++
		}
	}
}

// excuse is the name of the difference that covers a record.
func (c conformance) excuse(r record, got check.Result, compat bool) string {
	for _, d := range slices.Concat(everywhere, c.differences) {
		if (!compat || d.compat) && d.is(r, got) {
			return d.name
		}
	}
	return ""
}

// brief is a short record's history, for a failing test.
func (r record) brief() string {
	var b strings.Builder
	for i, op := range r.History {
		if i == 60 {
			b.WriteString("  ...\n")
			break
		}
		text, _ := json.Marshal(op) // it was JSON
		fmt.Fprintf(&b, "  %s\n", text)
	}
	text, _ := json.Marshal(r.Result)
	return b.String() + "original: " + string(text)
}

// unlike says how a result differs from the original's; "" if it doesn't.
func (c conformance) unlike(r record, got check.Result) string {
	return c.unlikeResult(r, got, r.Result)
}

func (c conformance) unlikeResult(r record, got check.Result, want map[string]any) string {
	verdicts := map[check.Verdict]any{check.Valid: true, check.Invalid: false, check.Unknown: "unknown"}
	if verdicts[got.Verdict] != want["valid?"] {
		return fmt.Sprintf("verdict %s (%v %v), want %v", got.Verdict, got.Reasons, got.Anomalies, want["valid?"])
	}
	if r.Thrown != "" || c.verdictOnly != nil && c.verdictOnly(r) {
		return ""
	}
	if parts, ok := want["results"].(map[string]any); ok && r.Opts["independent"] == true {
		return c.unlikeParts(r, got, parts)
	}
	have := make(map[string]any)
	for _, f := range got.Fields {
		have[f.Name] = r.plain(f.Value)
	}
	for name, w := range want {
		if name == "valid?" || slices.Contains(c.omit, name) {
			continue
		}
		a, b := canonical(have[name], slices.Contains(c.unordered, name)), canonical(w, slices.Contains(c.unordered, name))
		if _, ok := have[name]; !ok {
			return fmt.Sprintf("%s is missing, want %s", name, b)
		}
		if a != b {
			return fmt.Sprintf("%s is %s, want %s", name, a, b)
		}
	}
	return ""
}

// unlikeParts compares independent keys.
func (c conformance) unlikeParts(r record, got check.Result, want map[string]any) string {
	if len(got.Parts) != len(want) || got.Parts == nil {
		return fmt.Sprintf("%d keys, want %d", len(got.Parts), len(want))
	}
	for _, p := range got.Parts {
		v, _, err := edn.Parse([]byte(p.Name))
		if err != nil {
			return err.Error()
		}
		key := mapKey(v)
		w, ok := want[key].(map[string]any)
		if !ok {
			return "no such key: " + key
		}
		if d := c.unlikeResult(r, p.Result, w); d != "" {
			return "key " + key + ": " + d
		}
	}
	return ""
}

// canonical is JSON that is equal for equal values. The order of lists doesn't count if unordered.
func canonical(v any, unordered bool) string {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil || f != math.Trunc(f) || strings.ContainsAny(v.String(), ".eE") {
			return strconv.FormatFloat(f, 'g', 7, 64) // the original computes some figures in 32 bits
		}
		return v.String()
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = canonical(x, unordered)
		}
		if unordered {
			slices.Sort(parts)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		var parts []string
		for k, x := range v {
			parts = append(parts, strconv.Quote(k)+":"+canonical(x, unordered))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// plain is a value as the corpus spells it: see its README. An OpRef is the operation as it stands there.
func (r record) plain(v history.Value) any {
	if id, ok := check.AsOpRef(v); ok {
		return r.op(int(id))
	}
	switch v.Kind {
	case edn.Nil:
		return nil
	case edn.Bool:
		return v.Bool()
	case edn.Int:
		return json.Number(strconv.FormatInt(v.Int(), 10))
	case edn.BigInt:
		return json.Number(v.Text)
	case edn.Float:
		text := strconv.FormatFloat(v.Float(), 'g', -1, 64)
		switch {
		case math.IsInf(v.Float(), 1):
			return "Infinity"
		case math.IsNaN(v.Float()):
			return "NaN"
		case !strings.ContainsAny(text, ".e"):
			text += ".0"
		}
		return json.Number(text)
	case edn.Char:
		return string(v.Char())
	case edn.Map:
		m := make(map[string]any)
		for i := 0; i < len(v.Items); i += 2 {
			m[mapKey(v.Items[i])] = r.plain(v.Items[i+1])
		}
		return m
	case edn.List, edn.Vector, edn.Set:
		list := make([]any, len(v.Items))
		for i, x := range v.Items {
			list[i] = r.plain(x)
		}
		if v.Kind == edn.Set {
			slices.SortFunc(list, compareInSet)
		}
		return list
	}
	return v.Text
}

// compareInSet puts numbers first, then goes by JSON text.
func compareInSet(a, b any) int {
	x, isNum := a.(json.Number)
	y, isNum2 := b.(json.Number)
	switch {
	case isNum && isNum2:
		f, _ := x.Float64()
		g, _ := y.Float64()
		return int(math.Copysign(1, f-g))
	case isNum:
		return -1
	case isNum2:
		return 1
	}
	return strings.Compare(canonical(a, false), canonical(b, false))
}

// mapKey is a key of a map as a JSON string.
func mapKey(v edn.Value) string {
	switch v.Kind {
	case edn.Keyword, edn.Symbol, edn.String:
		return v.Text
	}
	return v.String()
}

// op is an operation as the originals print it, with index and time even if they weren't recorded.
func (r record) op(i int) any {
	op := make(map[string]any)
	for k, v := range r.History[i] {
		op[k] = v
	}
	if op["index"] == nil {
		op["index"] = json.Number(strconv.Itoa(i))
	}
	if op["time"] == nil {
		op["time"] = json.Number("-1")
	}
	if value, ok := op["value"].([]any); ok && r.Opts["independent"] == true && len(value) == 2 {
		op["value"] = value[1]
	}
	return op
}

// history reads a record's operations.
func (c conformance) history(t *testing.T, r record) (*history.History, error) {
	t.Helper()
	value := c.value
	if value == nil {
		value = keywordValue
	}
	o := history.Options{Format: history.FormatEDN, Independent: history.IndependentOff}
	if r.Opts["independent"] == true {
		o.Independent = history.IndependentOn
	}
	var text bytes.Buffer
	w := history.NewWriter(&text, history.FormatEDN)
	for _, op := range r.History {
		if err := w.Write(jsonOp(t, r, op, value)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(r.History) == 0 {
		text.WriteString("[]")
	}
	return history.Read(t.Context(), fmt.Sprintf("checkers.jsonl:%d", r.Line), text.Bytes(), o)
}

// jsonOp is an operation of a record.
func jsonOp(t *testing.T, r record, m map[string]any, value func(record, string, any) history.Value) history.Op {
	t.Helper()
	op := history.Op{Index: -1, Time: history.NoTime}
	for name, v := range m {
		switch name {
		case "type":
			op.Type = map[any]history.Type{"invoke": history.Invoke, "ok": history.OK, "fail": history.Fail, "info": history.Info}[v]
		case "f":
			op.F = jsonValue(v)
			if op.F.Kind == edn.String {
				op.F = edn.NewKeyword(op.F.Text)
			}
		case "process":
			op.Process = jsonValue(v)
			if op.Process.Kind == edn.String {
				op.Process = edn.NewKeyword(op.Process.Text)
			}
		case "index":
			op.Index = jsonValue(v).Int()
		case "time":
			op.Time = jsonValue(v).Int()
		case "value":
		default:
			op.Extra = append(op.Extra, history.Field{Name: name, Value: jsonValue(v)})
		}
	}
	v := m["value"]
	if pair, ok := v.([]any); r.Opts["independent"] == true && ok && len(pair) == 2 && op.Process.Kind == edn.Int {
		key := jsonValue(pair[0])
		op.Key, v = &key, pair[1]
	}
	op.Value = value(r, op.F.Text, v)
	return op
}

// keywordValue is jsonValue, but for the histories whose elements were keywords.
func keywordValue(r record, _ string, v any) history.Value {
	if !r.tagged("keywords") && !r.tagged("ids-keyword") {
		return jsonValue(v)
	}
	return keywords(jsonValue(v))
}

// keywords is v with keywords in the place of strings.
func keywords(v history.Value) history.Value {
	if v.Kind == edn.String {
		return edn.NewKeyword(v.Text)
	}
	for i := range v.Items {
		v.Items[i] = keywords(v.Items[i])
	}
	return v
}

// jsonValue is a value as it stands in JSON.
func jsonValue(v any) history.Value {
	switch v := v.(type) {
	case bool:
		return edn.NewBool(v)
	case string:
		return edn.NewString(v)
	case json.Number:
		parsed, _, err := edn.Parse([]byte(v.String()))
		if err != nil {
			return edn.NewString(v.String())
		}
		return parsed
	case []any:
		items := make([]history.Value, len(v))
		for i, x := range v {
			items[i] = jsonValue(x)
		}
		return edn.NewVector(items)
	case map[string]any:
		var pairs []history.Value
		names := make([]string, 0, len(v))
		for k := range v {
			names = append(names, k)
		}
		slices.Sort(names)
		for _, k := range names {
			pairs = append(pairs, edn.NewString(k), jsonValue(v[k]))
		}
		return edn.NewMap(pairs)
	}
	return history.Value{}
}

// readRecords reads checkers.jsonl.
func readRecords(t *testing.T) []record {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus.Dir(t), "checkers.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // only read from
	var records []record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for n := 1; lines.Scan(); n++ {
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		r := record{Line: n}
		if err := d.Decode(&r); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		records = append(records, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return records
}
