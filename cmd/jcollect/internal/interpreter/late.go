package interpreter

import (
	"fmt"
	"time"
)

// lateStep is how fine lateness is counted, and lateSteps how far.
const (
	lateStep  = 10 * time.Microsecond
	lateSteps = 1000
)

// Lateness counts how late operations began.
type Lateness struct {
	Count int64
	Max   time.Duration
	steps [lateSteps + 1]int64 // the last one counts all that were later still
}

// add counts one.
func (l *Lateness) add(late time.Duration) {
	l.Count++
	l.Max = max(l.Max, late)
	l.steps[min(int(late/lateStep), lateSteps)]++
}

// Quantile is a bound that a part of all, from 0 to 1, began within.
func (l Lateness) Quantile(part float64) time.Duration {
	want := int64(part * float64(l.Count))
	for i, n := range l.steps {
		if want -= n; want <= 0 && i < lateSteps {
			return min(time.Duration(i+1)*lateStep, l.Max)
		}
	}
	return l.Max
}

// String is the usual figures.
func (l Lateness) String() string {
	return fmt.Sprintf("%d, half of them within %v, 99 of 100 within %v, all within %v", l.Count, l.Quantile(0.5), l.Quantile(0.99), l.Max)
}
