package all

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/linearizable"
)

// objects are the checkers of transactions and of single objects, which have verbs with more options of their own.
func objects() []Checker {
	return []Checker{{
		Name:    "elle",
		Doc:     "transactional isolation: list-append, rw-register, closed-predicate",
		OwnKeys: true,
		OwnVerb: true,
		Options: []Option{
			{Name: "consistency-models", Short: "c", Kind: List, Doc: "elle: `MODELS` to check, with commas between (default strict-serializable)"},
		},
		Recognise: recogniseTxns,
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return elle.Check(ctx, h, elle.Options{Models: v.List("consistency-models"), MaxAnomalies: check.MaxListed})
		},
	}, {
		Name:    "linearizable",
		Doc:     "one object: register, queue, lock and the like",
		OwnKeys: true,
		OwnVerb: true,
		Options: []Option{
			{Name: "model", Short: "m", Kind: Text, Doc: "linearizable: what the object is (default told from the operations)"},
			{Name: "initial", Kind: Text, Doc: "linearizable: the `VALUE` of the object before the history began, as EDN"},
		},
		Recognise: recogniseObject,
		Check:     checkObject,
	}}
}

// recogniseTxns tells what elle checks: operations whose values are lists of micro-ops that it knows.
func recogniseTxns(s *Shape) (Fit, string) {
	w, err := elle.Recognise(s.H, elle.Auto)
	if err != nil || s.Nameless == s.Clients {
		return No, ""
	}
	counts := make(map[history.MopF]int)
	for _, c := range s.Calls {
		for _, m := range c.Mops {
			counts[m.F] += m.Count
		}
	}
	switch {
	case len(counts) == 0:
		return No, ""
	case counts[history.MopAppend] > 0, counts[history.MopInsert]+counts[history.MopDelete]+counts[history.MopRP] > 0:
		return Certain, fmt.Sprintf("transactions of %s", w)
	case s.Only("txn", ""):
		return Likely, fmt.Sprintf("transactions of %s", w)
	}
	return Possible, fmt.Sprintf("the values are transactions of %s", w)
}

// recogniseObject tells what linearizable checks, by functions that only one datatype has.
func recogniseObject(s *Shape) (Fit, string) {
	datatype, err := linearizable.Recognise(s.H)
	if err != nil || s.Nameless == s.Clients {
		return No, ""
	}
	switch datatype {
	case "multi-register": // if its micro-ops are those of elle, too, nobody means one object
		if fit, _ := recogniseTxns(s); fit != No {
			return No, ""
		}
	case "register":
		if !s.Has("write") {
			return Possible / 3, "clients read"
		}
	case "set", "counter", "fifo-queue", "unordered-queue": // which others check by weaker promises that more databases make
		return Possible / 2, "could be a linearizable " + datatype
	}
	if d, err := linearizable.Find(datatype); err != nil || !s.Only(d.Functions...) {
		return Possible / 3, fmt.Sprintf("some operations are those of a %s", datatype)
	}
	return Likely, "operations of a " + datatype
}

// checkObject checks by the model that was given, or that the operations tell.
func checkObject(ctx context.Context, h *history.History, v Values) check.Result {
	var o linearizable.Options
	o.Datatype, _ = v.Text("model")
	o.Initial, _ = v.Text("initial")
	if o.Datatype == "" {
		var err error
		if o.Datatype, err = linearizable.Recognise(h); err != nil {
			return check.Result{Checker: linearizable.Checker, Reasons: []check.Reason{{Code: "another-datatype", Text: err.Error()}}}
		}
	}
	return linearizable.Check(ctx, h, o)
}
