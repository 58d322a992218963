// Package elle checks transactional isolation: it infers dependencies between transactions from what clients observed,
// and looks for cycles and other proofs that the promised isolation was broken.
//
// # What is inferred
//
// A history holds what clients saw, not what the database did. Three kinds of transactions let it be recovered:
//
//   - list-append: [:append k v] and [:r k [v ...]]. A read shows in which order all its elements came to be, so that
//     versions, their writers and their readers are known (listappend.go).
//   - rw-register: [:w k v] and [:r k v], with values unique for a key. The order of versions follows from the initial
//     state and from what Options say that the database promises for single keys (register.go).
//   - closed-predicate: item and predicate reads of a closed set of keys (predicate.go).
//
// From versions follow Adya's dependencies: ww (wrote the next version), wr (read what was written) and rw (read what
// was overwritten next). With those of processes and of real time they form a graph of transactions. A cycle in it can't
// have happened one after another; which relations it is made of tells which models it refutes (internal/cycle). Some
// anomalies show without a graph, such as a read of what an aborted transaction wrote.
//
// # What is not
//
// A proof needs no more than that clients recorded truly and that written values are unique: then an invalid verdict is
// certain, whatever went unseen. A valid one says that nothing was found in what was recorded. Not used are versions that
// only shorter or contradicting lists show, indeterminate writes of registers, and orders that follow from several keys
// together.
//
// # Cost
//
// With n operations, m micro-ops and d dependencies: reading and inference take O(n + m), direct anomalies included, since
// reads of lists are compared by length and not by element; components of the graph O(d); the search in each component is
// polynomial, with realtime order kept as ranks instead of edges. All stages use all cores, and none of the result
// depends on their number.
//
// The ideas are those of Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations"
// (VLDB 2020) and Adya, "Weak Consistency" (1999).
package elle
