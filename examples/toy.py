"""Records a history of list-append transactions on a toy database with a bug: python3 toy.py | jcheck elle -"""
import json, threading, time

db, lock = [], threading.Lock()  # one lock for all: entries stand in the order in which things happened


def record(kind, process, element, read):  # what a client asked for ("invoke"), or was told ("ok", "fail", "info")
    txn = [["r", "x", read], ["append", "x", element]]
    print(json.dumps({"type": kind, "process": process, "f": "txn", "value": txn}))


def client(process):
    global db
    for element in range(100 * process, 100 * process + 20):  # each element only once
        with lock:
            record("invoke", process, element, None)
            read = db
        time.sleep(0.001)  # the bug: others may come between
        with lock:
            db = read + [element]
            record("ok", process, element, read)


for process in range(3):
    threading.Thread(target=client, args=[process]).start()
