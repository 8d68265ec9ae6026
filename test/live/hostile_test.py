#!/usr/bin/python3
"""Clients that mean no good, or know no better. The others notice nothing."""

import contextlib
import random
import re
import time
import unittest

import packets
from harness import (IS_MOSQUITTO, TIMEOUT_S, BrokerCase, Closed, mogi_only,
                     unless_mosquitto, until)
from packets import binary, connect, publish, subscribe

MB = 1 << 20


class HostileCase(BrokerCase):

    def tearDown(self):
        self.check_healthy()

    @contextlib.contextmanager
    def memory_grows_less_than(self, limit):
        before = self.broker.memory_bytes()
        yield
        grown = self.broker.memory_bytes() - before
        if not self.broker.has_sanitizer():
            self.assertLess(grown, limit)

    def send_until_refused(self, client, data):
        """The broker may close while we still talk."""
        with contextlib.suppress(ConnectionError):
            client.send(data)


class GarbageTest(HostileCase):

    def test_random_bytes(self):
        dice = random.Random(2)
        for _ in range(200):
            client = self.raw()
            self.send_until_refused(client, dice.randbytes(500))
            client.abort()

    def test_random_bytes_after_a_good_connect(self):
        dice = random.Random(5)
        for version in (3, 4, 5):
            for _ in range(50):
                client = self.connect("noise", version)
                self.send_until_refused(client, dice.randbytes(500))
                client.abort()

    def test_other_protocols(self):
        for hello in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                      b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
                      b"SSH-2.0-OpenSSH_9.2\r\n"):
            client = self.raw()
            self.send_until_refused(client, hello)
            client.close()

    def test_every_bit_of_a_connect_flipped(self):
        good = connect("bits", 5, will=packets.will("w", b"x"),
                       username="u", password=b"p")
        for bit in range(len(good) * 8):
            bad = bytearray(good)
            bad[bit // 8] ^= 1 << bit % 8
            client = self.raw()
            self.send_until_refused(client, bytes(bad))
            client.close()

    def test_half_packets(self):
        """Every prefix of a good conversation, then silence or a cut."""
        talk = (connect("half") + subscribe(1, ("half", 2)) +
                publish("half", b"payload", 2, packet_id=3))
        for end in range(len(talk)):
            client = self.raw().send(talk[:end])
            (client.close, client.abort)[end % 2]()

    def test_subscribe_without_its_last_byte(self):
        whole = subscribe(1, ("healthy", 1))
        client = self.connect("almost")
        client.send(whole[:-1])
        self.check_healthy()
        client.send(whole[-1:])
        client.expect("suback", reasons=[1])


class LogTest(HostileCase):

    @mogi_only
    def test_the_log_says_who_it_was(self):
        self.connect("culprit").send(b"\x00\x00").expect("disconnect")
        until(lambda: re.search("culprit.*127\\.0\\.0\\.1|"
                                "127\\.0\\.0\\.1.*culprit",
                                self.broker.log()), "a log line")


class ClaimTest(HostileCase):
    """A length that is claimed costs nothing until the bytes come."""
    options = {"max_packet_size": 268435455}

    def test_huge_publish(self):
        with self.memory_grows_less_than(32 * MB):
            for number in range(100):
                client = self.connect(f"claim-{number}")
                client.send(b"\x30\xff\xff\xff\x7f", binary("a"), b"\0few")
            self.check_healthy()

    def test_huge_connect(self):
        with self.memory_grows_less_than(32 * MB):
            for _ in range(100):
                client = self.raw()
                self.send_until_refused(
                    client, b"\x10\xff\xff\xff\x7f\0\4MQTT\5")
            self.check_healthy()


class OddButLegalTest(HostileCase):

    def test_connect_one_byte_at_a_time(self):
        client = self.raw()
        talk = connect("slow") + subscribe(1, ("slow", 0))
        for byte in talk:
            client.send(bytes([byte]))
        client.expect("connack", reason=0)
        client.expect("suback", reasons=[0])

    def test_a_thousand_packets_in_one_write(self):
        numbers = [str(number).encode() for number in range(1000)]
        client = self.raw()
        client.send(connect("hasty"), subscribe(1, ("hasty", 0)),
                    *(publish("hasty", number) for number in numbers))
        client.expect("connack", reason=0)
        client.expect("suback", reasons=[0])
        for number in numbers:
            client.expect("publish", payload=number)

    def test_a_thousand_empty_user_properties(self):
        props = [("user_property", ("", ""))] * 1000
        client = self.connect("proper", props=props)
        client.subscribe("proper", props=props)
        for _ in range(20):
            client.send(publish("proper", props=props))
            self.assertEqual(client.expect("publish").props, props)

    def test_topics_as_long_as_they_can_be(self):
        """Linear time: a hundred of each within a second or two."""
        client = self.connect("long")
        started = time.monotonic()
        for topic in ("x" * 65535, "/" * 199, "a/" * 99):
            client.subscribe(topic)
            for _ in range(100):
                client.send(publish(topic))
                client.expect("publish", topic=topic)
        self.assertLess(time.monotonic() - started, TIMEOUT_S / 2)

    @unless_mosquitto("it refuses more than 200 levels")
    def test_65000_slashes(self):
        """Accepted or refused, but soon."""
        started = time.monotonic()
        for number in range(20):
            client = self.connect(f"slashes-{number}")
            with contextlib.suppress(Closed):
                client.send(publish("/" * 65000),
                            subscribe(1, ("+/" * 32000 + "+", 0)),
                            packets.PINGREQ_BYTES)
                while client.read().kind != "pingresp":
                    pass
        self.assertLess(time.monotonic() - started, TIMEOUT_S / 2)

    @unless_mosquitto("it forgets some when more than 20 are open")
    def test_300_messages_of_qos_2_at_once(self):
        """3.1.1 knows no Receive Maximum, so nobody broke a rule."""
        alice = self.connect("alice", 4)
        bob = self.connect("bob", 4)
        bob.subscribe("burst", qos=0)
        for number in range(1, 301):
            alice.send(publish("burst", str(number), 2, number, version=4))
        for number in range(1, 301):
            alice.expect("pubrec", packet_id=number)
        for number in range(1, 301):
            alice.send(packets.ack(packets.PUBREL, number))
        for number in range(1, 301):
            alice.expect("pubcomp", packet_id=number)
        came = sorted(int(bob.receive().payload) for _ in range(300))
        self.assertEqual(came, list(range(1, 301)))

    def test_connections_that_say_nothing(self):
        silent = [self.raw() for _ in range(200)]
        self.check_healthy()
        for client in silent:
            client.close()

    def test_same_id_in_a_hurry(self):
        """Take-overs faster than anyone can answer them."""
        storm = [self.raw().send(connect("hurry"), subscribe(1, ("hurry", 0)))
                 for _ in range(300)]
        for client in storm:
            client.expect("connack")
        self.connect("hurry").expect_nothing()


class DeadlineTest(HostileCase):
    options = {"connect_timeout": 1}

    @classmethod
    def setUpClass(cls):
        if IS_MOSQUITTO:
            raise unittest.SkipTest("mogi only")
        super().setUpClass()

    def test_no_connect_no_stay(self):
        client = self.raw()
        dripping = self.raw().send(connect("drip")[:5])
        client.expect_closed()
        dripping.expect_closed()

    def test_who_is_in_may_stay(self):
        client = self.connect("in", keepalive=0)
        self.raw().expect_closed()
        client.expect_nothing()


class SlowReaderCase(HostileCase):

    def slow_client(self, topic, qos):
        slow = self.connect(f"slow-{qos}", receive_buffer=4096)
        slow.subscribe(topic, qos=qos)
        return slow

    def flood(self, topic, megabytes):
        """A publisher and a reader go on beside the one that never reads."""
        payload = bytes(64 * 1024)
        bob, alice = self.connect("bob"), self.connect("alice")
        bob.subscribe(topic, qos=1)
        for _ in range(megabytes * 16):
            alice.publish(topic, payload, 1)
            bob.receive(topic)


class SlowReaderTest(SlowReaderCase):

    @unless_mosquitto("its queue for QoS 0 has no limit in bytes")
    def test_qos_0_costs_a_bounded_number_of_bytes(self):
        self.slow_client("flood/0", 0)
        with self.memory_grows_less_than(24 * MB):
            self.flood("flood/0", 64)

    def test_qos_1_does_not_hold_up_the_others(self):
        self.slow_client("flood/1", 1)
        self.flood("flood/1", 16)

    @unless_mosquitto("its queue for QoS 0 has no limit in bytes")
    def test_many_slow_readers(self):
        slow = [self.connect(f"snail-{number}", receive_buffer=4096)
                for number in range(50)]
        for client in slow:
            client.subscribe("snails")
        with self.memory_grows_less_than(64 * MB):
            self.flood("snails", 8)

    def test_a_slow_reader_that_wakes_up_reads_whole_packets(self):
        slow = self.slow_client("wake", 0)
        self.flood("wake", 8)
        alice = self.connect("waker")
        with contextlib.suppress(TimeoutError):
            while True:
                packet = slow.read(timeout_s=0.3)
                self.assertEqual(len(packet.payload), 64 * 1024)
        alice.publish("wake", bytes(64 * 1024), 1)
        slow.receive("wake", bytes(64 * 1024))

    @unless_mosquitto("it remembers every answer")
    def test_pings_without_reading_the_answers(self):
        """The broker stops reading, or ends it; it does not hoard."""
        client = self.connect("pinger", receive_buffer=4096)
        client.socket.settimeout(0.5)
        with self.memory_grows_less_than(16 * MB):
            with contextlib.suppress(OSError):
                for _ in range(32):
                    client.send(packets.PINGREQ_BYTES * (MB // 2))
            self.check_healthy()


class QueueTest(SlowReaderCase):
    options = {"max_queued_messages": 0, "max_queued_bytes": 4 * MB}

    def test_qos_1_waits_in_a_bounded_queue(self):
        self.slow_client("flood/1", 1)
        with self.memory_grows_less_than(24 * MB):
            self.flood("flood/1", 64)


class FloodTest(HostileCase):

    def test_connect_and_vanish(self):
        for number in range(500):
            client = self.raw().send(connect(f"moth-{number}"))
            client.abort()

    def test_wills_of_a_crowd_that_vanishes(self):
        heir = self.connect("heir")
        heir.subscribe("last/+")
        for number in range(100):
            will = packets.will(f"last/{number}", b"x")
            self.connect(f"crowd-{number}", will=will).abort()
        topics = {heir.receive().topic for _ in range(100)}
        self.assertEqual(len(topics), 100)

    def test_many_filters_in_one_packet(self):
        client = self.connect("greedy")
        filters = [(f"greedy/{number}/+/#", 0) for number in range(5000)]
        client.send(subscribe(1, *filters))
        self.assertEqual(client.expect("suback").reasons, [0] * 5000)
        client.send(publish("greedy/4999/x/y"))
        client.receive("greedy/4999/x/y")
        names = [name for name, _ in filters]
        client.send(packets.unsubscribe(2, *names))
        self.assertEqual(client.expect("unsuback").reasons, [0] * 5000)


if __name__ == "__main__":
    unittest.main()
