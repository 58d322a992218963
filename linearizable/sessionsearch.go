package linearizable

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// sessions is the search for an order that keeps that of the processes, depth first. A configuration is how far each
// process has come, which crashed calls took effect, and the state. The call invoked first is tried first, as an object
// seldom lags far behind.
//
// Two reductions keep it small. A read-only call takes effect as soon as it can: no other call sees the difference. And
// where a value can't be written again but is still to be read, nothing may replace it; nor need a crashed call be tried
// that leaves what nobody looks for (see valueCounts).
type sessions struct {
	*object
	states   *states
	maxTried int64
	maxBytes int64
	tried    int64
	bytes    int64

	lines     [][]int32 // the calls of each process that returned, in order
	free      []loose   // crashed calls
	line      []int32   // call → its line, or behind these its place in free
	returning int       // calls in lines

	at        []int32 // how many of each line are done
	used      []bool  // which of free are
	explained int     // calls of lines that are done
	state     int32
	order     []int32 // calls done
	frames    []frame
	seen      map[string]bool
	key       []byte
	values    *valueCounts

	most      int     // how many calls the best order explained
	best      []int32 // how far each line was then
	bestState int32
	bestNow   []int32 // and what the keys held
}

// loose is a crashed call, which may take effect once its process has come so far.
type loose struct{ call, line, after int32 }

// frame is a configuration on the way to the present one.
type frame struct {
	done  int     // calls in order before the choice that led here
	state int32   // then
	next  []int32 // choices still to be tried: lines, and behind these crashed calls
}

func newSessions(h *history.History, obj *object, o Options) *sessions {
	s := &sessions{object: obj, states: newStates(obj), maxTried: o.maxConfigurations(), maxBytes: o.maxBytes(),
		seen: make(map[string]bool), most: -1, line: make([]int32, len(obj.calls))}
	lineOf := make(map[history.ProcID]int32)
	for x, c := range obj.calls {
		p := h.Proc(c.id)
		line, ok := lineOf[p]
		if !ok {
			line = int32(len(s.lines))
			lineOf[p], s.lines = line, append(s.lines, nil)
		}
		s.line[x] = line
		if c.ret == never {
			s.free = append(s.free, loose{int32(x), line, int32(len(s.lines[line]))})
			continue
		}
		s.lines[line] = append(s.lines[line], int32(x))
		s.returning++
	}
	for i, l := range s.free {
		s.line[l.call] = int32(len(s.lines) + i)
	}
	s.at, s.used = make([]int32, len(s.lines)), make([]bool, len(s.free))
	s.values = newValueCounts(obj)
	return s
}

// run searches.
func (s *sessions) run(ctx context.Context) ending {
	s.enter(frame{})
	for len(s.frames) > 0 {
		f := &s.frames[len(s.frames)-1]
		switch {
		case s.explained == s.returning:
			return reached
		case s.tried&255 == 0 && ctx.Err() != nil:
			return cancelled
		case s.tried > s.maxTried:
			return exhausted
		case s.bytes+s.states.bytes > s.maxBytes:
			return tooLarge
		case len(f.next) == 0:
			s.leave()
		default:
			choice := f.next[0]
			f.next = f.next[1:]
			here := frame{done: len(s.order), state: s.state}
			s.take(choice)
			s.enter(here)
		}
	}
	return stuck
}

// enter makes a frame of the present configuration, after the reads that can be next. One seen before has no choices.
func (s *sessions) enter(f frame) {
	for line := range int32(len(s.lines)) {
		for x := s.next(line); x >= 0 && s.d.readOnly(s.kinds[s.calls[x].kind]) && s.step(x) == s.state; x = s.next(line) {
			s.take(line)
		}
	}
	if s.explained > s.most {
		s.most, s.best, s.bestState = s.explained, append(s.best[:0], s.at...), s.state
		s.bestNow = append(s.bestNow[:0], s.values.now...)
	}
	s.key = s.configuration(s.key[:0])
	if !s.seen[string(s.key)] {
		s.tried++
		s.seen[string(s.key)] = true
		f.next = s.choices()
		s.bytes += int64(len(s.key)) + 96 + 4*int64(cap(f.next))
	}
	s.frames = append(s.frames, f)
}

func (s *sessions) step(x int32) int32 { return s.states.step(s.state, s.calls[x].kind) }

// next is the next call of a line, or -1.
func (s *sessions) next(line int32) int32 {
	if int(s.at[line]) < len(s.lines[line]) {
		return s.lines[line][s.at[line]]
	}
	return -1
}

