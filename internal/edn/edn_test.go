package edn

import (
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Without it a form that Jepsen prints could be refused or change on its way through: each is read and printed.
func TestParsePrints(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"nil", "nil"}, {"true", "true"}, {"false", "false"},
		{"0", "0"}, {"-0", "0"}, {"+7", "7"}, {"-12", "-12"}, {"1N", "1"}, {"0N", "0"}, {"017", "15"}, {"0x1F", "31"}, {"-0x1f", "-31"},
		{"2r101", "5"}, {"36rZZ", "1295"}, {"9223372036854775807", "9223372036854775807"}, {"9223372036854775808", "9223372036854775808N"},
		{"-9223372036854775808", "-9223372036854775808"}, {"-9223372036854775809N", "-9223372036854775809N"},
		{"0xffffffffffffffffff", "4722366482869645213695N"},
		{"1/3", "1/3"}, {"-2/6", "-1/3"}, {"4/2", "2"},
		{"1.0", "1.0"}, {"1.", "1.0"}, {"-0.0", "-0.0"}, {"1e3", "1000.0"}, {"1E7", "1.0E7"}, {"12345678.9", "1.23456789E7"}, {"0.0001", "1.0E-4"},
		{"1e400", "##Inf"}, {"##NaN", "##NaN"}, {"##Inf", "##Inf"}, {"##-Inf", "##-Inf"},
		{"1.50M", "1.50M"}, {"1M", "1M"}, {"1e9M", "1e9M"}, {"+1M", "1M"},
		{`\a`, `\a`}, {`\newline`, `\newline`}, {`\u0041`, `\A`}, {`\o101`, `\A`}, {`\(`, `\(`}, {`\\`, `\\`}, {`\u0000`, `\u0000`}, {`\é`, `\é`},
		{`[\, \a]`, `[\, \a]`}, {`\u`, `\u`}, {`\o`, `\o`},
		{`"a\tb\"\\\n"`, `"a\tb\"\\\n"`}, {`"\u00e9\101"`, `"éA"`}, {`"\uD83D\uDE00"`, `"😀"`}, {"\"two\nlines\"", `"two\nlines"`}, {`""`, `""`},
		{":a", ":a"}, {":a.b/c", ":a.b/c"}, {"::a", "::a"}, {":1", ":1"}, {":a#b", ":a#b"},
		{"foo", "foo"}, {"a.b/c", "a.b/c"}, {"+", "+"}, {"-", "-"}, {"...", "..."}, {"-a", "-a"}, {"nilly", "nilly"},
		{"()", "()"}, {"(1, 2)", "(1 2)"}, {"[1 [2 (3)]]", "[1 [2 (3)]]"}, {"#{1 2}", "#{1 2}"}, {"{:a 1,:b nil}", "{:a 1, :b nil}"}, {"{}", "{}"},
		{"#:ns{:a 1 :_/b 2 :c/d 3 e 4 5 6}", "{:ns/a 1, :b 2, :c/d 3, ns/e 4, 5 6}"},
		{`#inst "2020-01-01T00:00:00Z"`, `#inst "2020-01-01T00:00:00Z"`}, {`#object[java.lang.Object 0x1f "x"]`, `#object[java.lang.Object 31 "x"]`},
		{"#jepsen.history.Op{:index 0}", "#jepsen.history.Op{:index 0}"}, {"#error {:cause nil}", "#error{:cause nil}"}, {"#a #b 1", "#a #b 1"},
		{`#"a\"b"`, `#regex "a\\\"b"`},
		{"#'user/foo", "#var user/foo"}, {"; note\n 1", "1"}, {"#_ 1 2", "2"}, {"#_ #_ 1 2 3", "3"}, {"[#_ 1]", "[]"}, {"^:m [1]", "[1]"}, {"[1;x\n2]", "[1 2]"},
		{`[1"a":b]`, `[1 "a" :b]`},
	} {
		v, rest, err := Parse([]byte(c.in))
		if err != nil || rest != len(c.in) || v.String() != c.want {
			t.Errorf("Parse(%s) = %v, %d, %v, want %s", c.in, v, rest, err, c.want)
			continue
		}
		again, _, err := Parse([]byte(c.want))
		if err != nil || !Equal(v, again) {
			t.Errorf("Parse(%s) = %v, %v, which is not what it was printed from", c.want, again, err)
		}
	}
}

