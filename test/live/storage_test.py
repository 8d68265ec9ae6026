#!/usr/bin/python3
"""What is stored: kept over a restart, one broker at a time, and looked at with
`mogi db`."""

import json
import subprocess
import unittest

import packets
from crash_test import LastingBroker
from harness import MOGI, TIMEOUT_S, Raw, mogi_only


def connect(case, broker, client_id, **fields):
    client = Raw(broker.port)
    case.addCleanup(client.close)
    client.send(packets.connect(client_id, props=[
        ("session_expiry_interval", 1000)], **fields))
    client.connack = client.expect("connack", reason=0)
    return client


def mogi_db(*arguments, status=0):
    done = subprocess.run([MOGI, "db", *map(str, arguments)],
                          capture_output=True, timeout=TIMEOUT_S * 3)
    assert done.returncode == status, done
    return done.stdout.decode(), done.stderr.decode()


@mogi_only
class StorageTest(unittest.TestCase):
    def setUp(self):
        self.broker = LastingBroker(threads=2)
        self.broker.start()
        self.addCleanup(self.broker.kill)
        self.data = self.broker.home / "data"

    def end(self):
        self.broker.process.terminate()
        self.assertEqual(self.broker.process.wait(TIMEOUT_S), 0)

    def fill(self):
        """A session with a subscription and a message, one retained."""
        away = connect(self, self.broker, "away", clean=False)
        away.subscribe("t/#", qos=2)
        away.close()
        writer = connect(self, self.broker, "writer", clean=True)
        writer.publish("t/a", b"waits", qos=2)
        writer.publish("kept", "kept \u00e9", qos=1, retain=True)
        writer.publish("bytes", b"\xff\x00", qos=1, retain=True)

    def test_all_of_it_is_back(self):
        self.fill()
        self.end()
        self.broker.launch(threads=3)
        away = connect(self, self.broker, "away", clean=False)
        self.assertTrue(away.connack.session_present)
        away.receive("t/a", b"waits", qos=2)
        away.settle()
        away.subscribe("kept")
        away.receive("kept", "kept \u00e9".encode(), retain=True)

    def test_nothing_is_stored_for_clean_sessions(self):
        client = Raw(self.broker.port)
        self.addCleanup(client.close)
        client.send(packets.connect("clean")).expect("connack", reason=0)
        client.subscribe("t", qos=2)
        client.publish("u", b"x", qos=2)
        self.end()
        out, _ = mogi_db("check", self.data)
        self.assertEqual(out, "0 records, all whole\n")

    def test_db_shows_what_there_is(self):
        self.fill()
        self.end()
        out, _ = mogi_db("dump", self.data)
        records = [json.loads(line) for line in out.splitlines()]
        found = {(r["kind"], r.get("client"), r.get("topic")): r
                 for r in records}
        session = found["session", "away", None]
        self.assertEqual(session["expiry_s"], 1000)
        self.assertEqual(found["subscription", "away", None]["filter"], "t/#")
        self.assertEqual(found["message", None, "t/a"]["payload"], "waits")
        self.assertEqual(found["delivery", "away", None]["qos"], 2)
        kept = found["retained", None, "kept"]
        self.assertEqual((kept["payload"], kept["qos"]), ("kept \u00e9", 1))
        self.assertEqual(found["retained", None, "bytes"]["payload_hex"],
                         "ff00")
        out, _ = mogi_db("stats", self.data / "mogi")
        counts = {r["kind"]: r["count"]
                  for r in map(json.loads, out.splitlines()) if "kind" in r}
        self.assertEqual(counts["retained"], 2)
        self.assertEqual(counts["delivery"], 1)

    def test_db_keeps_away_from_a_running_broker(self):
        _, err = mogi_db("check", self.data, status=1)
        self.assertIn(f"process {self.broker.process.pid}", err)

    def test_backup_of_a_running_broker(self):
        self.fill()
        copy = self.broker.home / "copy"
        out, _ = mogi_db("backup", self.data, copy)
        self.assertIn("all whole", out)
        writer = connect(self, self.broker, "writer", clean=True)
        writer.publish("t/a", b"later", qos=1)
        _, err = mogi_db("backup", self.data, copy, status=1)
        self.assertIn("there is something in", err)
        self.end()
        self.broker.launch(persistence_location=copy)
        away = connect(self, self.broker, "away", clean=False)
        self.assertTrue(away.connack.session_present)
        away.receive("t/a", b"waits", qos=2)
        away.settle()

    def test_a_second_broker_is_told_who_has_the_folder(self):
        with self.assertRaises(AssertionError) as caught:
            LastingBroker.launch(self.Other(self.broker))
        self.assertIn(f"in use by another broker, process "
                      f"{self.broker.process.pid}", str(caught.exception))

    class Other(LastingBroker):
        """One that wants the folder of another."""

        def __init__(self, first):
            super().__init__()
            self.folder = self.home
            self.config = self.folder / "broker.conf"
            self.stderr = self.folder / "stderr"
            self.options["persistence_location"] = first.home / "data"

    def test_a_broken_log_is_named_and_salvaged(self):
        self.fill()
        self.end()
        log, = (self.data / "mogi").glob("0*.log")
        content = bytearray(log.read_bytes())
        content[64 + 45] ^= 1  # in the first batch, which is the session
        log.write_bytes(content)
        _, err = mogi_db("check", self.data, status=1)
        self.assertIn(f"{log}, offset 64", err)
        with self.assertRaises(AssertionError) as caught:
            self.broker.launch()
        self.assertIn(f"{log}, offset 64", str(caught.exception))
        self.broker.launch(persistence_recover="true")
        self.assertIn("lost: 1 batch", self.broker.log())
        reader = connect(self, self.broker, "reader", clean=True)
        reader.subscribe("kept")
        reader.receive("kept", retain=True)


if __name__ == "__main__":
    unittest.main()