// configuration appends what tells this configuration from others.
func (s *sessions) configuration(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(s.state))
	for _, n := range s.at {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for i := 0; i < len(s.used); i += 8 {
		bits := byte(0)
		for j, used := range s.used[i:min(i+8, len(s.used))] {
			if used {
				bits |= 1 << j
			}
		}
		b = append(b, bits)
	}
	return b
}

// choices are the lines that can go on, the call invoked first coming first, and then the crashed calls that could take
// effect to some use. Of crashed calls of one kind the first will do: they are alike.
func (s *sessions) choices() []int32 {
	var all []int32
	for line := range int32(len(s.lines)) {
		if x := s.next(line); x >= 0 && s.step(x) >= 0 && s.values.allow(s.calls[x].kind) {
			all = append(all, line)
		}
	}
	slices.SortFunc(all, func(a, b int32) int { return cmp.Compare(s.calls[s.next(a)].inv, s.calls[s.next(b)].inv) })
	var kinds map[int32]bool
	for i, l := range s.free {
		kind := s.calls[l.call].kind
		if s.used[i] || s.at[l.line] < l.after || kinds[kind] {
			continue
		}
		if next := s.step(l.call); next >= 0 && next != s.state && s.values.allow(kind) && s.values.wanted(kind) {
			if kinds == nil {
				kinds = make(map[int32]bool)
			}
			kinds[kind] = true
			all = append(all, int32(len(s.lines)+i))
		}
	}
	return all
}

// take makes the next call of a line take effect, or a crashed call.
func (s *sessions) take(choice int32) {
	x := int32(0)
	if i := int(choice) - len(s.lines); i >= 0 {
		x = s.free[i].call
		s.used[i] = true
	} else {
		x = s.next(choice)
		s.at[choice]++
		s.explained++
	}
	s.state = s.step(x)
	s.values.do(s.calls[x].kind)
	s.order = append(s.order, x)
}

// leave takes back the last frame, and the choice that led to it.
func (s *sessions) leave() {
	f := s.frames[len(s.frames)-1]
	s.frames = s.frames[:len(s.frames)-1]
	s.bytes -= 4 * int64(cap(f.next))
	for _, x := range slices.Backward(s.order[f.done:]) {
		s.values.undo(s.calls[x].kind)
		if i := int(s.line[x]) - len(s.lines); i >= 0 {
			s.used[i] = false
			continue
		}
		s.at[s.line[x]]--
		s.explained--
	}
	s.order = s.order[:f.done]
	s.state = f.state
}

// anomaly tells how far the best order came, and why no process can go on there.
func (s *sessions) anomaly() check.Anomaly {
	var b strings.Builder
	state := s.d.Show(s.states.all[s.bestState])
	if s.most == 0 {
		fmt.Fprintf(&b, "No operation can come first. The %s is %s, and of what the processes did first:", s.d.Name, state)
	} else {
		fmt.Fprintf(&b, "The longest order that keeps that of each process explains %d of the %d operations that returned. It leaves the %s as %s, and no process can go on:",
			s.most, s.returning, s.d.Name, state)
	}
	var next []int32 // of each process, up to a number
	more := 0
	for line, n := range s.best {
		switch {
		case int(n) == len(s.lines[line]):
		case len(next) == maxConfigs:
			more++
		default:
			next = append(next, s.lines[line][n])
		}
	}
	calls := slices.Clone(next)
	var paths []check.Path
	for i, x := range next {
		_, reason := s.d.Step(s.states.all[s.bestState], s.kinds[s.calls[x].kind])
		if reason == "" {
			calls = append(calls, s.bereft(x))
			reason = fmt.Sprintf("it would replace what T%d still has to find, and nobody could bring that back", len(calls))
		}
		paths = append(paths, check.Path{Op: s.calls[x].id, State: state, Reason: reason})
		fmt.Fprintf(&b, "\n- T%d: %s.", i+1, reason)
	}
	if more > 0 {
		fmt.Fprintf(&b, "\n- and %d more.", more)
	}
	a := s.nonSequential(calls, b.String())
	a.Paths = paths
	return a
}

// bereft is a call that could not find any more what it found, if x took effect after the best order: x could, but the
// search didn't let it (see allow).
func (s *sessions) bereft(x int32) int32 {
	now := s.bestNow[s.values.effects[s.calls[x].kind].key]
	for line, n := range s.best {
		for _, y := range s.lines[line][n:] {
			if e := s.values.effects[s.calls[y].kind]; y != x && e.known && e.finds == now {
				return y
			}
		}
	}
	panic("linearizable: internal error: no process can go on, though one could")
}
