package main

// The papers that the definitions come from.
const (
	adya3    = "Adya, Weak Consistency (PhD thesis, MIT, 1999), ch. 3"
	adya4    = "Adya, Weak Consistency (PhD thesis, MIT, 1999), ch. 4"
	berenson = "Berenson et al., A Critique of ANSI SQL Isolation Levels (SIGMOD 1995)"
	cerone15 = "Cerone, Bernardi, Gotsman, A Framework for Transactional Consistency Models with Atomic " +
		"Visibility (CONCUR 2015)"
	cerone16  = "Cerone, Gotsman, Analysing Snapshot Isolation (PODC 2016)"
	sovran    = "Sovran et al., Transactional Storage for Geo-Replicated Systems (SOSP 2011)"
	daudjee   = "Daudjee, Salem, Lazy Database Replication with Snapshot Isolation (VLDB 2006)"
	herlihy   = "Herlihy, Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)"
	jepsen    = "jepsen-io/jepsen, jepsen.checker"
	kafka     = "jepsen-io/jepsen, jepsen.tests.kafka"
	kingsbury = "Kingsbury, Alvaro, Elle: Inferring Isolation Anomalies from Experimental Observations (VLDB 2020)"
)

// The groups of `jcheck anomalies`, in its order.
const (
	groupCycle    = "Cycles of dependencies"
	groupProcess  = "Cycles that count each client's own order"
	groupRealtime = "Cycles that count real time"
	groupDirect   = "Seen without a cycle"
	groupExists   = "Proofs that a cycle exists, where each single cycle has a milder name"
	groupObject   = "Of single objects (jcheck linearizable)"
	groupChecker  = "Of the other checkers (jcheck check; each by its own verb)"
	groupStatus   = "Not anomalies of the database, but listed among them"
	groupTable    = "Names that exist only in the tables: never reported, but accepted by -a"
)

// definition says what an anomaly is. Its one-line meaning is check.Meaning, the models that forbid it and what it
// implies come from internal/cycle, and its history from fixtures.
type definition struct {
	kind   string
	group  string
	also   []string // other names by which people look for it
	text   string
	source string
}

