// Package sim runs seeded in-memory databases of known isolation and records what their clients saw. The histories serve
// tests (what holds and what is broken is known by construction), measurements, and whoever wants to see a history.
//
// One run is a discrete simulation: clients invoke transactions, a scheduler interleaves their micro-operations in
// simulated time, and everything random comes from one seeded source. The same Options give the same history, byte for
// byte. Memory is proportional to what is in flight (clients and keys still in use), not to the length of the run, unless
// Options.FinalReads asks for every key at the end.
//
// What each level promises and breaks:
//
//	strict-serializable          a transaction happens at one instant between invocation and completion
//	strong-session-serializable  as above, but some read-only ones see an older state, never older than what their
//	                             process saw before
//	serializable                 as above, but never mind what the process saw before
//	snapshot-isolation           one snapshot at the start, the first committer wins: in fact strong snapshot isolation,
//	                             since the snapshot is taken between invocation and completion
//	read-committed               each read sees the newest committed state; write locks are held to the commit: in fact
//	                             strong read committed
//	read-uncommitted             as above, but reads show what others wrote and may yet undo: in fact strong read
//	                             uncommitted. What a transaction wrote whose client gives up shows once it has committed:
//	                             a checker must take it for committed when anybody saw it, and all else it wrote with it
//	dirty                        every micro-operation takes effect at once, and aborts are not undone: no promise at all
//
// Anomalies can be woven into a run by name, see Options.Inject and Recipes: inject.go has the list, injectscript.go makes
// a small history of one, and injectplay.go lets clients act it out between their transactions.
package sim
