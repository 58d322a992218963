package history

import "fmt"

// AppendJSON prints v as JSON behind dst, as a Writer does: keywords become strings, lists and sets arrays, and the keys
// of maps strings.
func AppendJSON(dst []byte, v Value) []byte { return appendJSON(dst, v) }

// ParseJSON reads one JSON value, strictly, and nothing may follow it but space. Every digit of a number is kept. Keys of
// objects become keywords; what is a string otherwise stays one.
func ParseJSON(data []byte) (Value, error) {
	p := jsonParser{src: data, bare: true}
	v, bad := p.value(0)
	if p.peek(); bad == nil && p.pos < len(data) {
		bad = p.fault(p.pos, "nothing more")
	}
	if bad != nil && bad.want == "" {
		return Value{}, fmt.Errorf("byte %d: %s", bad.off, bad.found)
	}
	if bad != nil {
		return Value{}, fmt.Errorf("byte %d: %s, want %s", bad.off, bad.found, bad.want)
	}
	return v, nil
}
