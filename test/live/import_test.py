#!/usr/bin/python3
"""`mogi db import`: what Debian's mosquitto has kept, mogi delivers."""

import shutil
import unittest

import packets
from crash_test import LastingBroker
from harness import Broker, Raw, mogi_only
from storage_test import mogi_db

EXPIRY = [("session_expiry_interval", 1000)]


class Mosquitto(Broker):
    """Mosquitto itself, which writes its file as it ends."""

    def command(self):
        return ["mosquitto", "-c", str(self.config)]

    def write_config(self):
        self.options |= {"persistence": "true", "user": "root",
                         "persistence_location": f"{self.folder}/"}
        super().write_config()

    def kept(self):
        """End it, and return its file."""
        self.process.terminate()
        self.process.wait()
        return self.folder / "mosquitto.db"


@mogi_only
@unittest.skipUnless(shutil.which("mosquitto"), "needs mosquitto")
class ImportTest(unittest.TestCase):
    def setUp(self):
        self.mosquitto = Mosquitto().start()
        self.addCleanup(self.mosquitto.kill)
        self.mogi = LastingBroker(threads=2)
        self.data = self.mogi.home / "data"
        self.addCleanup(shutil.rmtree, self.mogi.home, True)

    def take_over(self):
        """Import, and let mogi go on where mosquitto ended."""
        said, _ = mogi_db("import", self.mosquitto.kept(), self.data)
        self.mogi.start()
        self.addCleanup(self.mogi.kill)
        return said

    def connect(self, broker, name, version=5, **fields):
        client = Raw(broker.port, version)
        self.addCleanup(client.close)
        props = EXPIRY if version == 5 and not fields.get("clean", True) else []
        client.send(packets.connect(name, version, props=props, **fields))
        client.connack = client.expect("connack", reason=0)
        return client

    def old(self, name, version=5, **fields):
        return self.connect(self.mosquitto, name, version, **fields)

    def new(self, name, version=5, **fields):
        client = self.connect(self.mogi, name, version, clean=False, **fields)
        self.assertTrue(client.connack.session_present, name)
        return client

    def test_queued_messages_come(self):
        for name, version in (("three", 4), ("five", 5)):
            client = self.old(name, version, clean=False)
            client.subscribe(("t/#", 2), ("one", 1))
            client.close()
        writer = self.old("writer")
        for number in range(30):
            writer.publish(f"t/{number}", b"%d" % number, qos=1 + number % 2,
                           props=[("content_type", "n"),
                                  ("user_property", ("k", "v"))])
        writer.publish("one", b"last", qos=2)
        writer.publish("one", b"lost", qos=0)
        said = self.take_over()
        self.assertIn("2 sessions, 4 subscriptions, 62 messages", said)
        for name, version in (("three", 4), ("five", 5)):
            client = self.new(name, version)
            came = {1: [], 2: []}
            for _ in range(31):
                got = client.receive()
                came[got.qos].append((got.topic, got.payload))
                if version == 5 and got.topic != "one":
                    self.assertEqual(got.prop("content_type"), "n")
            client.settle()
            client.expect_nothing()
            for qos in (1, 2):  # in order, each QoS by itself
                wanted = [(f"t/{n}", b"%d" % n)
                          for n in range(30) if 1 + n % 2 == qos]
                if qos == 1:
                    wanted.append(("one", b"last"))
                self.assertEqual(came[qos], wanted)

    def test_subscriptions_go_on(self):
        client = self.old("five", clean=False)
        client.send(packets.subscribe(1, ("a/+", 1),
                                      props=[("subscription_identifier", 7)]))
        client.expect("suback")
        client.close()
        self.take_over()
        client = self.new("five")
        self.connect(self.mogi, "writer").publish("a/b", b"new", qos=1)
        got = client.receive("a/b", b"new", qos=1)
        self.assertEqual(got.prop("subscription_identifier"), 7)

    def test_retained_messages_are_kept(self):
        writer = self.old("writer")
        writer.publish("r/one", b"first", qos=1, retain=True)
        writer.publish("r/one", b"second", qos=1, retain=True)
        writer.publish("r/gone", b"x", qos=1, retain=True)
        writer.publish("r/gone", b"", qos=1, retain=True)
        writer.publish("r/two", b"\xff\x00", retain=True,
                       props=[("response_topic", "back")])
        writer.expect_nothing()
        self.take_over()
        reader = self.connect(self.mogi, "reader")
        reader.subscribe("r/#", qos=1)
        got = {m.topic: m for m in (reader.receive(retain=True),
                                    reader.receive(retain=True))}
        reader.expect_nothing()
        self.assertEqual(got["r/one"].payload, b"second")
        self.assertEqual(got["r/two"].payload, b"\xff\x00")
        self.assertEqual(got["r/two"].prop("response_topic"), "back")

    def test_what_was_half_done_is_finished(self):
        """One sent, one received but not released, in each direction."""
        client = self.old("half", clean=False)
        client.subscribe("q", qos=2)
        writer = self.old("writer")
        writer.publish("q", b"sent", qos=2)
        writer.publish("q", b"received", qos=2)
        sent = client.expect("publish", payload=b"sent")
        received = client.expect("publish", payload=b"received")
        client.send(packets.ack(packets.PUBREC, received.packet_id))
        client.expect("pubrel", packet_id=received.packet_id)
        other = self.old("other", clean=False)
        other.subscribe("in", qos=2)
        other.close()
        client.send(packets.publish("in", b"mine", 2, packet_id=5))
        client.expect("pubrec", packet_id=5)
        client.close()
        self.take_over()
        client = self.new("half")
        seen = [client.read(), client.read()]
        for packet in seen:
            if packet.kind == "pubrel":
                self.assertEqual(packet.packet_id, received.packet_id)
                client.send(packets.ack(packets.PUBCOMP, packet.packet_id))
            else:
                self.assertEqual(packet.payload, b"sent")
                self.assertEqual(packet.packet_id, sent.packet_id)
                self.assertTrue(packet.dup)
        self.assertEqual({p.kind for p in seen}, {"pubrel", "publish"})
        client.send(packets.publish("in", b"mine", 2, packet_id=5, dup=True))
        client.expect("pubrec", packet_id=5)
        client.send(packets.ack(packets.PUBREL, 5))
        client.expect("pubcomp", packet_id=5)
        other = self.new("other")
        other.receive("in", b"mine", qos=2)
        other.settle()
        other.expect_nothing()

    def test_what_cannot_be_taken_is_said(self):
        old = self.mosquitto.kept()
        mogi_db("import", old, self.data)
        _, error = mogi_db("import", old, self.data, status=0)
        other = self.mogi.home / "other"
        other.write_bytes(b"SQLite format 3\0" + bytes(100))
        _, error = mogi_db("import", other, self.mogi.home / "x", status=1)
        self.assertIn("is no mosquitto.db", error)
        future = bytearray(old.read_bytes())
        future[22] = 9
        other.write_bytes(future)
        _, error = mogi_db("import", other, self.mogi.home / "x", status=1)
        self.assertIn("version 9", error)
        _, error = mogi_db("import", "/nowhere", self.mogi.home / "x", status=1)
        self.assertIn("/nowhere", error)

    def test_a_store_that_holds_something_is_left_alone(self):
        self.old("keeper", clean=False).subscribe("x", qos=1)
        old = self.mosquitto.kept()
        mogi_db("import", old, self.data)
        _, error = mogi_db("import", old, self.data, status=1)
        self.assertIn("holds something already", error)


if __name__ == "__main__":
    unittest.main()
