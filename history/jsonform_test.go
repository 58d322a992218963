package history

import (
	"strings"
	"testing"
)

// Without this a value could lose digits or its shape on its way through JSON, or a broken one pass.
func TestJSONForm(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": [1, 9007199254740993, 123456789012345678901234567890, 1.0, null, true, "f"]}`: `{:a [1 9007199254740993 123456789012345678901234567890N 1.0 nil true "f"]}`,
		`{"type": "ok", "value": [["r", 1, null]]}`:                                          `{:type "ok", :value [["r" 1 nil]]}`,
		` "é\n\ud83d\ude00" `:    `"é\n😀"`,
		`1 2`:                    "!byte 2",
		`{"a":1}x`:               "!byte 7",
		`[1,`:                    "!byte 3: the end",
		``:                       "!byte 0",
		"1\x00":                  "!byte 1",
		strings.Repeat("[", 600): "!byte 512",
	} {
		v, err := ParseJSON([]byte(text))
		if message, ok := strings.CutPrefix(want, "!"); ok {
			if err == nil || !strings.HasPrefix(err.Error(), message) {
				t.Errorf("%.40s: got %v, %v, want %s", text, v, err, message)
			}
			continue
		}
		if err != nil || v.String() != want {
			t.Errorf("%s: got %v, %v, want %s", text, v, err, want)
			continue
		}
		again, err := ParseJSON(AppendJSON(nil, v))
		if err != nil || again.String() != want {
			t.Errorf("%s printed and read again: got %v, %v", text, again, err)
		}
	}
}
