#!/usr/bin/env python3
"""A client for jcollect: registers in Redis, by independent keys. It needs nothing but Python 3.

jcollect starts this program once for each process, writes one JSON object a line to its standard input, and reads one a
line from its standard output. What is printed to standard error goes to the log of the run.
"""

import json
import socket
import sys

# Compares and sets in one step. The empty text stands for a register that was never written.
CAS = "if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0"


class Refused(Exception):
    """The server said no: the operation certainly had no effect."""


class Redis:
    """As much of Redis' protocol as this needs."""

    def __init__(self, host, port):
        # No time limit: when the operation's time is up, jcollect ends this program.
        self.socket = socket.create_connection((host, port))
        self.replies = self.socket.makefile("rb")

    def call(self, *words):
        words = [str(w).encode() for w in words]
        request = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)
        self.socket.sendall(request)
        line = self.replies.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection ended within a reply")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise Refused(rest.decode())
        if kind == b"$":
            if int(rest) < 0:
                return None
            text = self.replies.read(int(rest) + 2)
            if not text.endswith(b"\r\n"):
                raise ConnectionError("the connection ended within a reply")
            return text[:-2].decode()
        return int(rest) if kind == b":" else rest.decode()


def perform(redis, op):
    """Do one operation. The answer is ok with a value, or fail: it had no effect."""
    key, value = "register-%s" % op.get("key"), op["value"]
    if op["f"] == "read":
        got = redis.call("GET", key)
        return {"type": "ok", "value": None if got is None else int(got)}
    if op["f"] == "write":
        redis.call("SET", key, value)
        return {"type": "ok"}
    if op["f"] == "cas":
        old, new = value
        done = redis.call("EVAL", CAS, 1, key, "" if old is None else old, new)
        return {"type": "ok"} if done else {"type": "fail", "error": "another value"}
    return {"type": "fail", "error": "unknown function " + op["f"]}


def main():
    redis = host = port = None
    for line in sys.stdin:
        op = json.loads(line)
        if op["type"] == "open":
            host, port = op["address"] or op["node"], op["options"].get("port", 6379)
            continue
        if op["type"] == "close":
            return
        try:
            redis = redis or Redis(host, port)
        except OSError as e:
            answer = {"type": "fail", "error": "no connection: %s" % e}  # nothing was sent
        else:
            try:
                answer = perform(redis, op)
            except Refused as e:
                answer = {"type": "fail", "error": str(e)}
            except OSError as e:
                # The request may have arrived. A read changes nothing, so that it failed is certain; of anything else
                # nobody knows whether it happened, or will.
                answer = {"type": "fail" if op["f"] == "read" else "info", "error": str(e)}
                redis = None
        answer["id"] = op["id"]
        print(json.dumps(answer), flush=True)


main()
