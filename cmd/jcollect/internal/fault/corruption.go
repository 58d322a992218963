package fault

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// A Corruption says what is done to which files. The words and their meaning are Jepsen's (nemesis.file).
type Corruption struct {
	Paths       []string // files, or folders of which a file is chosen by chance
	How         []string // of corruptionHow
	Probability float64  // of a bit to be flipped; 0 is a random one
	Drop        int64    // bytes that a file loses; 0 is a random number
	Start, End  int64    // the region; End 0 is the file's end
	Chunk       int64    // bytes; 0 is the agent's usual
	Mod, Index  int64    // every Mod-th chunk from number Index
	Stripes     bool     // each node damages other chunks, so that a whole copy of each is left
	Most        int      // nodes that are ever struck; 0 is any number
}

// A corruptionRow is a word of plans, the operation for it, and the agent's word.
type corruptionRow struct{ word, f, agent string }

// corruptionHow are the things that may be done to files, and the agent's words for them. All but the first two work on
// chunks; they share the agent's code with those.
var corruptionHow = [...]corruptionRow{
	{"bitflip", "bitflip", agent.Bitflip},
	{"truncate", "truncate", agent.Truncate},
	{"bitflip-chunks", "bitflip-file-chunks", agent.Bitflip},
	{"copy", "copy-file-chunks", agent.CopyFrom},
	{"snapshot", "snapshot-file-chunks", agent.Snapshot},
	{"restore", "restore-file-chunks", agent.Restore},
}

// maxDrop is how much a random truncation takes, as Jepsen's.
const maxDrop = 1 << 10

// readCorruption reads what is done to which files.
func (f *Plan) readCorruption(n *plan.Node, p *plan.Problems) {
	c := &f.Corruption
	c.Mod = 1
	var words []string
	for _, row := range corruptionHow {
		words = append(words, row.word)
	}
	number := func(to *int64, least int) func(*plan.Node, *plan.Problems) {
		return func(n *plan.Node, p *plan.Problems) {
			var i int
			plan.Int(&i, least, math.MaxInt32)(n, p)
			*to = int64(i)
		}
	}
	n.Fields(p, "file-corruption",
		plan.Field{Key: "path", Doc: "a file, a folder, or a list of such", Required: true, Read: plan.Strs(&c.Paths)},
		plan.Field{Key: "how", Doc: "a list of " + strings.Join(words, ", "), Read: plan.Each(func(item *plan.Node, p *plan.Problems) {
			var how string
			plan.OneOf(&how, words...)(item, p)
			c.How = append(c.How, how)
		})},
		plan.Field{Key: "probability", Doc: "of each bit to be flipped (random, 0.1 to 0.0001)", Read: plan.Float(&c.Probability, 0, 1)},
		plan.Field{Key: "drop", Doc: "how much truncate takes: 1kB (random, up to 1KiB)", Read: size(&c.Drop)},
		plan.Field{Key: "start", Doc: "where the region begins (0B)", Read: size(&c.Start)},
		plan.Field{Key: "end", Doc: "where it ends (the file's end)", Read: size(&c.End)},
		plan.Field{Key: "chunk", Doc: "of what size chunks are (1MiB)", Read: size(&c.Chunk)},
		plan.Field{Key: "mod", Doc: "every how manieth chunk is affected (1)", Read: number(&c.Mod, 1)},
		plan.Field{Key: "index", Doc: "from which chunk on (0)", Read: number(&c.Index, 0)},
		plan.Field{Key: "stripes", Doc: "true: each node damages chunks of its own, and a whole copy of each is left", Read: plan.Bool(&c.Stripes)},
		plan.Field{Key: "most", Doc: "how many nodes are ever struck (any number)", Read: plan.Int(&c.Most, 1, 1000)})
	for _, path := range c.Paths {
		fromRoot(new(string))(&plan.Node{Kind: plan.Scalar, Text: path, Pos: n.Pos}, p)
	}
	switch {
	case c.Index >= c.Mod:
		p.Add(n.Pos, "index: 0, or a higher mod", "file-corruption: the index %d is none below mod", c.Index)
	case slices.Contains(c.How, "copy") && c.Mod < 2 && !c.Stripes:
		p.Add(n.Pos, "mod: 2, or stripes: true", "file-corruption: copying needs chunks that are not affected")
	case c.End > 0 && c.End <= c.Start:
		p.Add(n.Pos, "end: after start", "file-corruption: the region is empty")
	}
}

// corruptionKind damages files. Nothing heals it: that is the database's part.
func corruptionKind() kind {
	k := kind{
		name: "file-corruption", doc: "bits of files are flipped, chunks copied, brought back from earlier, or cut off", words: nodeWords[:],
		needs: func(n *Nemesis, _ string) []Impossible {
			if len(n.plan.Corruption.Paths) == 0 {
				return []Impossible{{Why: "the plan doesn't say which files", Mend: "nemesis: file-corruption: {path: ...}"}}
			}
			return n.needsPrimaries("file-corruption")
		},
		begin: beginCorruption,
		// A snapshot is followed by bringing it back.
		end:     undo("restore-file-chunks"),
		prepare: forgetSnapshots, restore: forgetSnapshots,
	}
	for _, row := range corruptionHow {
		k.moves = append(k.moves, move{f: row.f, do: corrupt(row.agent)})
	}
	return k
}