// Without it broken text could be taken for a value, or cut text for wrong text.
func TestParseErrors(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)
	for _, c := range []struct {
		in        string
		offset    int
		truncated bool
	}{
		{"[1 2", 0, true}, {"{:a [1}", 6, false}, {"]", 0, false}, {"  )", 2, false}, {"{:a}", 0, false}, {"1a", 0, false}, {"08", 0, false},
		{"1/0", 0, false}, {"1_000", 0, false}, {"0x1p4", 0, false}, {`"abc`, 0, true}, {`"a\qb"`, 2, false}, {`"a\q"`, 2, false}, {`"a\`, 0, true},
		{`"a\u12`, 0, true}, {`\`, 0, true}, {`\wrong`, 0, false}, {"#", 0, true}, {"#foo", 0, true}, {"#foo ]", 5, false}, {"#_", 0, true}, {"[#_]", 3, false},
		{"##Foo", 0, false}, {"#:a", 0, true}, {"#:a 1", 4, false}, {"#::{}", 0, false}, {"#<Object x>", 0, false}, {"#1", 0, false}, {":", 0, false},
		{"\x00", 0, false}, {"[\x01]", 1, false}, {"a\x01", 0, false}, {deep, MaxDepth, false}, {strings.Repeat("#a ", 2000) + "1", 3 * MaxDepth, false},
		{"1" + strings.Repeat("0", MaxNumber), 0, false},
	} {
		forms, err := ParseAll([]byte(c.in))
		var e *SyntaxError
		if c.in == "a\x01" { // the token ends before the control character, which is the error
			c.offset = 1
		}
		if !errors.As(err, &e) || e.Offset != c.offset || e.Truncated != c.truncated {
			t.Errorf("ParseAll(%.40q) = %v, %#v, want an error at %d, truncated %v", c.in, forms, err, c.offset, c.truncated)
		}
	}
	for _, in := range []string{"", " , ", "; only a note", "#_ 1"} {
		if _, _, err := Parse([]byte(in)); err != io.EOF {
			t.Errorf("Parse(%q) = %v, want io.EOF", in, err)
		}
	}
}

// Without it two spellings of one value, or two values, could be confused: classes holds values equal within a class only.
func TestEqualCanonicalCompare(t *testing.T) {
	classes := []string{
		"nil", "true", "false", "1 1N 0x1 +1", "-1", "1.0 1e0", "1.0M 1M 10e-1M", "-1M", "0M -0.00M", "0.0 -0.0", "##NaN ##NaN", "##Inf",
		"1/3 2/6", "99999999999999999999 99999999999999999999N", "100000000000000000000", "-99999999999999999999", `\a`, `"a"`, "a", ":a", `""`,
		"[] ()", "#{}", "{}", "[1 2] (1 2)", "[2 1]", "#{1 2} #{2 1} #{1 2 1}", "{1 2, 3 4} {3 4, 1 2} {1 0, 3 4, 1 2}", "{1 [2]} {1 (2)}",
		"#{[1] 2} #{2 (1)}", "[[1] 2]", "[1 [2]]", "#a 1", "#b 1", "#a 2", `["ab" "c"]`, `["a" "bc"]`, "#{#{1} #{2}} #{#{2} #{1}}", "#{{1 2}}", "25.5M", "3M",
	}
	type member struct {
		v     Value
		class int
	}
	var all []member
	for i, class := range classes {
		forms, err := ParseAll([]byte(class))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range forms {
			all = append(all, member{v, i})
		}
	}
	for _, a := range all {
		for _, b := range all {
			same := a.class == b.class
			if Equal(a.v, b.v) != same {
				t.Errorf("Equal(%v, %v) = %v", a.v, b.v, !same)
			}
			if canonical := string(AppendCanonical(nil, a.v)) == string(AppendCanonical(nil, b.v)); canonical != same {
				t.Errorf("canonical bytes of %v and %v are equal: %v", a.v, b.v, canonical)
			}
			if c := Compare(a.v, b.v); (c == 0) != same || c != -Compare(b.v, a.v) {
				t.Errorf("Compare(%v, %v) = %d, reversed %d", a.v, b.v, c, Compare(b.v, a.v))
			}
		}
	}
}

// Without it sorted output could be in an order that nobody expects.
func TestCompareOrder(t *testing.T) {
	const want = "[nil false true -99999999999999999999N -5 3 10 99999999999999999999N ##NaN ##-Inf 0.5 -2.5M 0M 0.3M 2M 11M 1/3 1/2 \\a \"a\" \"b\" :a b [1] [1 2] [2]]"
	v, _, err := Parse([]byte(want))
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(v.Items)
	slices.SortFunc(v.Items, Compare)
	if got := v.String(); got != want {
		t.Errorf("sorted:\n got %s\nwant %s", got, want)
	}
}

