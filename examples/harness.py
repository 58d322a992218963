#!/usr/bin/env python3
"""Records a history of list-append transactions on SQLite, for `jcheck elle`.

    python3 examples/harness.py none   > none.jsonl     each statement by itself: what a forgotten BEGIN gives
    python3 examples/harness.py begin  > begin.jsonl    the same in transactions

Needs nothing but Python. To test another database, change connect, run and the errors in client.
"""
import json, random, sqlite3, sys, tempfile, threading, time

CLIENTS, TRANSACTIONS, KEYS = 5, 200, 4
mode = sys.argv[1] if len(sys.argv) > 1 else "begin"
path = tempfile.mkdtemp() + "/test.db"
start, lock, next_element = time.monotonic_ns(), threading.Lock(), iter(range(1, 10**9))


def record(**entry):
    """Writes one entry. One lock for all clients: entries stand in the order in which things happened."""
    with lock:
        print(json.dumps({"time": time.monotonic_ns() - start, "f": "txn", **entry}))


def connect():
    db = sqlite3.connect(path, timeout=10, isolation_level=None)  # None: no BEGIN behind our back
    db.execute("CREATE TABLE IF NOT EXISTS lists (k INTEGER PRIMARY KEY, elements TEXT)")
    return db


def transaction():
    """One to four micro-ops on few keys, so that transactions meet. Each element is appended once."""
    def micro_op():
        if random.random() < 0.5:
            return ["r", random.randrange(KEYS), None]
        with lock:
            return ["append", random.randrange(KEYS), next(next_element)]
    return [micro_op() for _ in range(random.randint(1, 4))]


def run(db, txn):
    """Does what txn says, and returns it with the reads filled in."""
    done = []
    for f, key, value in txn:
        if f == "append":
            db.execute("INSERT INTO lists VALUES (?1, ?2) ON CONFLICT (k) DO UPDATE SET elements = elements || ' ' || ?2",
                       (key, str(value)))
        else:
            row = db.execute("SELECT elements FROM lists WHERE k = ?", (key,)).fetchone()
            value = [int(e) for e in row[0].split()] if row else None
        done.append([f, key, value])
        time.sleep(random.random() / 1000)  # time for others to come between
    return done


def client(process):
    db = connect()
    for _ in range(TRANSACTIONS):
        txn = transaction()
        record(type="invoke", process=process, value=txn)
        try:
            if mode == "begin":
                db.execute("BEGIN IMMEDIATE")
            done = run(db, txn)
            if mode == "begin":
                db.execute("COMMIT")
            record(type="ok", process=process, value=done)
        except sqlite3.Error as e:
            # We can't tell what happened, so we don't say "fail". The process is given up; a new one goes on.
            record(type="info", process=process, value=txn, error=str(e))
            process += CLIENTS
            db = connect()


connect()
threads = [threading.Thread(target=client, args=(p,)) for p in range(CLIENTS)]
for t in threads:
    t.start()
for t in threads:
    t.join()
