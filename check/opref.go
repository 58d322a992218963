package check

import (
	"jcheck/history"
	"jcheck/internal/edn"
)

// opTag marks a value that stands for an operation of the history.
const opTag = "jcheck/op"

// OpRef is a value that stands for operation id inside a Field: #jcheck/op 17. Encoders put the operation itself in its
// place, since only they have the history at hand.
func OpRef(id history.ID) history.Value {
	return edn.NewTagged(opTag, edn.NewInt(int64(id)))
}

// AsOpRef tells whether v is an OpRef, and of which operation.
func AsOpRef(v history.Value) (history.ID, bool) {
	if v.Kind != edn.Tagged || v.Text != opTag || len(v.Items) != 1 || v.Items[0].Kind != edn.Int {
		return history.None, false
	}
	return history.ID(v.Items[0].Int()), true
}
