package agent

// Words of Corrupt.How.
const (
	Bitflip  = "bitflip"  // bits of the affected chunks are flipped, each with Probability
	CopyFrom = "copy"     // affected chunks get what unaffected ones have
	Snapshot = "snapshot" // affected chunks are kept for restore
	Restore  = "restore"  // affected chunks get what they had at the last snapshot
	Truncate = "truncate" // the file loses its last Drop bytes
)

// DefaultChunk is the length of a chunk if nothing else is said.
const DefaultChunk = 1 << 20

// Corrupt is the request to damage a file. From Start to End it consists of chunks of Chunk bytes; affected is every
// Mod-th of them, beginning with number Index. If File is a folder, one of the plain files below it is chosen by Seed.
type Corrupt struct {
	How         string  `json:"how"`
	File        string  `json:"file"`
	Start       int64   `json:"start,omitempty"`
	End         int64   `json:"end,omitempty"`   // 0 is the end of the file
	Chunk       int64   `json:"chunk,omitempty"` // 0 is DefaultChunk
	Index       int64   `json:"index,omitempty"`
	Mod         int64   `json:"mod,omitempty"`         // 0 is 1: all chunks
	Probability float64 `json:"probability,omitempty"` // of Bitflip, per bit
	Drop        int64   `json:"drop,omitempty"`        // of Truncate
	Seed        uint64  `json:"seed"`
}

// Corrupted is what was done.
type Corrupted struct {
	File   string `json:"file"`
	Size   int64  `json:"size"`             // of the file, before
	Chunks int64  `json:"chunks,omitempty"` // that are affected
	Bits   int64  `json:"bits,omitempty"`   // that were flipped
	Bytes  int64  `json:"bytes,omitempty"`  // that were written, kept or cut off
}
