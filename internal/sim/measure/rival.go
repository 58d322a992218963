//go:build unix

package main

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"

	"jcheck/internal/sim/objects"
)

// rivalModel is what Porcupine is told of an object. States are numbers, or strings of eight bytes for each element, so
// that comparing and hashing them is quick. A crashed call that can't take effect where it stands has none.
func rivalModel(k objects.Kind) porcupine.Model {
	switch k {
	case objects.Set:
		return stringModel(setStep)
	case objects.Queue:
		return stringModel(takeStep(func(s string) (string, string) { return s[:8], s[8:] }))
	case objects.Stack:
		return stringModel(takeStep(func(s string) (string, string) { return s[len(s)-8:], s[:len(s)-8] }))
	case objects.PriorityQueue:
		return stringModel(leastStep)
	}
	return porcupine.Model{
		Partition: byKey,
		Init:      func() any { return int64(objects.None) },
		Step: func(state, input, _ any) (bool, any) {
			now, c := state.(int64), input.(*objects.Call)
			switch c.F {
			case objects.Write, objects.Put:
				return true, c.Arg
			case objects.CAS:
				if now == c.Arg {
					return true, c.To
				}
				return c.Crashed, now
			}
			return c.Crashed || now == c.Out, now
		},
		Hash: func(state any) uint64 { return uint64(state.(int64)) * 0x9e3779b97f4a7c15 },
	}
}

// byKey takes the calls of each key apart; a register is one key.
func byKey(ops []porcupine.Operation) [][]porcupine.Operation {
	place := make(map[int64]int)
	var parts [][]porcupine.Operation
	for _, op := range ops {
		key := op.Input.(*objects.Call).Key
		i, ok := place[key]
		if !ok {
			i = len(parts)
			place[key], parts = i, append(parts, nil)
		}
		parts[i] = append(parts[i], op)
	}
	return parts
}

// stringModel is a model whose states are strings.
func stringModel(step func(s string, c *objects.Call) (bool, string)) porcupine.Model {
	seed := maphash.MakeSeed()
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, _ any) (bool, any) { return step(state.(string), input.(*objects.Call)) },
		Hash: func(state any) uint64 { return maphash.String(seed, state.(string)) },
	}
}

// element is a number as a string that sorts as the number does.
func element(n int64) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// takeStep is that of a queue or stack, of which split tells the next element and the others.
func takeStep(split func(s string) (next, others string)) func(string, *objects.Call) (bool, string) {
	return func(s string, c *objects.Call) (bool, string) {
		if c.F == objects.Insert {
			return true, s + element(c.Arg)
		}
		if s == "" {
			return c.Crashed, s
		}
		next, others := split(s)
		return c.Crashed || next == element(c.Out), others
	}
}

// leastStep is that of a priority queue: elements are in order.
func leastStep(s string, c *objects.Call) (bool, string) {
	if c.F == objects.Insert {
		at := place(s, c.Arg)
		return true, s[:at] + element(c.Arg) + s[at:]
	}
	if s == "" {
		return c.Crashed, s
	}
	return c.Crashed || s[:8] == element(c.Out), s[8:]
}

// setStep is that of a set: elements are in order.
func setStep(s string, c *objects.Call) (bool, string) {
	if c.F == objects.Add {
		at := place(s, c.Arg)
		return true, s[:at] + element(c.Arg) + s[at:]
	}
	elems := slices.Sorted(slices.Values(c.Elems))
	if 8*len(elems) != len(s) {
		return false, s
	}
	for i, e := range elems {
		if s[8*i:8*i+8] != element(e) {
			return false, s
		}
	}
	return true, s
}

// place is where an element belongs in s.
func place(s string, n int64) int {
	e := element(n)
	from, to := 0, len(s)/8
	for from < to {
		mid := (from + to) / 2
		if strings.Compare(s[8*mid:8*mid+8], e) < 0 {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return 8 * from
}
