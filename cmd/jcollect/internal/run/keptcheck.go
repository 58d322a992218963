package run

import (
	"fmt"

	"jcheck/check/all"
)

// A keptCheck is a check with its options.
type keptCheck struct {
	Name    string         `json:"name"`
	Options map[string]any `json:"options,omitempty"`
}

// values are the options of a kept check, in the types that its checker wants: JSON knows one kind of number only.
func values(c keptCheck) (all.Values, error) {
	v := all.Values{}
	row, ok := all.Find(c.Name)
	if !ok {
		return v, nil // it only draws
	}
	for name, value := range c.Options {
		known := false
		for _, o := range row.Options {
			if o.Name != name {
				continue
			}
			known = true
			switch x := value.(type) {
			case float64:
				v[name] = x
				if o.Kind == all.Number {
					v[name] = int64(x)
				}
			case []any:
				texts := []string{}
				for _, t := range x {
					texts = append(texts, fmt.Sprint(t))
				}
				v[name] = texts
			default:
				v[name] = x
			}
		}
		if !known {
			return nil, fmt.Errorf("it has no option %q", name)
		}
	}
	return v, nil
}
