// Package history holds a recorded history in columns: who did what, when, and with which outcome.
//
// Open and Read turn a file into a History; FromOps does so with operations at hand. An operation is an ID, its place in
// the file, and a History answers questions about it: Type, Proc, F, Pair (invocation and completion), Time, Index, and
// its value by Kind. Op makes it readable, Writer writes it.
//
// Values are Syms, numbers that are equal just when the values are: hot loops compare integers and never look at text.
// The value of a txn is a slice of Mops. What its reads of lists returned is kept as (list, length), where a list is shared
// by all reads that are prefixes of it (see History.Branch): a history takes memory by its micro-operations, not by the
// lengths of the lists that they read, about 120 bytes for a list-append txn besides the file itself, which is mapped.
//
// The numbers of keys, processes, lists and values depend on the input alone, not on how many cores read it.
package history

import "math"

// ID names an operation by its place in the file: 0 for the first, whatever its index says.
type ID int32

// None is the ID of no operation.
const None ID = -1

// Type is what an entry of the history says happened.
type Type uint8

// The four types of Jepsen's histories. Info is an indeterminate completion.
const (
	Invoke Type = iota
	OK
	Fail
	Info
)

var typeNames = [...]string{"invoke", "ok", "fail", "info"}

// String is the type's name as histories spell it.
func (t Type) String() string { return typeNames[t&3] }

// Sym is a value in 4 bytes. An integer in [0, 2^31) is itself; anything else is an index into the history's table of
// values, with the top bit set. Two Syms of one history are equal just when the values are (house rules of equality:
// 1, 1.0, "1" and :1 differ; 1 = 1N; (1 2) = [1 2]; sets and maps regardless of order; NaN equals itself).
type Sym uint32

const symTable Sym = 1 << 31

// The first entries of every table.
const (
	Nil   = symTable
	False = symTable | 1
	True  = symTable | 2
)

// Int is the integer that s is, if it is one small enough not to need the table.
func (s Sym) Int() (int64, bool) { return int64(s), s < symTable }

// KeyID numbers the keys of micro-ops densely, in order of their first appearance in the file.
type KeyID int32

// ListID numbers the distinct lists that reads showed (see Spines).
type ListID int32

// ProcID numbers the processes densely, in order of their first appearance in the file.
type ProcID int32

// MopF is the function of a micro-op: a fixed code, or beyond MopOther an entry of the history's own table.
type MopF uint16

// The micro-op functions that workloads know. They are keywords in EDN; in JSON a micro-op's first string becomes one.
const (
	MopR MopF = iota
	MopAppend
	MopW
	MopInsert
	MopDelete
	MopRP
	MopOther // MopOther+i: the i-th other name in the history's table
)

// Shape tells what a micro-op's argument is.
type Shape uint8

const (
	// NoArg is a micro-op of two elements, [f k].
	NoArg Shape = iota
	// Scalar is [f k v] where v isn't the list of a read: Mop.Val says v (Nil for nil).
	Scalar
	// List is a read [:r k [...]]: the first Mop.Len elements of list Mop.List.
	List
	// Odd is any other form; Mop.Val is the micro-op as a whole.
	Odd
)

// Mop is a micro-operation in 16 bytes.
type Mop struct {
	Key   KeyID // -1 if Odd
	arg   uint32
	Len   int32 // elements of a list read, else 0
	F     MopF
	Shape Shape
}

// Val is the argument of a Scalar (or the whole micro-op if Odd). For NoArg it is Nil. Not for List: see History.Val.
func (m *Mop) Val() Sym {
	if m.Shape == NoArg {
		return Nil
	}
	return Sym(m.arg)
}

// List is the list of which a List read shows the first Len elements.
func (m *Mop) List() ListID { return ListID(m.arg) }

// Kind tells what an operation's value is.
type Kind uint8

const (
	KindNil    Kind = iota
	KindScalar      // one Sym
	KindTxn         // micro-ops
	KindList        // a list or vector of Syms; an empty one serves as an empty txn too
	KindSet         // a set of Syms
	KindMap         // pairs of Syms: key, value, key, value, ...
)

// NoTime is the time of an operation that recorded none.
const NoTime int64 = math.MinInt64
