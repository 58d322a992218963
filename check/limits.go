package check

// MaxListed is how many anomalies of one kind the small checkers tell of at most; Anomaly.Total says how many there were.
const MaxListed = 100

// Interrupted is the reason of a check that its context ended. The command says by which limit.
var Interrupted = Reason{Code: "interrupted", Text: "interrupted before it was finished"}
