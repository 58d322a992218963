package elle

// Options says what to check.
type Options struct {
	Workload  Workload
	Models    []string // consistency models asked for; nil means strict-serializable, empty means none
	Anomalies []string // further anomalies that make the history invalid
	// Version orders of rw-register, beyond what the initial state gives.
	WFRKeys          bool
	SequentialKeys   bool
	LinearizableKeys bool
	TransactionOrder map[int64]float64 // completion index → number
	// Initial, if set, is the value that every register had before the history began, as EDN text ("nil", "0").
	// A read of any other value that nobody wrote is then the anomaly garbage-read.
	Initial *string
	// MaxAnomalies bounds how many anomalies of one kind are listed (their true number is kept); 0 means all.
	MaxAnomalies int
	// Graphs asks for what drawings need: at most so many strongly connected components as Result.Graphs, and all that
	// orders the transactions of a cycle as Anomaly.Among. 0 means none.
	Graphs  int
	Workers int // 0 means GOMAXPROCS; the result does not depend on it
}

// Workload is the shape of the transactions.
type Workload uint8

const (
	Auto Workload = iota // told from the operations
	ListAppend
	RWRegister
	ClosedPredicate
)

// aboutRegisters tells whether any option is set that only rw-register looks at.
func (o *Options) aboutRegisters() bool {
	return o.WFRKeys || o.SequentialKeys || o.LinearizableKeys || o.TransactionOrder != nil || o.Initial != nil
}
