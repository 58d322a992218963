package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
	"jcheck/cmd/jcollect/internal/web"
)

// serveCommand is the verb serve.
func serveCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Show the store in a browser: runs, verdicts, files, pictures",
		Long: `Serves the runs of a store as web pages, until Ctrl-C: a list of them with their
verdicts, the last one first, and the files of each, to look at or to download as a
zip archive. Nothing can be changed there.

  jcollect serve                       http://localhost:8080
  jcollect serve --host 0.0.0.0        for every machine that can reach this one

There is no password: whoever reaches the port can read the whole store, logs and
histories. So only this machine may, unless --host says otherwise.`,
		Args: cli.Wants(0, 0, "", ""),
	}
	dir := c.Flags().String("store", defaultStore, "the `DIR` of all runs")
	host := c.Flags().StringP("host", "b", "127.0.0.1", "the `ADDRESS` to listen on")
	port := c.Flags().IntP("port", "p", 8080, "the `PORT`; 0 is any that is free")
	c.RunE = func(*cobra.Command, []string) error {
		if *port < 0 || *port > 65535 {
			return fmt.Errorf("--port %d: no port has that number (hint: 8080)", *port)
		}
		ip := net.ParseIP(*host)
		s, err := web.Open(*dir, *host == "localhost" || ip != nil && ip.IsLoopback())
		if err != nil {
			return err
		}
		return errors.Join(e.serve(s, net.JoinHostPort(*host, strconv.Itoa(*port))), s.Close())
	}
	return c
}

// How long who asks may take, and how long answers that are being sent may go on after Ctrl-C.
const (
	askLimit   = 10 * time.Second
	idleLimit  = 2 * time.Minute
	serveGrace = 3 * time.Second
)

// serve answers requests until Ctrl-C.
func (e *env) serve(pages http.Handler, address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("%w (hint: --port, --host)", err)
	}
	server := &http.Server{Handler: pages, ReadHeaderTimeout: askLimit, IdleTimeout: idleLimit, MaxHeaderBytes: 64 << 10}
	if _, err := fmt.Fprintf(e.stdout, "http://%s\n", l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(e.soft, func() {
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(e.soft), serveGrace)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // somebody downloads still; who asked for the end doesn't want to wait for that
		}
	})
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ended
	return nil
}
