package linearizable

import (
	"fmt"
	"reflect"
)

// states numbers the states that a search meets, and remembers each step: a datatype is asked once per state and kind of
// call. (Knossos enumerates all reachable states beforehand, and gives up where there are more than 1024.)
type states struct {
	obj    *object
	number map[any]int32      // of states that == compares
	hashed map[uint64][]int32 // of others: all with that hash
	all    []any
	dense  [][]int32        // state → kind → step, where kinds are few
	sparse map[uint64]int32 // state<<32 | kind → step, where they are many
	bytes  int64
}

// A remembered step is the next state plus firstState; the zero value is a step not yet asked for.
const (
	unasked    = 0
	refused    = 1
	firstState = 2
)

// comparable tells what is wrong if states can't be told apart.
func (d Datatype) comparable(state any) error {
	switch {
	case (d.Hash == nil) != (d.Equal == nil):
		return fmt.Errorf("datatype %s has only one of Hash and Equal (hint: both, or neither)", d.Name)
	case d.Hash == nil && state != nil && !reflect.ValueOf(state).Comparable():
		return fmt.Errorf("datatype %s has states of type %T, which == doesn't compare (hint: give it Hash and Equal)", d.Name, state)
	}
	return nil
}

// denseKinds is up to how many kinds the steps of a state are kept in a slice.
const denseKinds = 256

func newStates(obj *object) *states {
	s := &states{obj: obj}
	if obj.d.Hash != nil {
		s.hashed = make(map[uint64][]int32)
	} else {
		s.number = make(map[any]int32)
	}
	if len(obj.kinds) > denseKinds {
		s.sparse = make(map[uint64]int32)
	}
	s.id(obj.init)
	return s
}

// id is the number of a state.
func (s *states) id(state any) int32 {
	n := int32(len(s.all))
	if s.hashed != nil {
		hash := s.obj.d.Hash(state)
		for _, k := range s.hashed[hash] {
			if s.obj.d.Equal(s.all[k], state) {
				return k
			}
		}
		s.hashed[hash] = append(s.hashed[hash], n)
	} else {
		if k, ok := s.number[state]; ok {
			return k
		}
		s.number[state] = n
	}
	s.all = append(s.all, state)
	s.bytes += stateBytes(state)
	if s.sparse == nil {
		s.dense = append(s.dense, make([]int32, len(s.obj.kinds)))
		s.bytes += 4*int64(len(s.obj.kinds)) + 24
	}
	return n
}

// stateBytes is about what a state takes, with its place in the map.
func stateBytes(state any) int64 {
	const each = 96
	switch x := state.(type) {
	case string:
		return each + int64(len(x))
	case Term:
		return each + int64(len(x))
	}
	return each
}

// step is the state after a call of that kind, or -1 if the call can't be next.
func (s *states) step(state, kind int32) int32 {
	if s.sparse == nil {
		if t := s.dense[state][kind]; t != unasked {
			return t - firstState
		}
		t := s.ask(state, kind)
		s.dense[state][kind] = t
		return t - firstState
	}
	key := uint64(state)<<32 | uint64(kind)
	t, ok := s.sparse[key]
	if !ok {
		t = s.ask(state, kind)
		s.sparse[key] = t
		s.bytes += 32
	}
	return t - firstState
}

func (s *states) ask(state, kind int32) int32 {
	next, reason := s.obj.d.Step(s.all[state], s.obj.kinds[kind])
	if reason != "" {
		return refused
	}
	return s.id(next) + firstState
}
