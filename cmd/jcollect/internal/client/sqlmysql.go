package client

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// A mysqlConn is a connection to MySQL or MariaDB, without the pool of database/sql.
type mysqlConn struct {
	conn driver.Conn
	wire *wire
	done bool // broken, or not to be trusted
}

// openMySQL connects.
func openMySQL(ctx context.Context, o *sqlPlan, p Process, database string) (c sqlConn, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	once := &oneDial{}
	conf := mysql.NewConfig()
	conf.Net, conf.Addr, conf.DBName = "tcp", net.JoinHostPort(o.hostOf(p), strconv.Itoa(o.port)), database
	conf.User, conf.Passwd, conf.TLS = o.user, o.password, serverNamed(o.tls, o.hostOf(p))
	conf.InterpolateParams, conf.ClientFoundRows = true, true
	conf.MaxAllowedPacket = maxReply
	conf.Logger, conf.DialFunc = &mysql.NopLogger{}, once.dial
	connector, err := mysql.NewConnector(conf)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("an answer that is none of MySQL's: %v", r)
		}
		if err != nil && once.wire != nil {
			once.wire.sever()
		}
	}()
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &mysqlConn{conn: conn, wire: once.wire}, nil
}

// placeholder is what stands for an argument in our statements.
var placeholder = regexp.MustCompile(`\$[0-9]+`)

// exec performs one statement.
func (c *mysqlConn) exec(ctx context.Context, statement string, args ...string) (sqlResult, error) {
	defer c.wire.guard(ctx)()
	before := c.wire.expect()
	r, err := c.ask(ctx, placeholder.ReplaceAllString(statement, "?"), args)
	if err == nil {
		return r, nil
	}
	var said *mysql.MySQLError
	if errors.As(err, &said) {
		f := mysqlFates().said(strconv.Itoa(int(said.Number)), said.Message)
		if f.class == maybe { // errors that leave the outcome open come with the end of the connection
			c.done, f.answered = true, false
		}
		return sqlResult{}, f
	}
	c.done = true
	sent := c.wire.sever() - before
	if errors.Is(err, mysql.ErrMalformPkt) || errors.Is(err, mysql.ErrPktSync) || errors.Is(err, mysql.ErrPktSyncMul) || errors.Is(err, mysql.ErrPktTooLarge) {
		err = &garbageError{err.Error()}
	}
	return sqlResult{}, wireFailure(ctx, err, sent)
}

// ask performs a statement by the library, whose panics at malformed packets are the database's mistake.
func (c *mysqlConn) ask(ctx context.Context, statement string, args []string) (r sqlResult, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &garbageError{fmt.Sprint(p)}
		}
	}()
	values := make([]driver.NamedValue, len(args))
	for i, a := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	if !strings.HasPrefix(statement, "SELECT") {
		done, err := c.conn.(driver.ExecerContext).ExecContext(ctx, statement, values)
		if err != nil {
			return r, err
		}
		r.affected, err = done.RowsAffected()
		return r, err
	}
	rows, err := c.conn.(driver.QueryerContext).QueryContext(ctx, statement, values)
	if err != nil {
		return r, err
	}
	r.rows, err = mysqlRows(rows)
	return r, errors.Join(err, rows.Close())
}

// mysqlRows reads all rows as texts.
func mysqlRows(rows driver.Rows) ([][]*string, error) {
	var list [][]*string
	cells := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(cells)
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		row := make([]*string, len(cells))
		for i, cell := range cells {
			switch v := cell.(type) {
			case nil:
				continue
			case []byte:
				text := string(v)
				row[i] = &text
			default:
				text := fmt.Sprint(v)
				row[i] = &text
			}
		}
		list = append(list, row)
	}
}

func (c *mysqlConn) usable() bool { return !c.done && !c.wire.gone() }

// close says goodbye, if there is somebody to say it to.
func (c *mysqlConn) close() {
	if c.usable() {
		ctx, cancel := context.WithTimeout(context.Background(), goodbyeLimit)
		defer cancel()
		defer c.wire.guard(ctx)()
	} else {
		c.wire.sever()
	}
	_ = c.conn.Close() // it is over either way
	c.wire.sever()
}
