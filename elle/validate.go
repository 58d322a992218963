package elle

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"jcheck/internal/cycle"
	"jcheck/internal/edn"
)

// DefaultModel is what is checked if Options.Models is nil.
const DefaultModel = "strict-serializable"

// models are the consistency models that the options ask for.
func (o Options) models() []string {
	if o.Models == nil {
		return []string{DefaultModel}
	}
	return o.Models
}

// Validate tells of the first model or anomaly that doesn't exist, and names the nearest that do.
func (o Options) Validate() error {
	for _, m := range o.Models {
		if _, ok := cycle.Canonical(m); !ok {
			return fmt.Errorf("unknown consistency model %q (hint: %s)", m, meant(cycle.NearestModels(m), "jcheck models"))
		}
	}
	known := cycle.AnomalyNames()
	for _, a := range o.Anomalies {
		if !slices.Contains(known, a) {
			return fmt.Errorf("unknown anomaly %q (hint: %s)", a, meant(nearest(a, known), "jcheck anomalies"))
		}
	}
	if _, err := o.initial(); err != nil {
		return err
	}
	if o.MaxAnomalies < 0 {
		return fmt.Errorf("the number of anomalies to list is %d (hint: 0 lists all)", o.MaxAnomalies)
	}
	if o.Workload > ClosedPredicate {
		return fmt.Errorf("unknown workload %d", o.Workload)
	}
	return nil
}

// initial is the value of a register before the history began: nil unless the options say otherwise.
func (o Options) initial() (edn.Value, error) {
	if o.Initial == nil {
		return edn.Value{}, nil
	}
	v, n, err := edn.Parse([]byte(*o.Initial))
	if err == nil {
		if _, _, more := edn.Parse([]byte(*o.Initial)[n:]); !errors.Is(more, io.EOF) {
			err = errors.New("it is more than one")
		}
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("it is empty")
	}
	if err != nil {
		return v, fmt.Errorf("initial value %q is not an EDN value: %w (hint: nil, 0, :none)", *o.Initial, err)
	}
	return v, nil
}

// meant suggests names, or else the command that lists them all.
func meant(names []string, command string) string {
	if len(names) == 0 {
		return command + " lists them"
	}
	return "did you mean " + strings.Join(names, " or ") + "?"
}

// nearest picks up to three known names that share the most with name: case and separators aside, equal or one a part
// of the other.
func nearest(name string, known []string) []string {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(s))
	}
	want := plain(name)
	var near []string
	for _, k := range known {
		if p := plain(k); want != "" && (strings.Contains(p, want) || strings.Contains(want, p)) {
			near = append(near, k)
		}
	}
	slices.SortStableFunc(near, func(x, y string) int { return len(x) - len(y) })
	return near[:min(len(near), 3)]
}
