package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"

	"jcheck/internal/edn"
)

// maxFigures bounds how many differences between two results are kept: results may list a million anomalies.
const maxFigures = 100_000

// resultDifferences compares two results figure by figure.
func resultDifferences(f *diffFlags, a, b string) (differences, error) {
	figuresA, err := readFigures(a, f.ignore)
	if err != nil {
		return differences{}, err
	}
	figuresB, err := readFigures(b, f.ignore)
	if err != nil {
		return differences{}, err
	}
	names := make([]string, 0, len(figuresA))
	for name := range figuresA {
		names = append(names, name)
	}
	for name := range figuresB {
		if _, ok := figuresA[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	sort.SliceStable(names, func(i, j int) bool { return figureRank(names[i]) < figureRank(names[j]) })
	d := differences{}
	for _, name := range names {
		if figuresA[name] == figuresB[name] || len(d.list) == maxFigures {
			continue
		}
		x := difference{name: name, a: figuresA[name], b: figuresB[name]}
		text, err := json.Marshal(map[string]string{"name": name, "a": x.a, "b": x.b})
		if err != nil {
			return d, err
		}
		x.json = string(text)
		d.list = append(d.list, x)
	}
	d.summary = fmt.Sprintf("%s → %s: %d of %d figures differ", verdictWord(figuresA["valid?"]), verdictWord(figuresB["valid?"]), len(d.list), len(names))
	return d, nil
}

func verdictWord(figure string) string {
	switch figure {
	case "true":
		return "valid"
	case "false":
		return "invalid"
	}
	return "unknown"
}

// figureRank puts verdicts first, then what anomalies there are.
func figureRank(name string) int {
	switch {
	case name == "valid?" || strings.HasSuffix(name, " valid?"):
		return 0
	case strings.Contains(name, "anomal"):
		return 1
	}
	return 2
}

// readFigures reads a result, and names each of its figures by the keys that lead there. A list is told by its length and
// what it holds; of the anomalies of a kind, only how many there are matters.
func readFigures(path string, ignore []string) (map[string]string, error) {
	if name, ok := resultsFile(path); ok {
		path = name
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	v, rest, err := edn.Parse(text)
	if bytes.Contains(text[:min(len(text), 4096)], []byte(`"valid?"`)) {
		v, rest, err = parseJSON(text)
	}
	if err != nil {
		return nil, fmt.Errorf("read result %s: %w (hint: a result is what --out, --output json or --output edn writes)", path, err)
	}
	if len(bytes.TrimSpace(text[rest:])) > 0 {
		return nil, fmt.Errorf("%s holds more than one result (hint: compare the results of one history each)", path)
	}
	figures := make(map[string]string)
	addFigures(figures, "", v, append([]string{"file"}, ignore...))
	return figures, nil
}

// addFigures recurses as deep as values are nested, which parsers bound.
func addFigures(figures map[string]string, name string, v edn.Value, ignore []string) {
	if v.Kind != edn.Map {
		figures[name] = figure(v)
		return
	}
	for i := 0; i+1 < len(v.Items); i += 2 {
		key, value := plainWord(v.Items[i]), v.Items[i+1]
		if slices.Contains(ignore, key) {
			continue
		}
		under := strings.TrimPrefix(name+" "+key, " ")
		if value.Kind == edn.Vector && (name == "anomalies" || strings.HasSuffix(name, " anomalies")) {
			figures[under] = strconv.Itoa(len(value.Items))
			continue
		}
		addFigures(figures, under, value, ignore)
	}
}

// figure is a value in words that are the same whether it was EDN or JSON.
func figure(v edn.Value) string {
	const most = 200
	text := []rune(plainTree(v).String())
	if len(text) > most {
		return fmt.Sprintf("%s ... (%d)", string(text[:most]), len(v.Items))
	}
	return string(text)
}

// plainTree is a value as JSON would have it: names are strings, and every collection but a map is a vector.
func plainTree(v edn.Value) edn.Value {
	switch v.Kind {
	case edn.Keyword, edn.Symbol:
		return edn.NewString(v.Text)
	case edn.List, edn.Vector, edn.Set, edn.Map:
		items := make([]edn.Value, len(v.Items))
		for i := range items {
			items[i] = plainTree(v.Items[i])
		}
		if v.Kind == edn.Map {
			return edn.NewMap(items)
		}
		return edn.NewVector(items)
	}
	return v
}

func plainWord(v edn.Value) string {
	switch v.Kind {
	case edn.Keyword, edn.Symbol, edn.String:
		return v.Text
	}
	return v.String()
}

// parseJSON reads one JSON value, with the order of its fields and every digit.
func parseJSON(text []byte) (edn.Value, int, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var stack []edn.Value // open arrays and objects
	for {
		token, err := d.Token()
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return edn.Value{}, 0, fmt.Errorf("byte %d: %w", d.InputOffset(), err)
		}
		if len(stack) > edn.MaxDepth {
			return edn.Value{}, 0, fmt.Errorf("byte %d: values nested more than %d deep", d.InputOffset(), edn.MaxDepth)
		}
		var v edn.Value
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				stack = append(stack, edn.NewMap(nil))
				continue
			case '[':
				stack = append(stack, edn.NewVector(nil))
				continue
			}
			v, stack = stack[len(stack)-1], stack[:len(stack)-1]
		case string:
			v = edn.NewString(t)
		case json.Number:
			var ok bool
			if v, ok = edn.ParseNumber([]byte(t)); !ok {
				return v, 0, fmt.Errorf("byte %d: %.20s... is no number that can be compared", d.InputOffset(), t)
			}
		case bool:
			v = edn.NewBool(t)
		}
		if len(stack) == 0 {
			return v, int(d.InputOffset()), nil
		}
		top := &stack[len(stack)-1]
		top.Items = append(top.Items, v)
	}
}