// definitions lists the kinds that don't follow from another one's row.
var definitions = [...]definition{
	{"G0", groupCycle, []string{"dirty-write", "P0", "write-cycle"},
		"A cycle of ww edges alone: T1 wrote some key before T2, and T2 wrote another key before T1. Whatever order " +
			"the transactions are put in, " +
			"some key's versions contradict it. Even read-uncommitted forbids it.",
		adya3 + ": G0; " + berenson + ": P0"},
	{"G1c", groupCycle, []string{"circular-information-flow"},
		"A cycle of ww and wr edges with at least one wr: each transaction saw, or wrote over, what the one before it " +
			"in the cycle wrote. " +
			"At least one of them must then have seen another before that one had committed.",
		adya3 + ": G1c"},
	{"G-single-item", groupCycle, []string{"read-skew", "A5A", "G-single-item-cycle"},
		"A cycle of ww and wr edges and exactly one rw edge: T2 missed a write of T1 (rw), and yet T2 depends on T1 " +
			"by another way. " +
			"T2 saw a state that never was: in part before T1, in part after it. -item: the missed version was read by " +
			"its key, not by a predicate.",
		adya4 + ": G-single; " + berenson + ": A5A"},
	{"G-single", groupCycle, []string{"predicate-read-skew"},
		"As G-single-item, but the one rw edge comes from a predicate read: a search that missed what another " +
			"transaction wrote, " +
			"by a transaction that otherwise depends on that one.",
		adya4 + ": G-single"},
	{"G-nonadjacent-item", groupCycle, []string{"long-fork"},
		"A cycle with two or more rw edges, no two of them in a row. The best known form is the long fork: one reader " +
			"saw the first of two " +
			"independent writes but not the second, another saw the second but not the first. Under snapshot isolation " +
			"every cycle has two " +
			"rw edges in a row, so this one rules it out.",
		cerone16 + "; " + sovran + ": long fork"},
	{"G-nonadjacent", groupCycle, []string{"predicate-long-fork"},
		"As G-nonadjacent-item, with at least one rw edge from a predicate read.",
		cerone16},
	{"G2-item", groupCycle, []string{"write-skew", "A5B", "item-anti-dependency-cycle"},
		"A cycle with two or more rw edges, two of them in a row. The best known form is write skew: T1 and T2 both " +
			"read two keys, and each then " +
			"writes the one that the other relied on. Snapshot isolation permits it, repeatable read (as Adya defines " +
			"it) and serializable don't.",
		adya3 + ": G2-item; " + berenson + ": A5B"},
	{"G2", groupCycle, []string{"phantom", "P3", "anti-dependency-cycle"},
		"As G2-item, with at least one rw edge from a predicate read. The best known form is the phantom: two " +
			"transactions each search, " +
			"find nothing, and insert what the other's search should have found.",
		adya3 + ": G2; " + berenson + ": P3"},

	{"internal", groupDirect, []string{"internal-consistency", "INT"},
		"A committed transaction contradicts itself: it reads a key that it has read or written before, and the value " +
			"isn't what these earlier " +
			"operations leave. Elements that others append between two of its own reads count, too.",
		cerone15 + ": INT"},
	{"future-read", groupDirect, nil,
		"A committed transaction reads an element of a list, and only then appends it.",
		kingsbury + "; jepsen-io/elle"},
	{"G1a", groupDirect, []string{"aborted-read", "dirty-read"},
		"A committed transaction saw a value written by a transaction that failed.",
		adya3 + ": G1a; " + berenson + ": P1"},
	{"G1b", groupDirect, []string{"intermediate-read"},
		"A committed transaction saw a value that another one wrote and then itself replaced before it committed. For " +
			"lists: the last element of " +
			"the read was appended by a transaction that appended to the same key once more. (For lists the reader also " +
			"missed the writer's next " +
			"append, so that G-single-item comes with it; the history here is one of registers.)",
		adya3 + ": G1b"},
	{"dirty-update", groupDirect, nil,
		"In a list's version order an element appended by a transaction that failed is followed by one of a " +
			"transaction that committed: " +
			"the aborted write was not undone, and became part of a committed state. Whoever sees such a list reads an " +
			"aborted element, so G1a comes with it.",
		kingsbury},
	{"lost-update", groupDirect, []string{"P4"},
		"Two or more committed transactions read the same version of a key and then each wrote that key. In any order " +
			"the later one should have " +
			"read what the earlier one wrote. No version order is needed to see this.",
		berenson + ": P4"},
	{"duplicate-elements", groupDirect, []string{"duplicates"},
		"A read of a list shows an element twice. Every element is appended once, so the database has applied an " +
			"append again.",
		kingsbury},
	{"incompatible-order", groupDirect, []string{"inconsistent-observations"},
		"Two reads of one list disagree on its order: neither is the beginning of the other. Lists only grow, so one " +
			"of the two states must have " +
			"been uncommitted.",
		kingsbury},
	{"cyclic-versions", groupDirect, nil,
		"The rules that order a register's versions (the initial state, --wfr-keys, --sequential-keys, " +
			"--linearizable-keys, --transaction-order) " +
			"contradict each other: by what they say, some version came both before and after another. Either the " +
			"database breaks the rule that " +
			"was assumed, or something worse happened.",
		kingsbury},
	{"predicate-read-miss", groupDirect, nil,
		"A predicate read lacks a key although every version that the key ever had matches the predicate.",
		"jepsen-io/elle, closed-predicate"},
	{"garbage-read", groupDirect, []string{"thin-air-read"},
		"A read shows a value that no operation of the history ever tried to write. For lists this is always an " +
			"anomaly; for registers only with " +
			"--initial or -a garbage-read, since a register may have had a value before the history began.",
		kingsbury},

	{"nonlinearizable", groupObject, []string{"non-linearizable", "linearizability", "not-linearizable"},
		"An operation of a register, queue, lock or the like gave an answer that no order explains: in whatever order the operations " +
			"took effect, each at one moment between its invocation and its completion, the object was in no state that allows the answer. " +
			"An operation whose outcome nobody knows may have taken effect at any time after its invocation, or never.",
		herlihy},
	{"nonsequential", groupObject, []string{"non-sequential", "sequential-consistency", "not-sequential"},
		"As nonlinearizable, but asked of less: no order of the operations explains every answer, even if only the order in which each process " +
			"did its own is kept, and each operation may have taken effect long after it returned. Searched for with --order session.",
		"Lamport, How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs (IEEE Trans. Comput. 1979)"},
	{"lost", groupChecker, []string{"lost-element"},
		"Something was put into a set or queue, that was confirmed, and yet it isn't there when it must be: a read of the set that began " +
			"after the confirmation doesn't show it, nor does any later one, or the queue was emptied without it. " +
			"What failed, or was never confirmed, can't be lost.",
		jepsen + ": set, set-full, total-queue"},
	{"unexpected", groupChecker, []string{"unexpected-element", "phantom-element"},
		"A read of a set shows an element, or a queue hands one out, that nobody had asked to put there until then.",
		jepsen + ": set, total-queue"},
	{"duplicated", groupChecker, []string{"duplicated-element"},
		"A single read of a set shows an element more than once; or a queue hands out an element more often than it was put in, which " +
			"most queues permit. Often a retry that was carried out twice.",
		jepsen + ": set-full, total-queue"},
	{"stale", groupChecker, []string{"stale-element"},
		"An element of a set was known to be there, by its confirmation or by a read. A read that began later doesn't show it, " +
			"though it wasn't lost: still later reads do. A linearizable set has no such reads; many others do, for a while.",
		jepsen + ": set-full, with linearizable"},
	{"wrong-count", groupChecker, []string{"counter-out-of-bounds"},
		"A read of a counter is less than what had been confirmed before it began (with whatever subtractions may have happened by its end), " +
			"or more than what had been asked for by its end.",
		jepsen + ": counter"},
	{"never-ok", groupChecker, nil,
		"No operation of some function ever succeeded, so that nothing was tested of it. Unknown; invalid with --jepsen-compat.",
		jepsen + ": stats"},
	{"unavailable", groupChecker, nil,
		"A smaller fraction of the operations succeeded than --availability asks for.",
		"Maelstrom: availability"},
	{"log-line", groupChecker, nil,
		"A line of a node's log matches the pattern of what must not be there.",
		jepsen + ": log-file-pattern"},
	{"wrong-total", groupChecker, nil,
		"Transfers move money between accounts, so that every read of all accounts must show the same total. This one shows " +
			"more or less: it saw part of a transfer, or an update was lost.",
		jepsen + ": bank"},
	{"negative-value", groupChecker, []string{"overdrawn"},
		"A read of a bank shows an account with less than nothing. A transfer must not take more than is there, unless the bank " +
			"allows it (--allow-negative-balances).",
		jepsen + ": bank"},
	{"nil-balance", groupChecker, nil,
		"A read of a bank shows an account, but no balance of it.",
		jepsen + ": bank"},
	{"unexpected-key", groupChecker, nil,
		"A read of a bank shows an account that is none of those that --accounts names.",
		jepsen + ": bank"},
	{"unexpected-dequeue", groupChecker, nil,
		"An element was dequeued that the queue cannot have held: nobody had asked to enqueue it until then, the attempts to do " +
			"so failed, or it had been dequeued as often as it was enqueued.",
		jepsen + ": queue"},
	{"overtaken", groupChecker, []string{"fifo-violation"},
		"An element left a FIFO queue before another that was surely in it before its own enqueue began. What takes more than " +
			"two elements to tell, jcheck linearizable --model fifo-queue finds.",
		"Henzinger, Sezgin, Vafeiadis, Aspect-Oriented Linearizability Proofs (CONCUR 2013)"},
	{"duplicate-id", groupChecker, []string{"duplicated-id"},
		"Two calls of a generator of unique identifiers were given the same one.",
		jepsen + ": unique-ids"},
	{"fork", groupChecker, []string{"forks"},
		"Two reads of the same keys, each of which is written once: one shows a write that the other misses, and the other way " +
			"round. So the writes came in one order for one client, and in the other for the other. As transactions, it is " +
			"G-nonadjacent-item.",
		"Sovran et al., Transactional Storage for Geo-Replicated Systems (SOSP 2011)"},
	{"wrong-link", groupChecker, nil,
		"An operation says by its link which one it followed, and that isn't the one before it: the client lost its place in " +
			"the causal order.",
		jepsen + ": causal"},
	{"wrong-write", groupChecker, nil,
		"Writes of a register in causal order are 1, 2, 3, ...; this one isn't the next.",
		jepsen + ": causal"},
	{"wrong-read", groupChecker, nil,
		"A read of a register in causal order shows another value than the last write that it follows.",
		jepsen + ": causal"},
	{"causal-reverse", groupChecker, []string{"comments"},
		"A read shows a write, but not another that had been acknowledged before that one was even invoked: writes became " +
			"visible in the opposite of their order. Strict serializability forbids it; serializability does not.",
		jepsen + ": causal-reverse"},
	{"illegal-inserts", groupChecker, []string{"adya-g2"},
		"Two transactions each looked for rows of a key, found none, and inserted one of their own, and both committed. In a " +
			"serial order the second would have found the first one's row. As transactions with predicates, it is G2.",
		jepsen + ": adya; " + adya3 + ": G2"},
	{"inconsistent-offsets", groupChecker, nil,
		"An offset of a log has several values: different clients were told different things of it.",
		kafka},
	{"duplicate", groupChecker, []string{"duplicate-message"},
		"A message is in the log more than once, at different offsets. Often a retry that was carried out twice.",
		kafka},
	{"lost-write", groupChecker, []string{"lost-message"},
		"A message was acknowledged, and never polled, although some consumer polled one that is as far in the log or further: " +
			"who reads on from there won't see it any more.",
		kafka},
	{"unseen", groupChecker, []string{"unseen-message"},
		"A message was acknowledged, and not polled by the end of the history. Unlike a lost-write it may be that nobody has " +
			"come so far.",
		kafka},
	{"precommitted-read", groupChecker, nil,
		"A transaction polled a message that it had sent itself. Consumers must see what is committed, and it wasn't yet.",
		kafka},
	{"poll-skip", groupChecker, nil,
		"A consumer's next poll of a key begins beyond the next message. No error if consumers subscribe, since the key may " +
			"have been another's meanwhile.",
		kafka},
	{"nonmonotonic-poll", groupChecker, nil,
		"A consumer's next poll of a key begins no later in the log than its last one ended: it sees messages again. No error " +
			"if consumers subscribe.",
		kafka},
	{"int-poll-skip", groupChecker, nil,
		"A single operation polled two messages one after the other, and the log has others between them.",
		kafka},
	{"int-nonmonotonic-poll", groupChecker, nil,
		"A single operation polled a message after another that is no earlier in the log.",
		kafka},
	{"nonmonotonic-send", groupChecker, nil,
		"A producer sent a message after another, but it is no later in the log.",
		kafka},
	{"int-nonmonotonic-send", groupChecker, nil,
		"A single operation sent a message after another, but it is no later in the log.",
		kafka},
	{"int-send-skip", groupChecker, nil,
		"Between two messages that a single operation sent one after the other, the log has others'. Reported, but no error: " +
			"transactions may interleave.",
		kafka},
	{"missing-earlier", groupChecker, nil,
		"A client inserted rows one after another. A read found a later one, and after that did not find an earlier one: the " +
			"client's writes became visible out of order.",
		"Jecci, elle-cli: sequential"},
	{"nonmonotonic", groupChecker, nil,
		"Values that only grow, seen in contradictory orders: by one key an operation came before another, and by another key " +
			"or by real time after it.",
		"Jecci: monotonic"},
	{"unreachable-sum", groupChecker, nil,
		"When all was over, a replica of a counter showed a sum that the acknowledged additions, with any of those whose " +
			"outcome is unknown, cannot come to.",
		"Maelstrom: pn-counter"},
	{"empty-transaction-graph", groupStatus, nil,
		"Not an anomaly of the database: no two transactions are ordered by what they saw, or there is none at all. " +
			"The verdict is then unknown. " +
			"Record more transactions that share keys, and reads of what they wrote.",
		"jepsen-io/elle"},
	{"cycle-search-timeout", groupStatus, nil,
		"The original's search stops after a second per group of transactions and then reports this. Our search needs " +
			"no time limit and never does.",
		"jepsen-io/elle"},

	{"G1", groupTable, nil, "Any of G1a, G1b and G1c: use it with -a to ask for all of them.", adya3 + ": G1"},
	{"G1-process", groupTable, nil, "G1, counting each client's own order: use it with -a.", daudjee},
	{"G1-realtime", groupTable, nil, "G1, counting real time: use it with -a.", daudjee},
	{"write-skew", groupTable, nil, "A name in the table of implications alone. Write skew is reported as " +
		"G2-item.", berenson + ": A5B"},
	{"G-cursor", groupTable, nil, "A lost update through a cursor, forbidden by cursor-stability. Reported as " +
		"lost-update.", adya4 + ": G-cursor"},
	{"G-monotonic", groupTable, nil, "Reads within one transaction that go back in time, forbidden by " +
		"monotonic-view. Not searched for.", adya4 + ": G-monotonic"},
	{"G-update", groupTable, nil, "A cycle of update transactions and one more, forbidden by update-serializable. " +
		"Not searched for.", adya4 + ": G-update"},
	{"G-MSR", groupTable, nil, "Reads that are no monotonic sequence of snapshots, forbidden by " +
		"monotonic-snapshot-read. Not searched for.", adya4 + ": G-MSR"},
	{"G-SI", groupTable, nil, "Interference with snapshot isolation. Reported as G-single, G-nonadjacent and " +
		"weaker.", adya4 + ": G-SI"},
	{"G-SIb", groupTable, nil, "Missed effects, forbidden by forward-consistent-view. Reported as G-single where a " +
		"cycle shows it.", adya4 + ": G-SIb"},
	{"GSI", groupTable, nil, "The spelling of G-SI in the table of implications; no model names it.", "jepsen-io/elle"},
	{"GSIa", groupTable, nil, "The spelling of G-SIa in the table of implications; no model names it.", "jepsen-io/elle"},
	{"GSIb", groupTable, nil, "The spelling of G-SIb in the table of implications; no model names it.", "jepsen-io/elle"},
}

