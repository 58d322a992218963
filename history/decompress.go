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

// unpack gives the text of compressed data, told by its first bytes, and any other data as it is. cut is set where the
// compressed stream ends too early; then text is what came before.
func unpack(ctx context.Context, data []byte, o Options) (text []byte, cut *fault, err error) {
	var r io.Reader
	var name string
	switch {
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		name = "gzip"
		z, zerr := gzip.NewReader(bytes.NewReader(data))
		if zerr != nil {
			return nil, nil, unpackProblem(name, zerr)
		}
		r = z
	case bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd")):
		name = "zstd"
		z, zerr := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderMaxWindow(1<<30), zstd.WithDecoderConcurrency(1))
		if zerr != nil {
			return nil, nil, unpackProblem(name, zerr)
		}
		defer z.Close()
		r = z
	default:
		return data, nil, nil
	}
	text, err = readAll(ctx, r, o)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return text, &fault{len(text), codeTruncated, fmt.Sprintf("the end of the file within the %s stream", name), "", hintTruncated}, nil
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
