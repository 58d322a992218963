package check

import "strings"

// meanings tells each kind of anomaly in one line, for headings and lists. The definitions are what `jcheck anomalies`
// prints. A kind is told from what a reader would notice first, not from how it is found.
var meanings = [...]struct{ kind, text string }{
	{"G0", "transactions wrote over each other, in both directions (dirty write)"},
	{"G1a", "a transaction saw a write of one that failed (aborted read)"},
	{"G1b", "a transaction saw a value that its writer overwrote before it committed (intermediate read)"},
	{"G1c", "each transaction saw, or wrote over, what the next one wrote (circular information flow)"},
	{"G-single-item", "a transaction saw some effects of another and missed others (read skew)"},
	{"G-single", "a search missed a transaction that is otherwise visible (read skew through a predicate)"},
	{"G-nonadjacent-item", "independent writes were seen in opposite orders (long fork)"},
	{"G-nonadjacent", "searches saw independent writes in opposite orders (long fork through predicates)"},
	{"G2-item", "transactions each missed what the other wrote (write skew)"},
	{"G2", "transactions' searches each missed what the other wrote (phantom)"},

	{"G0-process", "a client's writes landed in another order than it made them"},
	{"G1c-process", "a client saw, or built on, something that it brought about only later"},
	{"G-single-item-process", "a client missed a write that it had made or seen before"},
	{"G-single-process", "a client's search missed something that it had made or seen before"},
	{"G-nonadjacent-item-process", "clients each missed the other's write after making their own (long fork)"},
	{"G-nonadjacent-process", "clients' searches each missed the other's write after their own (long fork)"},
	{"G2-item-process", "transactions each missed what the other wrote, counting each client's own order"},
	{"G2-process", "transactions' searches each missed what the other wrote, counting each client's own order"},

	{"G0-realtime", "writes landed in the opposite of their real-time order"},
	{"G1c-realtime", "a transaction saw, or built on, something that began only after it had finished"},
	{"G-single-item-realtime", "a transaction missed a write that had finished before it began (stale read)"},
	{"G-single-realtime", "a search missed something that had finished before it began (stale search)"},
	{"G-nonadjacent-item-realtime", "independent writes were seen in opposite orders, counting real time (long fork)"},
	{"G-nonadjacent-realtime", "searches saw independent writes in opposite orders, counting real time (long fork)"},
	{"G2-item-realtime", "transactions each missed what the other wrote, counting real time"},
	{"G2-realtime", "transactions' searches each missed what the other wrote, counting real time"},

	{"internal", "a transaction contradicts itself: a read differs from its own earlier reads and writes"},
	{"future-read", "a transaction saw its own write before it made it"},
	{"dirty-update", "a committed transaction built on a write of one that failed"},
	{"lost-update", "transactions read the same version and then each wrote: all but one update is lost"},
	{"duplicate-elements", "a list holds an element more often than it was appended"},
	{"incompatible-order", "reads of a list disagree: neither continues the other"},
	{"cyclic-versions", "what is known of a key's versions contradicts itself: one came before and after another"},
	{"predicate-read-miss", "a search missed a key that has matched it at every time"},
	{"garbage-read", "a read shows a value that nobody ever wrote"},

	{"nonlinearizable", "no order of the operations that agrees with the times at which they ran explains every answer"},
	{"nonsequential", "no order of the operations that keeps the order of each process's own explains every answer"},

	{"lost", "something that was confirmed is no longer there"},
	{"stale", "a read misses something that was known to be there before it began"},
	{"unexpected", "something is there that nobody had put there"},
	{"duplicated", "something is there more often than it was put there"},
	{"never-ok", "no operation of some function ever succeeded"},
	{"unavailable", "fewer operations succeeded than must"},
	{"log-line", "a log has a line that must not be there"},
	{"wrong-count", "a read of a counter is below what was confirmed before it, or above what was asked for"},

	{"wrong-total", "a read of all accounts shows more or less money than there is"},
	{"negative-value", "a read shows an account that is overdrawn"},
	{"nil-balance", "a read shows an account without a balance"},
	{"unexpected-key", "a read shows an account that the bank does not have"},
	{"unexpected-dequeue", "an element was dequeued that the queue cannot have held"},
	{"overtaken", "an element left a FIFO queue before one that had been in it for longer"},
	{"duplicate-id", "several calls were given the same identifier"},
	{"fork", "two reads show independent writes in opposite orders"},
	{"wrong-link", "an operation does not follow the one that came before it"},
	{"wrong-write", "a write is not of the next number"},
	{"wrong-read", "a read shows another value than the last write"},
	{"causal-reverse", "a read shows a write, but misses one that was acknowledged before that began"},
	{"illegal-inserts", "transactions inserted rows of a key that each had looked for in vain"},

	{"inconsistent-offsets", "an offset of a log has several values"},
	{"duplicate", "a message is in the log more than once"},
	{"lost-write", "an acknowledged message was passed by: consumers polled later ones, but never it"},
	{"unseen", "an acknowledged message was not polled by the end of the history"},
	{"poll-skip", "a consumer's next poll passed over messages"},
	{"nonmonotonic-poll", "a consumer's next poll began no later in the log than its last one ended"},
	{"int-poll-skip", "a single operation polled messages, but not those between them"},
	{"int-nonmonotonic-poll", "a single operation polled messages out of the order of the log"},
	{"nonmonotonic-send", "a producer's next message is no later in the log than its last one"},
	{"int-send-skip", "a single operation sent messages that others' messages lie between"},
	{"int-nonmonotonic-send", "a single operation sent messages that are out of order in the log"},
	{"precommitted-read", "a transaction polled a message that it had sent itself, before it committed"},
	{"missing-earlier", "a read found what a client wrote later, but not what it had written before"},
	{"nonmonotonic", "operations saw values that only grow in contradictory orders"},
	{"unreachable-sum", "a final read shows a sum that the additions cannot come to"},

	{"empty-transaction-graph", "no two transactions depend on each other: there is nothing to judge"},
	{"cycle-search-timeout", "the search for cycles ran out of time"},
}

// existsSuffix ends the names of proofs that a cycle exists which no typed cycle tells.
const existsSuffix = "-cycle-exists"

// Meaning is one line that says what an anomaly of this kind is, without a full stop; "" if the kind is unknown.
func Meaning(kind string) string {
	for _, m := range meanings {
		if m.kind == kind {
			return m.text
		}
	}
	if model, ok := strings.CutSuffix(kind, existsSuffix); ok {
		return "dependencies that " + model + " forbids form a cycle, though each single cycle has a milder name"
	}
	return ""
}