// orders are the two ways in which a cycle may also count an order that the database didn't make: suffix of the kind,
// group, and what the definition adds.
var orders = [...]struct{ suffix, group, text, source string }{
	{"-process", groupProcess,
		"with at least one edge from the order in which one client ran its transactions, one after the other. " +
			"Searched for when a model of strong " +
			"sessions is asked for; with a real-time model the same fault is told as -realtime.",
		daudjee},
	{"-realtime", groupRealtime,
		"with at least one edge from real time: a transaction had finished before another began. Searched for when a " +
			"strong model is asked for, " +
			"such as the default, strict-serializable.",
		daudjee + "; " + kingsbury},
}

// legend tells the dependencies that definitions speak of.
const legend = "T1 ww T2: T2 wrote the version after T1's. T1 wr T2: T2 read what T1 wrote. T1 rw T2: T1 missed what T2 wrote. " +
	"In each case T1 must have come first."

// existsText is the definition of every <model>-cycle-exists.
const existsText = "Where the model holds, some part of the dependencies has no cycle. This one has one, and that is the whole proof: it needs no " +
	"typed cycle. It is reported only where no reported cycle already rules the model out: where each single cycle has a " +
	"milder name, because an edge with several reasons is told by only one of them (data before a client's order, before real time). " +
	"The part is written as in Elle's results; in [:extension x y] a y counts only after an x."

