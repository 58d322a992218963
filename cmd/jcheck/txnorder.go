package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"

	"jcheck/internal/edn"
)

// place is where the user's order puts the transaction that completed at an index. Timestamps of databases have more
// digits than a float64, so that places are compared as they were written.
type place struct {
	index int64
	at    *big.Rat
}

// readOrder reads a map from completion index to place in an order, as JSON ({"3": 1}) or EDN ({3 1}).
func readOrder(path string) (map[int64]float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read transaction order: %w", err)
	}
	places, bad, ok := jsonOrder(text)
	if !ok {
		places, bad, ok = ednOrder(text)
	}
	switch {
	case !ok:
		return nil, fmt.Errorf(`%s: not a map from index to place (hint: {"3": 1, "7": 2})`, path)
	case bad != "":
		return nil, fmt.Errorf("%s: %s is not an index and a place", path, bad)
	}
	order, twice := rank(places)
	if twice != nil {
		return nil, fmt.Errorf("%s: index %d has two places", path, twice.index)
	}
	return order, nil
}

// jsonOrder reads a JSON object; ok is false if the text is none. bad is the first entry that is not an index and a place.
func jsonOrder(text []byte) (places []place, bad string, ok bool) {
	if !json.Valid(text) {
		return nil, "", false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, "", false
	}
	for d.More() {
		var at any
		key, err := d.Token()
		if err == nil {
			err = d.Decode(&at)
		}
		if err != nil {
			return nil, "", false // can't be: the text is valid
		}
		index, err := strconv.ParseInt(fmt.Sprint(key), 10, 64)
		number, isNumber := at.(json.Number)
		p := place{index, exact(number.String())}
		if err != nil || !isNumber || p.at == nil {
			return nil, fmt.Sprintf("%q: %v", key, at), true
		}
		places = append(places, p)
	}
	return places, "", true
}

// ednOrder reads an EDN map; ok is false if the text is none. bad is the first entry that is not an index and a place.
func ednOrder(text []byte) (places []place, bad string, ok bool) {
	v, n, err := edn.Parse(text)
	if err != nil || v.Kind != edn.Map {
		return nil, "", false
	}
	if _, _, err := edn.Parse(text[n:]); !errors.Is(err, io.EOF) {
		return nil, "", false
	}
	for i := 0; i+1 < len(v.Items); i += 2 {
		k, at := v.Items[i], v.Items[i+1]
		p := place{index: k.Int()}
		switch at.Kind {
		case edn.Int, edn.BigInt, edn.Float, edn.Decimal, edn.Ratio:
			p.at = exact(strings.TrimRight(at.String(), "MN"))
		}
		if k.Kind != edn.Int || p.at == nil {
			return nil, fmt.Sprintf("%s %s", k, at), true
		}
		places = append(places, p)
	}
	return places, "", true
}

// exact is the number that the text spells, or nil if it spells none, or one so long that it would fill the memory.
func exact(text string) *big.Rat {
	const maxDigits, maxExponent = 1000, 4 // an exponent's digits, with its sign
	if i := strings.IndexAny(text, "eE"); len(text) > maxDigits || i >= 0 && len(text)-i-1 > maxExponent {
		return nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return r
}

// rank numbers the places in their order, equal ones alike. twice is one whose index has another place.
func rank(places []place) (order map[int64]float64, twice *place) {
	slices.SortStableFunc(places, func(a, b place) int { return a.at.Cmp(b.at) })
	order = make(map[int64]float64, len(places))
	n := 0.0
	for i, p := range places {
		if i > 0 && places[i-1].at.Cmp(p.at) != 0 {
			n++
		}
		if _, known := order[p.index]; known {
			return nil, &places[i]
		}
		order[p.index] = n
	}
	return order, nil
}
