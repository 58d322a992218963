package client

import (
	"context"
	"errors"
	"net"
)

// A sqlConn is one connection to a database that speaks SQL.
type sqlConn interface {
	// exec performs one statement, whose arguments stand for $1, $2, ... Each stands once, and in order. An error is a
	// *failure: what the database said by its table, anything else by how much of the statement was sent.
	exec(ctx context.Context, statement string, args ...string) (sqlResult, error)
	// usable tells whether another statement may be tried.
	usable() bool
	close()
}

// A sqlResult is what a statement gave: rows of texts, nil for NULL.
type sqlResult struct {
	rows     [][]*string
	affected int64
	tag      string // what was done, in the database's word; "" if it doesn't say
}

// text is the first column of the first row.
func (r sqlResult) text() (string, bool) {
	if len(r.rows) == 0 || len(r.rows[0]) == 0 || r.rows[0][0] == nil {
		return "", false
	}
	return *r.rows[0][0], true
}

// column are the texts of the first column.
func (r sqlResult) column() []string {
	var list []string
	for _, row := range r.rows {
		if len(row) > 0 && row[0] != nil {
			list = append(list, *row[0])
		}
	}
	return list
}

// oneDial dials a single time: libraries dial again to cancel a statement, or to try other ways, which no session of ours
// wants.
type oneDial struct{ wire *wire }

// errDialed is the answer to a second try.
var errDialed = errors.New("a session has one connection")

// dial reaches the address, at first.
func (o *oneDial) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	if o.wire != nil {
		return nil, errDialed
	}
	w, err := dial(ctx, addr)
	o.wire = w
	if err != nil {
		return nil, err
	}
	return w, nil
}
