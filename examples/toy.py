"""Records a history of list-append transactions on a toy database with a bug, for `jcheck elle`.

    python3 examples/toy.py > toy.jsonl
"""
import json, threading, time

db, lock = {}, threading.Lock()  # one lock for all: entries stand in the order in which things happened


def record(kind, process, *txn):
    """Writes one entry: what a client asked for ("invoke"), or what it was told ("ok", "fail", "info")."""
    print(json.dumps({"type": kind, "process": process, "f": "txn", "value": txn}))


def add(process, key, element):
    """Reads a list and appends to it, in one transaction. The bug: others may come between."""
    with lock:
        record("invoke", process, ["r", key, None], ["append", key, element])  # each element only once
        read = db.get(key)
    time.sleep(0.001)  # on the way to the database and back
    with lock:
        db[key] = (read or []) + [element]
        record("ok", process, ["r", key, read], ["append", key, element])


def client(process):
    for i in range(20):
        add(process, "xyz"[i % 3], 100 * process + i)


threads = [threading.Thread(target=client, args=[p]) for p in range(3)]
for t in threads:
    t.start()
for t in threads:
    t.join()
