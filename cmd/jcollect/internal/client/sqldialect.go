package client

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"jcheck/cmd/jcollect/internal/plan"
)

// A sqlDialect is a row of the table of databases that speak SQL.
type sqlDialect struct {
	names           []string // in plans
	port            int
	database        string // that tables are made in, if the plan doesn't say
	user            string
	open            func(ctx context.Context, o *sqlPlan, p Process, database string) (sqlConn, error)
	fates           func() fateTable
	isolate         string // sets the level of the session's transactions
	unknownDatabase string // the error of a database that isn't there
	anyDatabase     string // one that is always there
	quote           string // around names
	types           *strings.Replacer
	upsertPattern   string
	oldPrefix       string // before a column's name: what the row has; the table's name replaces TABLE
	newValue        string // the value that was given, of COLUMN
	lastID          string // the identifier that this session inserted last
}

// sqlDialects is the table.
func sqlDialects() []sqlDialect {
	return []sqlDialect{{
		names: []string{"postgresql", "postgres"}, port: 5432, database: "postgres", user: "postgres",
		open: openPostgres, fates: postgresFates,
		isolate:         "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL ",
		unknownDatabase: "3D000", anyDatabase: "postgres", quote: `"`,
		types:         strings.NewReplacer("PRIMARY KEY", "PRIMARY KEY", "KEY", "VARCHAR(255)", "LONG", "TEXT", "SERIAL", "BIGSERIAL PRIMARY KEY"),
		upsertPattern: "INSERT INTO TABLE (k, COLUMN) VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET COLUMN = CHANGE",
		oldPrefix:     "TABLE.COLUMN", newValue: "EXCLUDED.COLUMN",
		lastID: "SELECT lastval()",
	}, {
		names: []string{"mysql", "mariadb"}, port: 3306, database: "jcollect", user: "root",
		open: openMySQL, fates: mysqlFates,
		isolate:         "SET SESSION TRANSACTION ISOLATION LEVEL ",
		unknownDatabase: "1049", anyDatabase: "", quote: "`",
		types: strings.NewReplacer("PRIMARY KEY", "PRIMARY KEY", "KEY", "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
			"LONG", "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "SERIAL", "BIGINT AUTO_INCREMENT PRIMARY KEY"),
		upsertPattern: "INSERT INTO TABLE (k, COLUMN) VALUES ($1, $2) ON DUPLICATE KEY UPDATE COLUMN = CHANGE",
		oldPrefix:     "COLUMN", newValue: "VALUES(COLUMN)",
		lastID: "SELECT LAST_INSERT_ID()",
	}}
}

// upsert inserts ($1, $2) into the table's k and column, or changes the column: OLD is what it has, NEW is $2.
func (d *sqlDialect) upsert(table, column, change string) string {
	fill := strings.NewReplacer("TABLE", table, "COLUMN", column)
	return upsertOf(d.upsertPattern, table, column, change, fill.Replace(d.oldPrefix), fill.Replace(d.newValue))
}

// noDatabase tells of an error that there is no database of the plan's name.
func (d *sqlDialect) noDatabase(err error) bool {
	var pg *pgconn.PgError
	var my *mysql.MySQLError
	return errors.As(err, &pg) && pg.Code == d.unknownDatabase || errors.As(err, &my) && strconv.Itoa(int(my.Number)) == d.unknownDatabase
}

// quoted is a name as statements have it.
func (d *sqlDialect) quoted(name string) string {
	return d.quote + strings.ReplaceAll(name, d.quote, d.quote+d.quote) + d.quote
}

// sqlObjects are what a client sql can hold.
func sqlObjects() []string {
	return []string{"register", "set", "counter", "queue", "append", "rw-register", "unique-ids", "bank", "monotonic", "g2"}
}

// A sqlPlan is the section of a client sql.
type sqlPlan struct {
	endpoint
	dialectName string
	dialect     *sqlDialect
	database    string
	isolation   string
	session     []string // statements that each session begins with
	list        string   // text or rows
	forUpdate   bool
	lock        string // what reads inside transactions end with
}

// sqlKind is the row of SQL databases.
func sqlKind() Kind {
	return Kind{
		Name: "sql", Doc: "PostgreSQL, MySQL and MariaDB",
		Workloads: workloadsOf(sqlObjects()...),
		Options: func() ([]plan.Field, Maker) {
			o := sqlPlan{list: "text"}
			var dialects []string
			for _, d := range sqlDialects() {
				dialects = append(dialects, d.names...)
			}
			rows := append(o.fields("5432, or 3306", sqlObjects()),
				plan.Field{Key: "dialect", Doc: "which database: " + strings.Join(dialects, ", "), Required: true, Read: plan.OneOf(&o.dialectName, dialects...)},
				plan.Field{Key: "database", Doc: "in which the tables are made (postgres, jcollect)", Read: plan.Str(&o.database)},
				plan.Field{Key: "isolation", Doc: "of transactions: read uncommitted, read committed, repeatable read, serializable (the database's default)",
					Read: plan.OneOf(&o.isolation, "read uncommitted", "read committed", "repeatable read", "serializable")},
				plan.Field{Key: "session", Doc: "statements that each session begins with", Read: plan.Strs(&o.session)},
				plan.Field{Key: "list", Doc: "how lists are kept: text (one row, elements joined), rows (a row each) (text)", Read: plan.OneOf(&o.list, "text", "rows")},
				plan.Field{Key: "for-update", Doc: "true: reads inside transactions that may write lock their rows (false)", Read: plan.Bool(&o.forUpdate)},
			)
			return rows, func(u Use) (Driver, error) { return newSQL(o, u) }
		},
	}
}

// newSQL makes the driver.
func newSQL(o sqlPlan, u Use) (Driver, error) {
	if err := o.prepare(u); err != nil {
		return nil, err
	}
	l, err := loadOf(u, o.object, sqlObjects())
	if err != nil {
		return nil, err
	}
	for _, d := range sqlDialects() {
		for _, name := range d.names {
			if name == o.dialectName {
				o.dialect = &d
			}
		}
	}
	if o.port == 0 {
		o.port = o.dialect.port
	}
	if o.database == "" {
		o.database = o.dialect.database
	}
	if o.user == "" {
		o.user = o.dialect.user
	}
	if o.forUpdate {
		o.lock = " FOR UPDATE"
	}
	return &sqlDriver{plan: &o, load: l, ops: sqlOps(l)}, nil
}