// modelMeanings tells the models that people ask for in one sentence. What each forbids is in internal/cycle.
var modelMeanings = [...]struct{ canonical, text string }{
	{"PL-1", "Writes of transactions don't interleave."},
	{"PL-2", "Transactions see only final values of committed transactions."},
	{"PL-CS", "As read-committed, and no update of a version that was read is lost."},
	{"PL-2+", "As read-committed, and a transaction that sees one effect of another misses none of its effects."},
	{"PL-2.99", "Serializable as long as keys are read one by one: only searches can miss what others write."},
	{"PL-SI", "Each transaction reads from one snapshot, and of two that write the same key at the same time one fails."},
	{"PL-3", "Transactions behave as if they ran one after another, in some order."},
	{"PL-SS", "Transactions behave as if they ran one after another, each at one moment between its beginning and " +
		"its end."},
	{"read-atomic", "Of what another transaction wrote, a transaction sees all or nothing."},
	{"causal-cerone", "As read-atomic, and who sees an effect sees its causes. Little of this is checked yet."},
	{"prefix", "As causal, and all see transactions commit in one order. Little of this is checked yet."},
	{"parallel-snapshot-isolation", "As snapshot-isolation, but replicas may see independent writes in different " +
		"orders. " +
		"Little of this is checked yet."},
	{"update-atomic", "As read-atomic, and no update is lost."},
	{"strong-session-serializable", "Serializable, in an order that keeps each client's own."},
	{"strong-session-snapshot-isolation", "Snapshot-isolation, where a client's snapshot holds all that it has " +
		"done and seen."},
	{"strong-snapshot-isolation", "Snapshot-isolation, where a snapshot holds all that had committed before the " +
		"transaction began."},
}

// modelMeaning is a sentence on the model, or "".
func modelMeaning(canonical string) string {
	for _, m := range modelMeanings {
		if m.canonical == canonical {
			return m.text
		}
	}
	return ""
}
