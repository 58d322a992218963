package main

// level is what a database calls one of its isolation levels, and the model that it can be held to.
type level struct {
	Database string   `json:"database"`
	Level    string   `json:"level"`
	Model    string   `json:"model"` // friendly name, for -c
	Note     string   `json:"note,omitempty"`
	Sources  []string `json:"sources"` // who says so
}

// The documents that several rows cite.
const (
	docPostgres  = "PostgreSQL documentation, ch. 13.2 Transaction Isolation"
	docMySQL     = "MySQL Reference Manual, InnoDB: Transaction Isolation Levels"
	jepsenMySQL  = "Jepsen: MySQL 8.0.34 (2023)"
	docOracle    = "Oracle Database Concepts, Data Concurrency and Consistency"
	docSQLServer = "Microsoft Learn, SET TRANSACTION ISOLATION LEVEL (Transact-SQL)"
	docYugabyte  = "YugabyteDB documentation, Transaction isolation levels"
	docTiDB      = "TiDB documentation, TiDB Transaction Isolation Levels"
	docSpanner   = "Cloud Spanner documentation, TrueTime and external consistency"
	docDb2       = "IBM Db2 documentation, Isolation levels"
	docEtcd      = "etcd documentation, KV API guarantees"
)

// levels tells what to ask of which database. The model is the strongest one that the database's own documentation, a
// paper, or a published test supports for all transactions of that level on a healthy database. It is a place to start,
// not a promise of ours. Rows of one database stand together, weakest first.
var levels = [...]level{
	{"PostgreSQL", "READ UNCOMMITTED (is READ COMMITTED)", "read-committed", "", []string{docPostgres}},
	{"PostgreSQL", "READ COMMITTED (default)", "read-committed", "", []string{docPostgres}},
	{"PostgreSQL", "REPEATABLE READ", "snapshot-isolation", "", []string{docPostgres}},
	{"PostgreSQL", "SERIALIZABLE", "serializable", "",
		[]string{docPostgres, "Ports, Grittner, Serializable Snapshot Isolation in PostgreSQL (VLDB 2012)"}},

	{"MySQL, MariaDB (InnoDB)", "READ UNCOMMITTED", "read-uncommitted", "", []string{docMySQL}},
	{"MySQL, MariaDB (InnoDB)", "READ COMMITTED", "read-committed", "", []string{docMySQL}},
	{"MySQL, MariaDB (InnoDB)", "REPEATABLE READ (default)", "read-committed",
		"writes see what its snapshot does not: updates are lost, so it is neither snapshot isolation nor PL-2.99",
		[]string{docMySQL, jepsenMySQL}},
	{"MySQL, MariaDB (InnoDB)", "SERIALIZABLE", "serializable", "", []string{docMySQL, jepsenMySQL}},

	{"MariaDB 11.6.2 and later", "REPEATABLE READ (innodb_snapshot_isolation=ON)", "snapshot-isolation", "",
		[]string{"MariaDB documentation, InnoDB System Variables: innodb_snapshot_isolation"}},

	{"Oracle", "READ COMMITTED (default)", "read-committed", "", []string{docOracle}},
	{"Oracle", "SERIALIZABLE", "snapshot-isolation", "write skew is possible",
		[]string{docOracle, "Fekete et al., Making Snapshot Isolation Serializable (TODS 2005)"}},

	{"SQL Server", "READ UNCOMMITTED", "read-uncommitted", "", []string{docSQLServer}},
	{"SQL Server", "READ COMMITTED (default), locking or RCSI", "read-committed", "", []string{docSQLServer}},
	{"SQL Server", "REPEATABLE READ", "repeatable-read", "by locks: phantoms are possible",
		[]string{docSQLServer, "Adya 1999, ch. 3: PL-2.99"}},
	{"SQL Server", "SNAPSHOT", "snapshot-isolation", "", []string{docSQLServer}},
	{"SQL Server", "SERIALIZABLE", "serializable", "", []string{docSQLServer}},

	{"Db2", "UR (uncommitted read)", "read-uncommitted", "", []string{docDb2}},
	{"Db2", "CS (cursor stability, default)", "read-committed",
		"a row is locked only while a cursor stands on it: plain reads can lose updates",
		[]string{docDb2}},
	{"Db2", "RS (read stability)", "repeatable-read", "", []string{docDb2}},
	{"Db2", "RR (repeatable read)", "serializable", "", []string{docDb2}},

	{"SQLite", "default (no read_uncommitted pragma)", "serializable", "",
		[]string{"SQLite documentation, Isolation In SQLite"}},

	{"CockroachDB", "READ COMMITTED", "read-committed", "",
		[]string{"CockroachDB documentation, Read Committed Transactions"}},
	{"CockroachDB", "SERIALIZABLE (default)", "serializable",
		"not strict: unrelated transactions may be ordered against real time",
		[]string{"CockroachDB documentation, Transactions", "Cockroach Labs, CockroachDB's consistency model (2019)"}},

	{"YugabyteDB (YSQL)", "READ COMMITTED (where enabled)", "read-committed",
		"where it is not enabled, this is REPEATABLE READ",
		[]string{docYugabyte}},
	{"YugabyteDB (YSQL)", "REPEATABLE READ", "snapshot-isolation", "", []string{docYugabyte}},
	{"YugabyteDB (YSQL)", "SERIALIZABLE", "serializable", "", []string{docYugabyte}},

	{"TiDB", "READ COMMITTED (pessimistic)", "read-committed", "", []string{docTiDB}},
	{"TiDB", "REPEATABLE READ, pessimistic (default)", "read-committed",
		"writes work on the latest committed data, not on the snapshot",
		[]string{docTiDB}},
	{"TiDB", "REPEATABLE READ, optimistic", "snapshot-isolation", "", []string{docTiDB}},

	{"Spanner", "repeatable read", "snapshot-isolation", "",
		[]string{"Cloud Spanner documentation, Isolation level overview"}},
	{"Spanner", "serializable (default)", "strict-serializable", "",
		[]string{docSpanner, "Corbett et al., Spanner (OSDI 2012)"}},

	{"FoundationDB", "default", "strict-serializable", "",
		[]string{"FoundationDB documentation, Developer Guide", "Zhou et al., FoundationDB (SIGMOD 2021)"}},

	{"MongoDB", "readConcern snapshot, writeConcern majority", "snapshot-isolation", "",
		[]string{"MongoDB Manual, Read Concern \"snapshot\""}},

	{"FaunaDB", "read-write transactions", "strict-serializable", "", []string{"Jepsen: FaunaDB 2.5.4 (2019)"}},

	{"DynamoDB", "TransactWriteItems with TransactGetItems", "serializable", "",
		[]string{"Amazon DynamoDB Developer Guide, Transactions: how it works"}},

	{"etcd", "transactions with reads of serializable=true", "serializable", "such reads may be stale",
		[]string{docEtcd}},
	{"etcd", "transactions (default)", "strict-serializable", "", []string{docEtcd, "Jepsen: etcd 3.4.3 (2020)"}},

	{"Dgraph", "transactions", "snapshot-isolation", "",
		[]string{"Dgraph documentation, Transactions"}},

	{"Neo4j", "default", "read-committed", "", []string{"Neo4j Operations Manual, Concurrent data access"}},

	{"VoltDB 6.4 and later", "default", "strict-serializable", "", []string{"Jepsen: VoltDB 6.3 (2016)"}},
}
