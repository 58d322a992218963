package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// unpack gives the text of compressed data, told by its first bytes, in place of the data, which it gives back; any other
// data it leaves as it is. cut is set where the compressed stream ends too early; then text is what came before.
func unpack(ctx context.Context, in input, o Options) (text input, cut *fault, err error) {
	var r io.Reader
	var name string
	switch {
	case bytes.HasPrefix(in.data, []byte("\x1f\x8b")):
		name = "gzip"
		z, err := gzip.NewReader(bytes.NewReader(in.data))
		if err != nil {
			return in, nil, unpackProblem(name, err)
		}
		r = z
	case bytes.HasPrefix(in.data, []byte("\x28\xb5\x2f\xfd")):
		name = "zstd"
		z, err := zstd.NewReader(bytes.NewReader(in.data), zstd.WithDecoderMaxWindow(1<<30), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return in, nil, unpackProblem(name, err)
		}
		defer z.Close()
		r = z
	default:
		return in, nil, nil
	}
	text, err = readAll(ctx, r, o, in.release != nil)
	if bad := in.close(); bad != nil {
		err = errors.Join(err, bad)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return text, &fault{len(text.data), codeTruncated, fmt.Sprintf("the end of the file within the %s stream", name), "", hintTruncated}, nil
	}
	var p problemError
	if err != nil && !errors.As(err, &p) && ctx.Err() == nil {
		err = unpackProblem(name, err)
	}
	return text, nil, err
}

// unpackProblem says that a compressed stream is broken.
func unpackProblem(name string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return problemError{Problem{Code: codeTruncated, Found: fmt.Sprintf("the end of the file within the %s header", name)}}
	}
	return problemError{Problem{Code: "corrupt", Found: fmt.Sprintf("a broken %s stream (%v)", name, err), Hint: "copy the file again"}}
}
