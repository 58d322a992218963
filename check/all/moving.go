package all

import (
	"context"

	"jcheck/check"
	"jcheck/check/bank"
	"jcheck/check/queue"
	"jcheck/check/totalqueue"
	"jcheck/check/uniqueids"
	"jcheck/history"
)

// moving are the checkers of things that are handed out, or moved from one place to another.
func moving() []Checker {
	return []Checker{bankRow(), queueRow(), totalQueueRow(), uniqueIDsRow()}
}

func bankRow() Checker {
	return Checker{
		Name: "bank",
		Doc:  "bank accounts: every read shows the same total, and no account is overdrawn",
		About: `Operations are transfer, and read of all balances at once, as a map of balances
by account. Each read must show the same total, and no negative balance. Without
--total-amount the total is the one that most reads show.`,
		Functions: bank.Functions(),
		Options: []Option{
			{Name: "total-amount", Short: "o", Kind: Number, Doc: "what all accounts hold together, `N`"},
			{Name: "accounts", Kind: List, Doc: "the `NAMES` of all accounts; without it any will do"},
			{Name: "allow-negative-balances", Short: "n", Kind: Switch, Doc: "accounts may be overdrawn"},
		},
		Recognise: func(s *Shape) (Fit, string) {
			if s.Only(bank.Functions()...) && s.Has("transfer") && s.Of("read").Answered.All(history.KindMap) {
				return Certain, "clients transfer amounts, and read maps of balances"
			}
			if reads := s.Of("read").Answered; s.Only("read") && reads.All(history.KindMap) && reads.Any(history.KindMap) {
				return Possible, "clients read maps, as of balances"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			o := bank.Options{Accounts: v.List("accounts"), NegativeBalances: v.On("allow-negative-balances"), JepsenCompat: v.Compat()}
			if n, ok := v.Number("total-amount"); ok {
				o.Total = &n
			}
			return bank.Check(ctx, h, o)
		},
	}
}

func queueRow() Checker {
	return Checker{
		Name: "queue",
		Doc:  "a queue: what is dequeued was enqueued before, no more often, and in order if it is a FIFO queue",
		About: `Operations are enqueue and dequeue of a value. Whatever is dequeued must have been
enqueued before. With --queue-model fifo-queue no element may overtake another that
was in the queue before. What is never dequeued doesn't matter; jcheck total-queue
checks that.`,
		Functions: queue.Functions(),
		Options:   []Option{{Name: "queue-model", Kind: Text, Doc: "the `MODEL` that the queue keeps: unordered-queue or fifo-queue"}},
		Recognise: func(s *Shape) (Fit, string) {
			if s.Only(queue.Functions()...) && s.Has("enqueue") {
				return Likely, "clients enqueue and dequeue"
			}
			return No, ""
		},
		Validate: func(v Values) error { return queueOptions(v).Validate() },
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return queue.Check(ctx, h, queueOptions(v))
		},
	}
}

func queueOptions(v Values) queue.Options {
	model, _ := v.Text("queue-model")
	return queue.Options{Model: model, JepsenCompat: v.Compat()}
}

func totalQueueRow() Checker {
	return Checker{
		Name: "total-queue",
		Doc:  "a queue that is emptied in the end: what was acknowledged comes out, and nothing else",
		About: `Operations are enqueue and dequeue of a value, and drain, which dequeues a list of
values. Every acknowledged element must come out by the end of the history, and
nothing that nobody enqueued. Elements may come out twice, which the figures say.`,
		Functions: totalqueue.Functions(),
		Options: []Option{{Name: "at-most-once", Kind: Switch,
			Doc: "a dequeue that crashed may have taken an element along: no more missing ones are unknown, not lost"}},
		Recognise: func(s *Shape) (Fit, string) {
			if s.Only(totalqueue.Functions()...) && s.Has("enqueue", "drain") {
				return Certain, "clients enqueue and dequeue, and drain the queue"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return totalqueue.Check(ctx, h, totalqueue.Options{JepsenCompat: v.Compat(), AtMostOnce: v.On("at-most-once")})
		},
	}
}

func uniqueIDsRow() Checker {
	return Checker{
		Name: "unique-ids",
		Doc:  "a generator of identifiers: no two calls are given the same one",
		About: `Operations are generate, whose answer is an identifier of any type. All that were
given must differ.`,
		Functions: uniqueids.Functions(),
		Recognise: func(s *Shape) (Fit, string) {
			if s.Only(uniqueids.Functions()...) && s.Has("generate") {
				return Certain, "clients generate identifiers"
			}
			return No, ""
		},
		Check: func(ctx context.Context, h *history.History, _ Values) check.Result {
			return uniqueids.Check(ctx, h, uniqueids.Options{})
		},
	}
}
