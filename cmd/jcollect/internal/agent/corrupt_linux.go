package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
)

// maxChunk bounds what of a file is held in memory.
const maxChunk = 64 << 20

// corrupt damages a file, in place and through the page cache: whoever has it open sees it.
func (a *agent) corrupt(ctx context.Context, in Corrupt) (done Corrupted, err error) {
	dice := rand.New(rand.NewPCG(in.Seed, 0x6a63))
	if in.Chunk == 0 {
		in.Chunk = DefaultChunk
	}
	if in.Mod == 0 {
		in.Mod = 1
	}
	if !filepath.IsAbs(in.File) || in.Chunk < 1 || in.Chunk > maxChunk || in.Mod < 1 || in.Index < 0 || in.Index >= in.Mod ||
		in.Start < 0 || in.End < 0 || in.End > 0 && in.End < in.Start || in.Drop < 0 || !(in.Probability >= 0 && in.Probability <= 1) {
		return done, hinted(Usage, "0 <= index < mod, 0 <= start <= end, 0 <= probability <= 1, chunks up to 64 MB", "corrupt: no chunks are meant by %+v", in)
	}
	if done.File, err = choose(in.File, dice); err != nil {
		return done, err
	}
	f, err := os.OpenFile(done.File, os.O_RDWR, 0)
	if err != nil {
		return done, errorf(Failed, "%v", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return done, err
	}
	done.Size = info.Size()
	c := &corruption{Corrupt: in, agent: a, file: f, dice: dice, done: &done, end: done.Size}
	if in.End > 0 {
		c.end = min(in.End, done.Size)
	}
	do := map[string]func(context.Context) error{Bitflip: c.bitflip, CopyFrom: c.copy, Snapshot: c.snapshot, Restore: c.restore, Truncate: c.truncate}[in.How]
	if do == nil {
		return done, hinted(Usage, "bitflip, copy, snapshot, restore, truncate", "corrupt: %q is not known", in.How)
	}
	return done, errors.Join(do(ctx), f.Sync())
}

// choose is the file itself, or one of those below a folder.
func choose(path string, dice *rand.Rand) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", errorf(NotFound, "%v", err)
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return "", errorf(Refused, "%s is no plain file", path)
		}
		return path, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, p)
		}
		return ignoreGone(err)
	})
	if err != nil || len(files) == 0 {
		return "", errors.Join(err, errorf(NotFound, "there is no plain file below %s", path))
	}
	sort.Strings(files)
	return files[dice.IntN(len(files))], nil
}

// ignoreGone drops the error of a file that vanished meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// A corruption is a request on an open file.
type corruption struct {
	Corrupt
	agent *agent
	file  *os.File
	dice  *rand.Rand
	done  *Corrupted
	end   int64
}

// chunks is how many chunks there are; the last may be shorter.
func (c *corruption) chunks() int64 {
	if c.end <= c.Start {
		return 0
	}
	return (c.end - c.Start + c.Chunk - 1) / c.Chunk
}

// span is where a chunk lies.
func (c *corruption) span(i int64) (at, length int64) {
	at = c.Start + i*c.Chunk
	return at, min(c.Chunk, c.end-at)
}

// each runs f on the affected chunks.
func (c *corruption) each(ctx context.Context, f func(i, at, length int64) error) error {
	for i := c.Index; i < c.chunks(); i += c.Mod {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, length := c.span(i)
		if err := f(i, at, length); err != nil {
			return fmt.Errorf("chunk %d of %s: %w", i, c.done.File, err)
		}
		c.done.Chunks++
	}
	return nil
}

// bitflip flips bits. How far it is to the next one is drawn, not whether each is flipped: a file has billions.
func (c *corruption) bitflip(ctx context.Context) error {
	if c.Probability == 0 {
		return errorf(Usage, "bitflip needs a probability")
	}
	buf := make([]byte, min(c.Chunk, max(c.end-c.Start, 1)))
	return c.each(ctx, func(_, at, length int64) error {
		b := buf[:length]
		if _, err := c.file.ReadAt(b, at); err != nil {
			return err
		}
		flipped := int64(0)
		for bit := c.skip(); bit < length*8; bit += 1 + c.skip() {
			b[bit/8] ^= 1 << (bit % 8)
			flipped++
		}
		if flipped == 0 {
			return nil
		}
		c.done.Bits += flipped
		n, err := c.file.WriteAt(b, at)
		c.done.Bytes += int64(n)
		return err
	})
}

// skip is how many bits stay before the next is flipped: geometric.
func (c *corruption) skip() int64 {
	if c.Probability >= 1 {
		return 0
	}
	s := math.Log(1-c.dice.Float64()) / math.Log1p(-c.Probability)
	return int64(min(s, 1<<60))
}

// copy overwrites affected chunks with unaffected ones of the same length, chosen at random.
func (c *corruption) copy(ctx context.Context) error {
	var sources []int64
	for i := range c.chunks() {
		if _, length := c.span(i); i%c.Mod != c.Index && length == c.Chunk {
			sources = append(sources, i)
		}
		if len(sources) == 1<<20 {
			break
		}
	}
	if len(sources) == 0 {
		return hinted(Failed, "a mod of 2 or more, and smaller chunks", "%s: there is no whole chunk that is not affected to copy from", c.done.File)
	}
	buf := make([]byte, c.Chunk)
	return c.each(ctx, func(_, at, length int64) error {
		from, _ := c.span(sources[c.dice.IntN(len(sources))])
		if _, err := c.file.ReadAt(buf[:length], from); err != nil {
			return err
		}
		n, err := c.file.WriteAt(buf[:length], at)
		c.done.Bytes += int64(n)
		return err
	})
}

// kept is where a chunk's snapshot lies.
func (c *corruption) kept(i int64) (string, error) {
	return c.agent.path(filepath.Join("snapshots", SafeName(c.done.File)), fmt.Sprintf("%d-%d-%d", c.Start, c.Chunk, i), "")
}

// snapshot keeps affected chunks.
func (c *corruption) snapshot(ctx context.Context) error {
	return c.each(ctx, func(i, at, length int64) error {
		b := make([]byte, length)
		if _, err := c.file.ReadAt(b, at); err != nil && err != io.EOF {
			return err
		}
		path, err := c.kept(i)
		if err != nil {
			return err
		}
		c.done.Bytes += length
		return replace(path, b)
	})
}

// restore brings the chunks of the last snapshot back: the file travels in time. A chunk that has no snapshot stays.
func (c *corruption) restore(ctx context.Context) error {
	err := c.each(ctx, func(i, at, _ int64) error {
		path, err := c.kept(i)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return ignoreGone(err)
		}
		n, err := c.file.WriteAt(b, at)
		c.done.Bytes += int64(n)
		return err
	})
	if err == nil && c.done.Bytes == 0 {
		return hinted(NotFound, "snapshot first, with the same start, chunk, index and mod", "%s has no snapshot", c.done.File)
	}
	return err
}

// truncate cuts the end of the file off.
func (c *corruption) truncate(context.Context) error {
	c.done.Bytes = min(c.Drop, c.done.Size)
	return c.file.Truncate(c.done.Size - c.done.Bytes)
}

// forget removes all snapshots: at the start and the end of a test.
func (a *agent) forget(context.Context, None) (None, error) {
	return None{}, os.RemoveAll(filepath.Join(a.state, "snapshots"))
}
