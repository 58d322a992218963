package client

import (
	"context"
	"strings"
)

// A sqlDriver opens sessions to a database that speaks SQL.
type sqlDriver struct {
	plan *sqlPlan
	load load
	ops  map[string]op[sqlCall]
}

// connect opens a connection with the settings of the plan.
func (d *sqlDriver) connect(ctx context.Context, p Process, database string) (sqlConn, error) {
	c, err := d.plan.dialect.open(ctx, d.plan, p, database)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	var settings []string
	if d.plan.isolation != "" {
		settings = append(settings, d.plan.dialect.isolate+strings.ToUpper(d.plan.isolation))
	}
	for _, statement := range append(settings, d.plan.session...) {
		if _, err := c.exec(ctx, statement); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// Open begins a session.
func (d *sqlDriver) Open(ctx context.Context, p Process) (Session, error) {
	s := &linkSession[sqlCall]{object: d.load.object, ops: d.ops, open: func(ctx context.Context) (sqlCall, error) {
		c, err := d.connect(ctx, p, d.plan.database)
		return sqlCall{c, d.plan}, err
	}}
	return d.load.inOrder(s.begin(ctx))
}

// Setup makes the tables, and the database that they are in if there is none.
func (d *sqlDriver) Setup(ctx context.Context, p Process) error {
	err := d.each(ctx, p, d.plan.database, append(d.drops(), d.creates()...)...)
	if d.plan.dialect.noDatabase(err) {
		if err := d.each(ctx, p, d.plan.dialect.anyDatabase, "CREATE DATABASE "+d.plan.dialect.quoted(d.plan.database)); err != nil {
			return err
		}
		err = d.each(ctx, p, d.plan.database, d.creates()...)
	}
	if err != nil || d.load.object != "bank" {
		return err
	}
	c, err := d.connect(ctx, p, d.plan.database)
	if err != nil {
		return err
	}
	defer c.close()
	for _, a := range d.load.accounts() {
		if _, err := c.exec(ctx, "INSERT INTO jcollect_account (k, n) VALUES ($1, $2)", stored(a.name), decimal(a.balance)); err != nil {
			return err
		}
	}
	return nil
}

// Teardown removes the tables. A database that isn't there has none.
func (d *sqlDriver) Teardown(ctx context.Context, p Process) error {
	err := d.each(ctx, p, d.plan.database, d.drops()...)
	if d.plan.dialect.noDatabase(err) {
		return nil
	}
	return err
}

// each performs statements one after another.
func (d *sqlDriver) each(ctx context.Context, p Process, database string, statements ...string) error {
	c, err := d.connect(ctx, p, database)
	if err != nil {
		return err
	}
	defer c.close()
	for _, s := range statements {
		if _, err := c.exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// creates and drops are the statements that make the tables, and remove them.
func (d *sqlDriver) creates() (list []string) {
	for _, t := range sqlTables() {
		list = append(list, "CREATE TABLE "+t.name+" ("+d.plan.dialect.types.Replace(t.columns)+")")
	}
	return list
}

func (d *sqlDriver) drops() (list []string) {
	for _, t := range sqlTables() {
		list = append(list, "DROP TABLE IF EXISTS "+t.name)
	}
	return list
}

// A sqlTable is one of the tables, whose columns' types are words that the dialect knows.
type sqlTable struct{ name, columns string }

// sqlTables are all of them: values and keys are EDN, so that they come back as they were.
func sqlTables() []sqlTable {
	return []sqlTable{
		{"jcollect_register", "k KEY PRIMARY KEY, v LONG"},
		{"jcollect_list", "k KEY PRIMARY KEY, v LONG"},
		{"jcollect_element", "k KEY, pos BIGINT, v LONG, PRIMARY KEY (k, pos)"},
		{"jcollect_set", "id SERIAL, k KEY, v LONG"},
		{"jcollect_counter", "k KEY PRIMARY KEY, n BIGINT NOT NULL"},
		{"jcollect_queue", "id SERIAL, k KEY, v LONG"},
		{"jcollect_account", "k KEY PRIMARY KEY, n BIGINT NOT NULL"},
		{"jcollect_id", "id SERIAL, k KEY"},
		{"jcollect_g2_a", "id SERIAL, k KEY, v LONG"},
		{"jcollect_g2_b", "id SERIAL, k KEY, v LONG"},
	}
}

// A sqlCall is what an operation is done with.
type sqlCall struct {
	sqlConn
	plan *sqlPlan
}

// transact performs body between BEGIN and COMMIT. Whatever goes wrong before the COMMIT is sent undoes the transaction, so
// it is definite; what the COMMIT says is judged by the tables. Nothing is tried again.
func (c sqlCall) transact(ctx context.Context, body func() error) error {
	if _, err := c.exec(ctx, "BEGIN"); err != nil {
		return onlyRead(err)
	}
	if err := body(); err != nil {
		f := *asFailure(err)
		f.class = never
		return c.ended(ctx, &f)
	}
	r, err := c.exec(ctx, "COMMIT")
	if err != nil {
		return c.ended(ctx, asFailure(err))
	}
	if r.tag == "ROLLBACK" {
		return refuse(c.plan.dialect.fates().name, "ROLLBACK", "the COMMIT was answered by a rollback")
	}
	return nil
}

// ended sees to it that nothing is left of a transaction that failed. A refused COMMIT may leave it open, and MySQL's next
// BEGIN would then commit what we called undone.
func (c sqlCall) ended(ctx context.Context, f *failure) error {
	if f.answered {
		if _, err := c.exec(ctx, "ROLLBACK"); err != nil {
			f.answered = false // the connection may still be inside the transaction: it is dropped, which ends it
		}
	}
	return f
}
