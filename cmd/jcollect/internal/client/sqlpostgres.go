package client

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// A pgConn is a connection to PostgreSQL, without the library's pool and types: all values are texts.
type pgConn struct {
	conn *pgconn.PgConn
	wire *wire
}

// openPostgres connects. The library's defaults from the environment don't count, the plan does.
func openPostgres(ctx context.Context, o *sqlPlan, p Process, database string) (sqlConn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	conf, err := pgconn.ParseConfig("host=localhost sslmode=disable")
	if err != nil {
		return nil, err
	}
	once := &oneDial{}
	conf.Host, conf.Port, conf.Database = o.hostOf(p), uint16(o.port), database
	conf.User, conf.Password, conf.TLSConfig = o.user, o.password, serverNamed(o.tls, conf.Host)
	conf.Fallbacks, conf.ValidateConnect = nil, nil
	conf.RuntimeParams = map[string]string{"application_name": "jcollect", "client_encoding": "UTF8"}
	conf.DialFunc, conf.MaxProtocolMessageBodyLen = once.dial, maxReply
	conn, err := pgconn.ConnectConfig(ctx, conf)
	if err != nil {
		if once.wire != nil {
			once.wire.sever()
		}
		return nil, err
	}
	return &pgConn{conn, once.wire}, nil
}

// exec performs one statement.
func (c *pgConn) exec(ctx context.Context, statement string, args ...string) (sqlResult, error) {
	defer c.wire.guard(ctx)()
	before := c.wire.expect()
	params := make([][]byte, len(args))
	for i, a := range args {
		params[i] = []byte(a)
	}
	r := c.conn.ExecParams(ctx, statement, params, nil, nil, nil).Read()
	if r.Err == nil {
		return sqlResult{rows: pgRows(r.Rows), affected: r.CommandTag.RowsAffected(), tag: r.CommandTag.String()}, nil
	}
	var said *pgconn.PgError
	if errors.As(r.Err, &said) {
		f := postgresFates().said(said.Code, said.Message)
		f.answered = !c.conn.IsClosed()
		return sqlResult{}, f
	}
	return sqlResult{}, wireFailure(ctx, pgGarbage(r.Err), c.wire.sever()-before)
}

// pgGarbage tells answers that are none from a broken connection.
func pgGarbage(err error) error {
	var long *pgproto3.ExceededMaxBodyLenErr
	var net interface{ Timeout() bool }
	var garbage *garbageError
	if errors.As(err, &garbage) || errors.As(err, &net) || isEnd(err) {
		return err
	}
	if errors.As(err, &long) {
		return &garbageError{"an answer that is too long"}
	}
	return &garbageError{err.Error()}
}

// pgRows are the rows as texts.
func pgRows(rows [][][]byte) [][]*string {
	list := make([][]*string, len(rows))
	for i, row := range rows {
		for _, cell := range row {
			if cell == nil {
				list[i] = append(list[i], nil)
				continue
			}
			text := string(cell)
			list[i] = append(list[i], &text)
		}
	}
	return list
}

func (c *pgConn) usable() bool { return !c.conn.IsClosed() && !c.wire.gone() }

// close says goodbye, if there is somebody to say it to, and waits for what the library does in the background.
func (c *pgConn) close() {
	if !c.conn.IsClosed() && !c.wire.gone() {
		ctx, cancel := context.WithTimeout(context.Background(), goodbyeLimit)
		defer cancel()
		defer c.wire.guard(ctx)()
		_ = c.conn.Close(ctx) // it is over either way
	}
	c.wire.sever()
	select {
	case <-c.conn.CleanupDone():
	case <-time.After(goodbyeLimit): // with the wire severed nothing can keep it for long
	}
}
