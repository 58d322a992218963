package objects

import (
	"bufio"
	"io"
	"math"
	"strconv"
)

// Never is when a crashed call returns.
const Never = math.MaxInt

// None is the answer of a read that found nothing, and the element that isn't there.
const None = math.MinInt64

// Call is one operation of a client.
type Call struct {
	F        Function
	Process  int
	Key      int64   // of KV only
	Arg      int64   // what is written, put, added; what a cas expects
	To       int64   // what a cas writes
	Out      int64   // what a read, get, dequeue, pop or delete-min answered
	Elems    []int64 // what a read of a set answered; shared, not to be changed
	Crashed  bool    // it may have taken effect at any time after Inv, or never
	Inv, Ret int     // places among all invocations and returns, from 0; Ret of a crashed call is Never
}

// Function is what a call does.
type Function uint8

// The functions. Which of them a history has, its Kind says.
const (
	Read Function = iota
	Write
	CAS
	Get
	Put
	Add
	ReadAll // the whole of a set
	Insert  // into a queue, stack or priority queue
	Take    // from one
)

// changes tells whether a call can change the object.
func (f Function) changes() bool { return f != Read && f != Get && f != ReadAll }

// WriteEDN writes the history of calls, one map a line: an invocation for each, and an ok completion unless it crashed.
func WriteEDN(w io.Writer, k Kind, calls []Call) error {
	moments := make([]int, 0, 2*len(calls)) // call, or its complement for a return
	for range calls {
		moments = append(moments, math.MaxInt, math.MaxInt)
	}
	for i, c := range calls {
		moments[c.Inv] = i
		if !c.Crashed {
			moments[c.Ret] = ^i
		}
	}
	b := bufio.NewWriterSize(w, 1<<16)
	var line []byte
	for _, m := range moments {
		switch {
		case m == math.MaxInt: // beyond the last, as crashed calls don't return
		case m >= 0:
			line = appendOp(line[:0], k, &calls[m], false)
		default:
			line = appendOp(line[:0], k, &calls[^m], true)
		}
		if m != math.MaxInt {
			if _, err := b.Write(line); err != nil {
				return err
			}
		}
	}
	return b.Flush()
}

func appendOp(b []byte, k Kind, c *Call, done bool) []byte {
	b = append(b, "{:process "...)
	b = strconv.AppendInt(b, int64(c.Process), 10)
	if done {
		b = append(b, ", :type :ok, :f :"...)
	} else {
		b = append(b, ", :type :invoke, :f :"...)
	}
	b = append(append(b, k.name(c.F)...), ", :value "...)
	return append(c.appendValue(b, done), "}\n"...)
}

func (c *Call) appendValue(b []byte, done bool) []byte {
	out := int64(None)
	if done {
		out = c.Out
	}
	switch c.F {
	case CAS:
		b = appendInt(append(b, '['), c.Arg)
		return append(appendInt(append(b, ' '), c.To), ']')
	case Get:
		b = appendInt(append(b, '['), c.Key)
		return append(appendInt(append(b, ' '), out), ']')
	case Put:
		b = appendInt(append(b, '['), c.Key)
		return append(appendInt(append(b, ' '), c.Arg), ']')
	case Write, Add, Insert:
		return appendInt(b, c.Arg)
	case ReadAll:
		if !done {
			return append(b, "nil"...)
		}
		b = append(b, "#{"...)
		for _, e := range c.Elems {
			b = append(appendInt(b, e), ' ')
		}
		return append(b, '}')
	}
	return appendInt(b, out)
}

func appendInt(b []byte, n int64) []byte {
	if n == None {
		return append(b, "nil"...)
	}
	return strconv.AppendInt(b, n, 10)
}
