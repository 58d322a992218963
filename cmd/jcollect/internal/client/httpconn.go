package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// A httpConn is one connection that speaks HTTP/1.1. It is made of net/http's parts without its Transport, which pools
// connections and sends some requests again.
type httpConn struct {
	wire *wire
	rw   io.ReadWriter
	r    *bufio.Reader
	host string
	done bool // the server wants no more requests on it
}

// A httpReply is an answer.
type httpReply struct {
	status int
	body   []byte
}

// openHTTP connects.
func openHTTP(ctx context.Context, addr string, conf *tls.Config) (*httpConn, error) {
	w, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	rw, err := secure(ctx, w, conf, addr)
	if err != nil {
		return nil, err
	}
	return &httpConn{wire: w, rw: rw, r: bufio.NewReader(rw), host: addr}, nil
}

// do sends one request and reads its answer. Redirections are answers like any other.
func (c *httpConn) do(ctx context.Context, method, target string, header http.Header, body []byte) (httpReply, error) {
	at, err := url.Parse("http://" + c.host + target)
	if err != nil {
		return httpReply{}, refuse("malformed", err.Error())
	}
	req, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader(body))
	if err != nil {
		return httpReply{}, refuse("malformed", err.Error())
	}
	if req.Header = header.Clone(); req.Header == nil {
		req.Header = make(http.Header)
	}
	if h := header.Get("Host"); h != "" {
		req.Host = h
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "jcollect")
	}
	// What makes no request must not reach the connection in part.
	var text bytes.Buffer
	if err := req.Write(&text); err != nil {
		return httpReply{}, refuse("malformed", err.Error())
	}
	defer c.wire.guard(ctx)()
	before := c.wire.expect()
	if err := ctx.Err(); err != nil {
		return httpReply{}, refuse("not-sent", err.Error())
	}
	_, err = c.rw.Write(text.Bytes())
	if err == nil {
		var reply httpReply
		if reply, err = c.reply(req); err == nil {
			return reply, nil
		}
	}
	c.done = true
	return httpReply{}, wireFailure(ctx, err, c.wire.sever()-before)
}

// reply reads an answer, after those that only announce it.
func (c *httpConn) reply(req *http.Request) (httpReply, error) {
	for {
		resp, err := http.ReadResponse(c.r, req)
		if err != nil {
			return httpReply{}, httpGarbage(err)
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
		if err != nil {
			return httpReply{}, httpGarbage(err)
		}
		if len(body) > maxReply {
			return httpReply{}, &garbageError{"an answer that is too long"}
		}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			return httpReply{}, &garbageError{"an answer that changes the protocol"}
		}
		if resp.StatusCode >= 200 {
			c.done = resp.Close || resp.ContentLength == -1 && len(resp.TransferEncoding) == 0
			return httpReply{resp.StatusCode, body}, nil
		}
	}
}

// httpGarbage tells answers that are none from a broken connection.
func httpGarbage(err error) error {
	var net interface{ Timeout() bool }
	var garbage *garbageError
	if errors.As(err, &garbage) || errors.As(err, &net) || isEnd(err) {
		return err
	}
	return &garbageError{fmt.Sprintf("no HTTP answer: %.200s", err)}
}

func (c *httpConn) usable() bool { return !c.done && c.wire.fresh(c.r, c.rw != io.ReadWriter(c.wire)) }

func (c *httpConn) close() { c.wire.sever() }