// Without it the accessors could answer for kinds that are not theirs.
func TestAccessors(t *testing.T) {
	if got := NewFloat(1.5).Float(); got != 1.5 {
		t.Errorf("Float() = %v, want 1.5", got)
	}
	if NewFloat(1).Int() != 0 || NewInt(1).Float() != 0 || NewInt(1).Bool() || NewInt(97).Char() != 0 {
		t.Errorf("an accessor answers for a foreign kind")
	}
	if !NewBool(true).Bool() || NewInt(-3).Int() != -3 || NewChar('x').Char() != 'x' || !math.IsNaN(NewFloat(math.NaN()).Float()) {
		t.Errorf("an accessor does not give back what the constructor took")
	}
	m := NewTagged("op", NewMap([]Value{NewKeyword("a"), NewInt(1), NewKeyword("a"), NewInt(2)}))
	if got, ok := m.Get(NewKeyword("a")); !ok || got.Int() != 2 {
		t.Errorf("Get(:a) = %v, %v, want the last value 2", got, ok)
	}
	if _, ok := m.Get(NewString("a")); ok {
		t.Errorf(`Get("a") found the keyword's value`)
	}
}

// anyValue draws values of all kinds that Parse can return.
func anyValue() *rapid.Generator[Value] {
	name := rapid.StringMatching(`[a-z][a-z0-9.?*-]{0,4}(/[a-z]{1,3})?`)
	leaf := rapid.OneOf(
		rapid.Just(Value{}), rapid.Map(rapid.Bool(), NewBool), rapid.Map(rapid.Int64(), NewInt), rapid.Map(rapid.Float64(), NewFloat),
		rapid.Map(rapid.Rune(), NewChar), rapid.Map(rapid.String(), NewString), rapid.Map(name, NewKeyword),
		rapid.Map(rapid.StringMatching(`x[a-z0-9.]{0,4}`), NewSymbol),
		rapid.Custom(func(t *rapid.T) Value {
			text := rapid.StringMatching(`-?[1-9][0-9]{0,25}(N|/[1-9][0-9]{0,5}|(\.[0-9]{1,3})?M)`).Draw(t, "number")
			v, ok := ParseNumber([]byte(text))
			if !ok {
				t.Fatalf("ParseNumber(%q) failed", text)
			}
			return v
		}))
	return rapid.Deferred(func() *rapid.Generator[Value] {
		items := rapid.SliceOfN(anyValue(), 0, 3)
		return rapid.OneOf(leaf, leaf, leaf, rapid.Map(items, NewVector), rapid.Map(items, NewList), rapid.Map(items, NewSet),
			rapid.Map(items, func(vs []Value) Value { return NewMap(append(vs[:len(vs):len(vs)], vs...)) }),
			rapid.Map(anyValue(), func(v Value) Value { return NewTagged("t", v) }))
	})
}

// Without it a value could change when it is printed and read again.
func TestPrintParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue().Draw(t, "value")
		text := v.String()
		got, rest, err := Parse([]byte(text))
		if err != nil || rest != len(text) || !Equal(got, v) || got.String() != text {
			t.Fatalf("Parse(%q) = %v, %d, %v, want %#v", text, got, rest, err, v)
		}
	})
}

// Without it sorting could depend on the order of the input.
func TestCompareTransitive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyValue().Draw(t, "a"), anyValue().Draw(t, "b"), anyValue().Draw(t, "c")
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Fatalf("%v <= %v <= %v, but not %v <= %v", a, b, c, a, c)
		}
	})
}

// Any text: no panic, no hang; what is read is printed such that it is read again, and printed the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{:a [1 2.5 "x\n" \c #{1/2}] :b #inst "x"}`, "#:n{:a 1}#_x ##NaN 1N 2M", `"\ud83d\u00`, `#"x" ^m y \u00e9`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, rest, err := Parse(data)
		if rest < 0 || rest > len(data) {
			t.Fatalf("rest = %d of %d", rest, len(data))
		}
		if err != nil {
			return
		}
		text := Append(nil, v)
		got, _, err := Parse(text)
		if err != nil {
			t.Fatalf("Parse(%q) = %v, printed from %q", text, err, data)
		}
		if again := Append(nil, got); string(again) != string(text) || !Equal(got, v) || Compare(got, v) != 0 {
			t.Fatalf("%q is printed as %q, then as %q", data, text, again)
		}
	})
}
