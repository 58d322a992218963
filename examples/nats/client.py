#!/usr/bin/env python3
"""A client of jcollect for NATS JetStream: a set whose elements are messages of one stream.

It speaks jcollect's protocol (JSON lines, docs/clients.md) on one side and NATS's own (text lines over
TCP) on the other. An addition is ok once the stream acknowledged it; without an answer nobody knows.
"""

import json
import secrets
import socket
import sys
import time

STREAM, SUBJECT = "jcollect", "jcollect.set"


class NotSent(Exception):
    """Nothing was sent, so nothing can have happened."""


class Refused(Exception):
    """The server said no."""


class Trouble(OSError):
    """The server couldn't, or doesn't know."""


class NATS:
    """One connection, used for one request at a time."""

    def __init__(self, node, timeout):
        try:
            self.sock = socket.create_connection((node, 4222), timeout)
            self.file = self.sock.makefile("rb")
            self.inbox = "_INBOX." + secrets.token_hex(8)
            self.file.readline()  # INFO
            options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True}
            self.send(f"CONNECT {json.dumps(options)}\r\nSUB {self.inbox}.> 1\r\nPING\r\n".encode())
            while (line := self.file.readline()).strip() != b"PONG":
                if not line:
                    raise NotSent("the server hung up")
        except OSError as e:
            raise NotSent(str(e)) from e

    def send(self, data):
        self.sock.sendall(data)

    def request(self, subject, payload, deadline, others=None):
        """Asks, and returns the answer to this question, not to an older one. What else comes goes to others."""
        reply = f"{self.inbox}.{secrets.token_hex(4)}"
        self.send(f"PUB {subject} {reply} {len(payload)}\r\n".encode() + payload + b"\r\n")
        while True:
            message = self.message(deadline)
            to, status, _, body = message
            if to != reply:
                if others is not None:
                    others.append(message)
                continue
            if status == "503":
                raise Refused("nobody listens to " + subject)
            answer = json.loads(body)
            if "error" in answer:
                text = answer["error"].get("description", "error")
                if answer["error"].get("code", 500) >= 500:  # the server's own trouble: who knows how far it got
                    raise Trouble(text)
                raise Refused(text)
            return answer

    def message(self, deadline):
        """The next message: its subject, the status of its headers, where it wants an answer, its body."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer in time")
            self.sock.settimeout(left)
            line = self.file.readline()
            if not line:
                raise ConnectionError("the server hung up")
            words = line.split()
            if words[0] == b"PING":
                self.send(b"PONG\r\n")
            elif words[0] in (b"MSG", b"HMSG"):
                body = self.file.read(int(words[-1]) + 2)
                if not body.endswith(b"\r\n"):
                    raise ConnectionError("the server hung up within a message")
                body = body[:-2]
                status, head = "", 0
                if words[0] == b"HMSG":
                    head = int(words[-2])
                    first = body[:head].split(b"\r\n")[0].split()
                    status = first[1].decode() if len(first) > 1 else ""
                answered = words[3].decode() if len(words) > (4 if words[0] == b"MSG" else 5) else ""
                return words[1].decode(), status, answered, body[head:]
            elif words[0] == b"-ERR":
                raise ConnectionError(line.decode().strip())

    def add(self, element, deadline):
        self.request(SUBJECT, json.dumps(element).encode(), deadline)

    def read(self, deadline):
        """All messages, by a consumer that lives as long as this connection."""
        to = "_DELIVER." + secrets.token_hex(8)
        config = {"deliver_subject": to, "deliver_policy": "all", "ack_policy": "none", "replay_policy": "instant", "mem_storage": True}
        self.send(f"SUB {to} 2\r\n".encode())  # a consumer waits for somebody who subscribes to just this name
        create = json.dumps({"stream_name": STREAM, "config": config}).encode()
        early = []  # messages may come before the answer
        made = self.request(f"$JS.API.CONSUMER.CREATE.{STREAM}", create, deadline, early)
        elements, left = [], made["num_pending"]
        while left > 0 or early:
            subject, _, ack, body = early.pop(0) if early else self.message(deadline)
            if subject == SUBJECT:
                elements.append(json.loads(body))
                left = int(ack.split(".")[-1])  # $JS.ACK. ... .PENDING: how many come after this one
        self.send(b"UNSUB 2\r\n")
        return elements


def make_stream(node, nodes, limit):
    """Makes the stream anew. The servers need a while to choose who leads."""
    config = {"name": STREAM, "subjects": [STREAM + ".>"], "num_replicas": min(3, len(nodes)), "storage": "file"}
    deadline = time.monotonic() + limit
    while True:
        try:
            nats = NATS(node, 2)
            try:
                nats.request(f"$JS.API.STREAM.DELETE.{STREAM}", b"", time.monotonic() + 5)
            except Refused:
                pass  # there was none
            nats.request(f"$JS.API.STREAM.CREATE.{STREAM}", json.dumps(config).encode(), time.monotonic() + 5)
            return
        except (NotSent, Refused, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def perform(state, op):
    """One operation, as jcollect wants it answered."""
    sent = False
    try:
        if state.get("nats") is None:
            state["nats"] = NATS(state["node"], 2)
        deadline = time.monotonic() + 4
        sent = True
        if op["f"] == "add":
            state["nats"].add(op["value"], deadline)
            return {"type": "ok"}
        return {"type": "ok", "value": state["nats"].read(deadline)}
    except Refused as e:
        return {"type": "fail", "error": str(e)}
    except (NotSent, OSError, ValueError) as e:
        state["nats"] = None
        unknown = sent and op["f"] == "add"
        return {"type": "info" if unknown else "fail", "error": str(e)}


def main():
    state = {}
    for line in sys.stdin:
        op = json.loads(line)
        answer = {"type": "ok"}
        if op["type"] == "open":
            state = {"node": op["node"], "nodes": op["nodes"]}
            continue
        if op["type"] == "close":
            return
        if op["type"] == "setup":
            try:
                make_stream(state["node"], state["nodes"], 30)
            except (NotSent, Refused, OSError) as e:
                answer = {"type": "fail", "error": str(e)}
        elif op["type"] == "invoke":
            answer = perform(state, op)
        print(json.dumps({"id": op.get("id"), **answer}), flush=True)


if __name__ == "__main__":
    main()
