package all

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/linearizable"
)

// initialOption is shared by the checkers of objects that had a value before the history began.
func initialOption() Option {
	return Option{Name: "initial", Kind: Text, Doc: "elle, linearizable: the `VALUE` of every object before the history began, as EDN"}
}

// objects are the checkers of transactions and of single objects, which have verbs with more options of their own.
func objects() []Checker {
	return []Checker{{
		Name:    "elle",
		Doc:     "transactional isolation: list-append, rw-register, closed-predicate",
		OwnKeys: true,
		OwnVerb: true,
		Options: []Option{
			{Name: "consistency-models", Short: "c", Kind: List, Doc: "elle: `MODELS` to check, with commas between (default strict-serializable)"},
			{Name: "anomalies", Short: "a", Kind: List, Doc: "elle: further `ANOMALIES` to forbid"},
			{Name: "workload", Kind: Text, Doc: "elle: what the transactions are (default told from the operations)"},
			{Name: "wfr-keys", Doc: "elle: what a transaction writes to a key comes after what it read of it"},
			{Name: "sequential-keys", Doc: "elle: each register by itself is sequentially consistent"},
			{Name: "transaction-order", Kind: Places, Doc: "elle: rw-register: `FILE` with a map from the index of a completion to its place in the order"},
			{Name: "linearizable-keys", Doc: "elle: each register by itself is linearizable"},
			initialOption(),
		},
		Recognise: recogniseTxns,
		Validate:  validateTxns,
		Check:     checkTxns,
	}, {
		Name:    "linearizable",
		Doc:     "one object: register, queue, lock and the like",
		OwnKeys: true,
		OwnVerb: true,
		Options: []Option{
			{Name: "model", Short: "m", Kind: Text, Doc: "linearizable: what the object is (default told from the operations)"},
			{Name: "order", Kind: Text, Doc: "linearizable: what an order must keep: realtime, or session"},
			{Name: "failed", Kind: Text, Doc: "linearizable: what failed operations say: drop (nothing), or observe"},
			initialOption(),
		},
		Recognise: recogniseObject,
		Validate:  validateObject,
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

// invalidOptions is the result of options that make no sense.
func invalidOptions(checker string, err error) check.Result {
	return check.Result{Checker: checker, Reasons: []check.Reason{{Code: "invalid-options", Text: err.Error()}}}
}

// txnOptions are elle's.
func txnOptions(v Values) (elle.Options, error) {
	o := elle.Options{Models: v.List("consistency-models"), Anomalies: v.List("anomalies"), MaxAnomalies: check.MaxListed,
		WFRKeys: v.On("wfr-keys"), SequentialKeys: v.On("sequential-keys"), LinearizableKeys: v.On("linearizable-keys"),
		TransactionOrder: v.Order("transaction-order")}
	if initial, ok := v.Text("initial"); ok {
		o.Initial = &initial
	}
	if name, ok := v.Text("workload"); ok {
		var err error
		if o.Workload, err = elle.ParseWorkload(name); err != nil {
			return o, err
		}
	}
	return o, o.Validate()
}

func validateTxns(v Values) error {
	_, err := txnOptions(v)
	return err
}

// checkTxns checks transactions as the workload that was named, or that the operations tell.
func checkTxns(ctx context.Context, h *history.History, v Values) check.Result {
	o, err := txnOptions(v)
	if err != nil {
		return invalidOptions(elle.ListAppend.String(), err)
	}
	return elle.Check(ctx, h, o)
}

// objectOptions are linearizable's. The datatype is "" if it has to be told from the operations.
func objectOptions(v Values) (linearizable.Options, error) {
	var o linearizable.Options
	o.Datatype, _ = v.Text("model")
	o.Initial, _ = v.Text("initial")
	var err error
	if order, ok := v.Text("order"); ok {
		if o.Order, err = linearizable.ParseOrder(order); err != nil {
			return o, err
		}
	}
	switch failed, _ := v.Text("failed"); failed {
	case "observe":
		o.Failed = linearizable.Observe
	case "", "drop":
	default:
		return o, fmt.Errorf("failed operations %q (hint: drop, observe)", failed)
	}
	if _, ok := v.Text("model"); ok {
		return o, o.Validate()
	}
	return o, nil
}

func validateObject(v Values) error {
	_, err := objectOptions(v)
	return err
}

// checkObject checks by the model that was given, or that the operations tell.
func checkObject(ctx context.Context, h *history.History, v Values) check.Result {
	o, err := objectOptions(v)
	if err != nil {
		return invalidOptions(linearizable.Checker, err)
	}
	if o.Datatype == "" {
		if o.Datatype, err = linearizable.Recognise(h); err != nil {
			return check.Result{Checker: linearizable.Checker, Reasons: []check.Reason{{Code: "another-datatype", Text: err.Error()}}}
		}
	}
	return linearizable.Check(ctx, h, o)
}
