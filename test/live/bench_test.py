#!/usr/bin/python3
"""`mogi bench`: every mode against the broker, and against one that lies.

A figure is worth what its check is worth, so the second half is a broker that
loses, repeats, swaps, invents and refuses: each must be counted and fail.
"""

import contextlib
import json
import socket
import subprocess
import threading
import time
import unittest

import packets
from harness import MOGI, TIMEOUT_S, BrokerCase
from tlstap import LabCase, TlsTap


def bench(port, line, status=0):
    """Run it, and give back its report."""
    words = [MOGI, "bench"] + line.split() + ["-p", str(port), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False,
                          timeout=TIMEOUT_S * 3)
    assert done.returncode == status, (line, done)
    return json.loads(done.stdout)


class ModesTest(BrokerCase):
    """Each mode delivers all that it sends."""

    options = {"max_inflight_messages": 0, "max_queued_messages": 0}

    def play(self, line):
        report = bench(self.broker.port,
                       f"{line} --pid {self.broker.process.pid}")
        self.assertTrue(report["good"], report)
        for step in report["steps"]:
            self.assertEqual(step["dropped"], 0)
        return report["steps"]

    def test_fan_in(self):
        for qos in range(3):
            step, = self.play(f"fanin -c 7 -o 2 -L 700 -q {qos}")
            self.assertEqual(step["sent"], 700)
            self.assertEqual(step["delivered"], 1400)
            self.assertEqual(step["acknowledged"], 700 if qos else 0)
            self.assertEqual(step["latency_us"]["count"], 1400)

    def test_fan_out(self):
        step, = self.play("fanout -c 20 -o 2 -L 100 -V 5")
        self.assertEqual(step["delivered"], 2000)

    def test_pairs(self):
        for version in ("3.1", "3.1.1", "5.0"):
            step, = self.play(f"pairs -c 10 -L 1000 -q 2 -V {version}")
            self.assertEqual(step["delivered"], 1000)

    def test_pairs_in_threads(self):
        step, = self.play("pairs -c 10 -L 1000 -q 1 -F 1 -T 3")
        self.assertEqual(step["delivered"], 1000)
        step, = self.play("fanin -c 10 -o 3 -L 1000 -F 1 -T 3")
        self.assertEqual(step["delivered"], 3000)

    def test_large_payloads(self):
        step, = self.play("pairs -c 2 -L 20 -s 300000")
        self.assertEqual(step["delivered"], 20)

    def test_publish_only(self):
        for qos in range(3):
            step, = self.play(f"pub -c 3 -L 300 -q {qos}")
            self.assertEqual(step["sent"], 300)

    def test_latency_keeps_its_rate(self):
        step, = self.play("latency -c 2 -r 500 -L 500 -q 1")
        self.assertEqual(step["latency_us"]["count"], 500)
        self.assertGreater(step["seconds"], 0.95)

    def test_connections(self):
        step, = self.play("conn -c 300 --hold 1 -R 3000")
        self.assertEqual(step["connected"], 300)
        self.assertGreater(step["connect_s"], 0.09)
        self.assertGreater(step["broker"]["resident_done"], 500_000)

    def test_filters(self):
        step, = self.play("filters -c 3 -L 3000 --hold 1 -t a/%i/+/%n")
        self.assertEqual(step["filters"], 3000)

    def test_retained(self):
        keep, fetch, clear = self.play("retain -c 3 -L 300")
        self.assertEqual(keep["acknowledged"], 300)
        self.assertEqual(fetch["delivered"], 300)
        self.assertEqual(clear["sent"], 300)

    def test_queues(self):
        for version in (4, 5):
            _, queue, fetch = self.play(f"queue -c 3 -L 300 -V {version}")
            self.assertEqual(queue["acknowledged"], 300)
            self.assertEqual(fetch["delivered"], 300)

    def test_shared(self):
        step, = self.play("share -c 5 -o 4 -L 500 -q 1 -V 5")
        self.assertEqual(step["delivered"], 500)

    def test_table(self):
        done = subprocess.run(
            [MOGI, "bench", "pairs", "-c2", "-L20", "-p",
             str(self.broker.port), "--pid", str(self.broker.process.pid)],
            capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
        for word in ("delivered", "messages/s", "p99.99", "CPU-us"):
            self.assertIn(word, done.stdout)
        self.assertEqual(done.stderr, "")


class TlsTest(LabCase):
    """The same, encrypted, by way of a tap that speaks TLS."""

    options = {"max_inflight_messages": 0, "max_queued_messages": 0}

    def play(self, line, tap, status=0):
        return bench(tap.port, f"{line} -h localhost", status)

    def test_modes(self):
        with TlsTap(self.broker.port, self.lab.context()) as tap:
            for line, delivered in (("pairs -c 5 -L 500 -q 2", 500),
                                    ("fanin -c 3 -o 2 -L 300 -T 2", 600),
                                    ("pairs -c 2 -L 20 -s 300000", 20)):
                report = self.play(f"{line} --cafile {self.lab.ca}", tap)
                self.assertTrue(report["good"], report)
                step, = report["steps"]
                self.assertEqual(step["delivered"], delivered)
                self.assertIn("TLSv1.3", step["tls"])

    def test_certificates(self):
        cert, key = self.lab.client("load")
        context = self.lab.context(client_ca=self.lab.ca)
        with TlsTap(self.broker.port, context) as tap:
            own = f"--cert {cert} --key {key}"
            report = self.play(f"pub -L 10 --insecure {own}", tap)
            self.assertTrue(report["good"], report)
            self.assertEqual({s["peer"] for s in tap.shaken}, {"load"})
            report = self.play(f"pub -L 10 --cafile {self.lab.ca}", tap, 1)
            self.assertFalse(report["good"])
            report = self.play(f"pub -L 10 --tls {own}", tap, 1)
            self.assertEqual(report["steps"][0]["connected"], 0)

    def test_faults_are_found(self):
        for trick, fault in ((lose, "lost"), (repeat, "duplicated"),
                             (swap, "misordered"), (bloat, "broken")):
            with Liar(trick) as liar, TlsTap(liar.port,
                                             self.lab.context()) as tap:
                report = self.play(f"pairs -c 1 -L 100 -q 1 --timeout 2 "
                                   f"--cafile {self.lab.ca}", tap, 1)
                self.assertFalse(report["good"])
                self.assertGreater(report["steps"][0][fault], 0, fault)


class Liar:
    """A broker for one pair that does `trick` to the list of each read's
    messages, and answers as it should."""

    def __init__(self, trick, refuse=False):
        self.trick, self.refuse = trick, refuse
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.receiver = None
        self.done = 0
        self.lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        buffer = b""
        while True:
            try:
                data = client.recv(65536)
            except OSError:
                return
            if not data:
                return
            buffer += data
            messages = []
            while (found := packets.split(buffer)) is not None:
                start, end = found
                self.take(client, buffer[:end], buffer[start:end], messages)
                buffer = buffer[end:]
            if messages:
                self.deliver(messages)

    def take(self, client, whole, body, messages):
        packet = packets.decode(whole[0], body, 4)
        if packet.kind == "connect":
            client.sendall(b"\x20\x02\x00\x00")
        elif packet.kind == "subscribe":
            self.receiver = client
            code = b"\x80" if self.refuse else b"\x00"
            client.sendall(b"\x90\x03" + body[:2] + code)
        elif packet.kind == "pingreq":
            client.sendall(b"\xd0\x00")
        elif packet.kind == "publish":
            if packet.qos:
                client.sendall(packets.ack(4, packet.packet_id, version=4))
            messages.append(whole)

    def deliver(self, messages):
        with self.lock:
            first = self.done
            self.done += len(messages)
        with contextlib.suppress(OSError):  # who is lied to may leave
            for message in self.trick(first, messages):
                self.receiver.sendall(message)


def nothing(_, messages):
    return messages


def lose(first, messages):
    return messages[1:] if first == 0 else messages


def repeat(first, messages):
    return messages[:1] + messages if first == 0 else messages


def swap(first, messages):
    if first != 0:
        return messages
    return messages[1:2] + messages[:1] + messages[2:]


def invent(first, messages):
    """A message whose proof is that of no run."""
    if first != 0:
        return messages
    forged = bytearray(messages[0])
    forged[-64] ^= 0xFF
    return [bytes(forged)] + messages


def bloat(first, messages):
    """A message larger than the room for two of ours."""
    if first != 0:
        return messages
    return [packets.publish("x", bytes(1 << 20), version=4)] + messages


class LiarTest(unittest.TestCase):
    """What went wrong is counted, and the status says so."""

    line = "pairs -c 1 -F 10 -L 100 --timeout 2"

    def play(self, trick, status, line=line, **how):
        with Liar(trick, **how) as liar:
            return bench(liar.port, line, status)["steps"][0]

    def test_honest(self):
        step = self.play(nothing, 0)
        self.assertEqual(step["delivered"], 100)

    def test_lost(self):
        step = self.play(lose, 1, self.line + " -q 1")
        self.assertEqual(step["lost"], 1)
        self.assertEqual(step["delivered"], 99)

    def test_dropped_is_no_fault(self):
        step = self.play(lose, 0)
        self.assertEqual((step["lost"], step["dropped"]), (0, 1))

    def test_duplicated(self):
        step = self.play(repeat, 1)
        self.assertEqual((step["duplicated"], step["delivered"]), (1, 100))

    def test_misordered(self):
        step = self.play(swap, 1)
        self.assertEqual((step["misordered"], step["lost"]), (1, 0))

    def test_foreign(self):
        step = self.play(invent, 1)
        self.assertEqual((step["foreign"], step["delivered"]), (1, 100))

    def test_too_large(self):
        self.assertEqual(self.play(bloat, 1)["broken"], 1)

    def test_refused(self):
        step = self.play(nothing, 1, "pairs -c 1 -L 10 --timeout 1",
                         refuse=True)
        self.assertEqual(step["refused"], 1)


class NobodyTest(unittest.TestCase):
    """Nobody listens, or the command line is wrong."""

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        step = bench(port, "conn -c 3 --timeout 1", 1)["steps"][0]
        self.assertEqual(step["broken"], 3)
        began = time.monotonic()
        step = bench(port, "pub -c 3 -d 60", 1)["steps"][0]
        self.assertEqual(step["broken"], 3)
        self.assertLess(time.monotonic() - began, 30)

    def test_usage(self):
        for words in ([], ["dance"], ["pub", "--nonsense"]):
            done = subprocess.run([MOGI, "bench"] + words, check=False,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn("mogi bench:", done.stderr)
        for words in (["bench", "--help"], ["help", "bench"]):
            done = subprocess.run([MOGI] + words, check=True,
                                  capture_output=True, text=True)
            self.assertIn("fanin", done.stdout)


if __name__ == "__main__":
    unittest.main()
