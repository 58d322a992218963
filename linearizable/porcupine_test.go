package linearizable

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// lamp is a datatype of a user's own: a lamp that is switched, and dims itself by steps.
func lamp() Datatype {
	return Datatype{
		Name:      "lamp",
		Functions: []string{"switch-on", "dim", "look"},
		Init:      func(history.Value) (any, error) { return 0, nil },
		Step: func(state any, c Call) (any, string) {
			light := state.(int)
			switch seen, known := c.Value.Int(); {
			case c.F == "switch-on":
				return 3, ""
			case c.F == "dim" && light == 0:
				return nil, "can't dim a lamp that is off"
			case c.F == "dim":
				return light - 1, ""
			case known && int(seen) != light:
				return nil, fmt.Sprintf("can't see light %d of a lamp at %d", seen, light)
			}
			return light, ""
		},
		Show:     func(state any) history.Value { return edn.NewInt(int64(state.(int))) },
		ReadOnly: func(c Call) bool { return c.F == "look" },
	}
}

func TestOwnDatatypeInPorcupine(t *testing.T) {
	// Without this, a datatype of a user's own could be judged here, but not drawn by Porcupine: crashed calls and those
	// that break off are where its drawing ends in a panic.
	good := "0 invoke switch-on nil\n1 invoke dim nil\n0 ok switch-on nil\n2 invoke look nil\n2 ok look 2\n3 invoke dim nil\n"
	for want, lines := range map[check.Verdict]string{
		check.Valid:   good + "2 invoke look nil\n2 ok look 1\n",
		check.Invalid: good + "2 invoke look nil\n2 ok look 0\n2 invoke look nil\n2 ok look 1",
	} {
		h, d := read(t, lines), lamp()
		if r := Check(context.Background(), h, Options{Own: &d}); r.Verdict != want {
			t.Errorf("verdict is %s, want %s", r.Verdict, want)
		}
		model, err := d.Porcupine(history.Value{})
		if err != nil {
			t.Fatal(err)
		}
		ops, reasons := d.Operations(h, Drop)
		if len(reasons) > 0 {
			t.Fatal(reasons)
		}
		got, info := porcupine.CheckOperationsVerbose(model, ops, 0)
		if (got == porcupine.Ok) != (want == check.Valid) {
			t.Errorf("Porcupine says %s, want %s", got, want)
		}
		var page bytes.Buffer
		if err := porcupine.Visualize(model, info, &page); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{`look 2`, `switch-on nil`, `dim nil`} {
			if !strings.Contains(page.String(), text) {
				t.Errorf("the page doesn't tell of the call %q", text)
			}
		}
	}
}
