// Package objects makes histories of objects that clients use by one operation at a time: registers, queues, sets and the
// like. Each operation takes effect at a hidden moment inside its time, so a history is linearizable by construction,
// unless Options.Invalid spoils some answers. The same options give the same history on any machine.
package objects
