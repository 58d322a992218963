package history

import "runtime"

// Format is how a history is spelled.
type Format uint8

// The formats. FormatAuto is told from the content, never only from the file's name.
const (
	FormatAuto Format = iota
	FormatEDN
	FormatJSON
)

// String is the format's name as flags spell it.
func (f Format) String() string { return [...]string{"auto", "edn", "json"}[f%3] }

// Independent says whether operations' values are [key value] tuples, each key a history of its own.
type Independent uint8

const (
	// IndependentAuto takes values for tuples only where nothing else is plausible (see independent.go).
	IndependentAuto Independent = iota
	IndependentOn
	IndependentOff
)

// Options says how to read a history. The zero value reads anything, strictly.
type Options struct {
	Format      Format
	Lenient     bool // use what came before a truncated tail
	Tolerant    bool // read what can be read of an input with problems, which History.Faults then tells: for tools that list them
	Independent Independent
	Workers     int                     // goroutines that read; 0 means GOMAXPROCS. The history doesn't depend on it.
	Progress    func(done, total int64) // bytes read so far, and in all; may be nil
	MaxBytes    int64                   // how large standard input or what is unpacked may get; 0 means DefaultMaxBytes

	files []part // that the input was put together of
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}
