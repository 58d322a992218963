"""Records a history of list-append transactions on a toy database with a bug: python3 toy.py | jcheck elle -"""
import json, sys, threading, time

db = []  # the database: a list
lock = threading.Lock()  # one line at a time: Python's streams can garble what several threads write

def record(kind, process, element, read):  # what a client asked for ("invoke"), or was told ("ok", "fail", "info")
    txn = [["r", "x", read], ["append", "x", element]]
    with lock:
        sys.stdout.write(json.dumps({"type": kind, "process": process, "f": "txn", "value": txn}) + "\n")

def client(process):
    global db
    for element in range(100 * process, 100 * process + 20):  # each element only once
        record("invoke", process, element, None)  # written before anything is done
        read = db
        time.sleep(0.001)  # the bug: others may come between
        db = read + [element]
        record("ok", process, element, read)  # written after everything was done

for process in range(3):
    threading.Thread(target=client, args=[process]).start()