// beginCorruption is one of the things that the plan does to files. What brings a snapshot back waits for that.
func beginCorruption(p Plan, rng *rand.Rand) (generator.Template, string) {
	rows := slices.Clone(corruptionHow[:2])
	if how := p.Corruption.How; len(how) > 0 {
		rows = slices.DeleteFunc(slices.Clone(corruptionHow[:]), func(row corruptionRow) bool {
			return !slices.Contains(how, row.word) || row.word == "restore" && slices.Contains(how, "snapshot")
		})
	}
	row := rows[rng.IntN(len(rows))]
	t := generator.Template{F: row.f, Value: p.target("file-corruption", rng).value()}
	if row.agent == agent.Snapshot && slices.Contains(p.Corruption.How, "restore") {
		return t, row.f
	}
	return t, ""
}

// forgetSnapshots removes what snapshots kept: an earlier run's are of other files.
func forgetSnapshots(ctx context.Context, _ *Nemesis, on *node.Node) error {
	return on.ForgetSnapshots(ctx)
}

// corrupt is an operation on the files of the nodes that its value names: as a target; as a map from nodes to what
// differs from the plan, {"n1" {:file "/x", :probability 0.01}}; or as a list of such with :node.
func corrupt(how string) func(context.Context, *Nemesis, client.Call) (history.Value, error) {
	return func(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
		given, names, err := n.perNode(ctx, byNode(c.Value))
		if err != nil {
			return history.Value{}, err
		}
		names = n.strikable(names)
		if how == agent.Restore && c.Value.IsNil() {
			names = n.snapshots()
		}
		requests := map[string]agent.Corrupt{}
		for _, name := range names {
			i, rng := slices.Index(n.names, name), n.chance()
			if how == agent.Snapshot || how == agent.Restore {
				rng = dice(n.o.Seed, uint64(i), 0, 3) // the same file of a folder both times
			}
			if requests[name], err = n.plan.Corruption.request(how, i, len(n.names), given[name], rng); err != nil {
				return history.Value{}, err
			}
		}
		var mu sync.Mutex
		done := map[string]history.Value{}
		errs := n.each(ctx, names, func(ctx context.Context, on *node.Node) error {
			did, err := on.Corrupt(ctx, requests[on.Name])
			mu.Lock()
			defer mu.Unlock()
			done[on.Name] = corruptedValue(did, requests[on.Name])
			if how == agent.Snapshot && err == nil {
				n.mu.Lock()
				defer n.mu.Unlock()
				n.kept[on.Name] = true
			}
			return err
		})
		return perNodeValue(names, done, errs), joinNodes(c.F, errs)
	}
}

// snapshots are the nodes whose files have some.
func (n *Nemesis) snapshots() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return sortedKeys(n.kept)
}

// byNode turns a list of maps with :node into a map by node; whatever else stays as it is.
func byNode(v history.Value) history.Value {
	if !v.Sequential() {
		return v
	}
	var pairs []history.Value
	for _, item := range v.Items {
		name, ok := item.Get(edn.NewKeyword("node"))
		if !ok {
			return v
		}
		pairs = append(pairs, name, item)
	}
	if pairs == nil {
		return v
	}
	return edn.NewMap(pairs)
}

// strikable are those of the nodes that may be struck: the same few over the whole test if the plan says so.
func (n *Nemesis) strikable(names []string) []string {
	most := n.plan.Corruption.Most
	if most == 0 || most >= len(n.names) {
		return names
	}
	few := shuffled(n.names, dice(n.o.Seed, 0, 0, 2))[:most]
	chosen := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(few, name) })
	if len(chosen) == 0 {
		return few[:1]
	}
	return chosen
}

// request is what the agent of one of count nodes is asked for: what the plan says, but for what v says.
func (c Corruption) request(how string, i, count int, v history.Value, rng *rand.Rand) (agent.Corrupt, error) {
	r := agent.Corrupt{How: how, Start: c.Start, End: c.End, Chunk: c.Chunk, Index: c.Index, Mod: c.Mod,
		Probability: c.Probability, Drop: c.Drop, Seed: rng.Uint64()}
	if len(c.Paths) > 0 {
		r.File = c.Paths[rng.IntN(len(c.Paths))]
	}
	if c.Stripes {
		r.Index, r.Mod = int64(i), int64(count)
	}
	if r.Probability == 0 {
		r.Probability = math.Pow(10, -1-3*rng.Float64())
	}
	if r.Drop == 0 {
		r.Drop = 1 + rng.Int64N(maxDrop)
	}
	for key, to := range map[string]*int64{"start": &r.Start, "end": &r.End, "chunk-size": &r.Chunk, "mod": &r.Mod, "i": &r.Index, "drop": &r.Drop, "size": &r.Drop} {
		if got, ok := v.Get(edn.NewKeyword(key)); ok {
			*to = got.Int()
		}
	}
	if got, ok := v.Get(edn.NewKeyword("probability")); ok {
		r.Probability = got.Float()
	}
	if got, ok := v.Get(edn.NewKeyword("file")); ok {
		r.File = got.Text
	}
	if r.File == "" {
		return r, errors.Join(errNoPath("file-corruption"))
	}
	return r, nil
}

// corruptedValue is what was done to a file.
func corruptedValue(did agent.Corrupted, r agent.Corrupt) history.Value {
	pairs := []history.Value{edn.NewKeyword("file"), edn.NewString(did.File), edn.NewKeyword("size"), edn.NewInt(did.Size)}
	add := func(key string, n int64) {
		if n > 0 {
			pairs = append(pairs, edn.NewKeyword(key), edn.NewInt(n))
		}
	}
	add("chunks", did.Chunks)
	add("bits", did.Bits)
	add("bytes", did.Bytes)
	if r.How == agent.Bitflip {
		pairs = append(pairs, edn.NewKeyword("probability"), edn.NewFloat(r.Probability))
	}
	return edn.NewMap(pairs)
}
