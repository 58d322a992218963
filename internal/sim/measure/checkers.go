//go:build unix

package main

import (
	"bufio"
	"fmt"
)

// checkers are the cases of the small checkers. Limits are set for the checks after reading; the figures here are of the
// whole program, so they hold all the more.
func checkers() []group {
	million := func(verb string, make func(*bufio.Writer, format, int) error) group {
		return group{name: verb, make: make, cases: []oneCase{
			{txns: m, format: edn, args: []string{verb, "-q"}, cpu: 2 * second, memory: gb}}}
	}
	return []group{
		{name: "set-full, a full read per 10 adds", make: fullReads, cases: []oneCase{
			{txns: 20 * k, format: edn, args: []string{"set-full", "-q"}, cpu: 4 * second, memory: gb}}},
		million("counter", pairs(func(i int) (string, string, string) {
			if i%2 == 0 {
				return "add", "1", "1"
			}
			return "read", "nil", fmt.Sprint(i/2 + 1)
		})),
		million("bank", pairs(func(i int) (string, string, string) {
			if i%2 == 0 {
				return "transfer", "{:from 0, :to 1, :amount 1}", "{:from 0, :to 1, :amount 1}"
			}
			return "read", "nil", fmt.Sprintf("{0 %d, 1 %d}", 1000000-i/2, i/2)
		})),
		million("queue", pairs(queueOp)),
		million("total-queue", pairs(queueOp)),
		million("unique-ids", pairs(func(i int) (string, string, string) { return "generate", "nil", fmt.Sprint(i) })),
	}
}

// queueOp enqueues and dequeues in turn.
func queueOp(i int) (f, asked, answer string) {
	if i%2 == 0 {
		return "enqueue", fmt.Sprint(i), fmt.Sprint(i)
	}
	return "dequeue", "nil", fmt.Sprint(i - 1)
}

// pairs makes a history of n operations, one after another by 10 clients.
func pairs(op func(i int) (f, asked, answer string)) func(*bufio.Writer, format, int) error {
	return func(w *bufio.Writer, _ format, n int) error {
		for i := range n {
			f, asked, answer := op(i)
			const line = "{:index %d, :time %d, :type :%s, :process %d, :f :%s, :value %s}\n"
			fmt.Fprintf(w, line, 2*i, 2000*i, "invoke", i%10, f, asked)
			if _, err := fmt.Fprintf(w, line, 2*i+1, 2000*i+1000, "ok", i%10, f, answer); err != nil {
				return err // a Writer keeps its first error
			}
		}
		return nil
	}
}

// fullReads adds n elements to a set and reads all of it after every 10th.
func fullReads(w *bufio.Writer, f format, n int) error {
	var all []byte
	reads := 0
	return pairs(func(i int) (string, string, string) {
		if i%11 == 10 {
			reads++
			return "read", "nil", "#{" + string(all) + "}"
		}
		e := i - reads
		all = fmt.Appendf(all, "%d ", e)
		return "add", fmt.Sprint(e), fmt.Sprint(e)
	})(w, f, n+n/10)
}
