// Package fault breaks what the nodes and the network between them promise, and mends it again. A fault is a row of one
// table: what it needs of a node, which operations inject it and which heal it, and whom it strikes. The nemesis plays the
// rows: its generator says when, its session does it and says what was done to whom, and its heal undoes all of it at any
// moment, whatever happened before.
package fault
