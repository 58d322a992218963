// Package linearizable checks whether an object is linearizable: whether each operation can have taken effect at one
// moment between its invocation and its completion, such that every answer fits (Herlihy and Wing, "Linearizability: a
// correctness condition for concurrent objects", 1990).
//
// What the object is, a Datatype says in plain functions; Datatypes lists those that are built in, and a user's own goes
// into Options.Own, or by Porcupine to the checker of that name, which draws pictures.
//
// # From the history to the verdict
//
// Operations become calls (calls.go). An ok operation has the value of its completion; a failed one had no effect and is
// dropped, unless Options.Failed says that failing is an observation; one that is info, or never completed, crashed: it
// may take effect at any time after its invocation, or never. Crashed reads are dropped. An operation that makes no sense
// makes the verdict Unknown, and the reason names its place.
//
// The calls of each independent key are checked apart (check.go), and so are those that no key of the datatype links
// (parts.go): linearizability is local.
//
// What has a special shape is decided without a search, in O(n log n): registers and keys whose values are each written
// once, queues, stacks and lists whose elements are, sets, versioned registers, many counters (fast.go). Any other part,
// and one of which is left to be told how it fails, is searched moment by moment for configurations that are still
// possible (search.go, pass.go, level.go). That is exponential in the number of calls that are open at once in the worst
// case, as the problem is NP-complete (Gibbons and Korach 1997), but not in the length of the history: memory is that of
// the widest moment. Levels start narrow, and are widened where a narrow one fails: a configuration that reaches the end
// proves the part linearizable, whatever was cut off on the way; only if none was cut off does a dead end prove that it
// isn't. Bounds on the number of configurations and on memory, which don't depend on the machine, end what takes too long,
// with the verdict Unknown and how far it got.
//
// What no order at all could lead to, as a value that nobody wrote, is found first (impossible.go). Where calls only add to
// a value, as appends do, the search looks ahead to what was read later (foresight.go).
//
// Where narrow levels fail, Porcupine runs beside the search (engine.go, porcupine.go): depth first, it is lucky where any
// order will do. What it may do is counted in steps, so the result is the same whoever is quicker.
//
// With Options.Order = SessionOrder, only the order of each process's own calls counts (session.go). A key whose values are
// each written once is then decided in linear time (sessionregister.go); all else is searched depth first
// (sessionsearch.go).
//
// # What a counterexample says
//
// The first operation that can't be linearized, the last that returned before it, every state that the object could be in
// with the reason why the operation can't have answered so there, the operations pending then, and the end of the longest
// order that explains all before it (failure.go, told by story.go). Then the few operations that prove the matter by
// themselves, whatever the others did (shrink.go); in a long history, where whatever the others did explains anything, by what was
// possible at a moment shortly before (boundary.go).
package linearizable
