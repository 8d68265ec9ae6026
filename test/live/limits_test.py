#!/usr/bin/python3
"""Limits against abuse: each is reached, said, counted, and passes again.

What it takes to be another address than this machine's own: a second address of
the loopback network is one (127.0.0.2), but counts as this machine; so limits by
address are shown with the PROXY protocol or in unit tests (door_test.c).
"""

import contextlib
import pathlib
import socket
import tempfile
import threading
import time
import unittest

import packets
from harness import (MOGI, TIMEOUT_S, BrokerCase, Closed, Raw, mogi_only, run,
                     until)


def enter(port, name, **fields):
    """A client that is in, or None: it was refused."""
    client = Raw(port)
    try:
        client.send(packets.connect(name, **fields))
        if client.read().reason == 0:
            return client
    except (Closed, ConnectionError):
        pass
    client.close()
    return None


@mogi_only
class SeatsTest(BrokerCase):
    options = {"max_connections": 3, "sys_interval": 1}

    def test_refused_connections_hold_no_seat(self):
        """Who was told that it is full lingers, but not in a seat."""
        seats = [enter(self.broker.port, f"seat-{n}") for n in range(3)]
        self.assertNotIn(None, seats)
        refused = [Raw(self.broker.port) for _ in range(5)]
        for number, client in enumerate(refused):
            client.send(packets.connect(f"late-{number}"))
            self.assertEqual(client.read().reason, 0x97)
        # They are still connected; a seat that gets free is free at once.
        seats.pop().close()
        until(lambda: self.take(seats), "the free seat")
        for client in refused + seats:
            client.close()

    def take(self, seats):
        client = enter(self.broker.port, "next")
        if client is not None:
            seats.append(client)
        return client


@mogi_only
class UserSeatsTest(BrokerCase):

    options = {"max_connections_per_user": 2, "threads": 2}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        path = pathlib.Path(folder.name, "passwords")
        path.touch(mode=0o600)
        for user in ("ada", "bob"):
            run(MOGI, "passwd", "-b", str(path), user, "secret")
        cls.options = cls.options | {"password_file": str(path),
                                     "allow_anonymous": "false"}
        super().setUpClass()

    def test_a_user_has_so_many(self):
        ada = {"username": "ada", "password": b"secret"}
        first = [enter(self.broker.port, f"a{n}", **ada) for n in range(2)]
        self.assertNotIn(None, first)
        self.assertIsNone(enter(self.broker.port, "a2", **ada))
        other = enter(self.broker.port, "b", username="bob", password=b"secret")
        self.assertIsNotNone(other)
        first.pop().close()
        again = until(lambda: enter(self.broker.port, "a3", **ada), "room for ada")
        self.assertIn("max_connections_per_user", self.broker.log())
        for client in [*first, other, again]:
            client.close()


@mogi_only
class FloodTest(BrokerCase):
    """A flood of messages that nobody takes does not end the broker."""

    options = {"memory_limit": 32 << 20, "max_queued_messages": 0,
               "threads": 2, "max_inflight_messages": 0}

    def test_memory_has_a_ceiling(self):
        away = self.enter_as("away", 3600)
        away.subscribe("flood/#", qos=1)
        away.close()
        before = self.broker.memory_bytes()
        flooders = [threading.Thread(target=self.flood, args=(n,))
                    for n in range(4)]
        pair = Pair(self.broker.port)
        for flooder in flooders:
            flooder.start()
        worst = refused = sent = 0
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline:
            delay_s = pair.delay_s()
            sent += 1
            refused += delay_s is None
            worst = max(worst, delay_s or 0)
        for flooder in flooders:
            flooder.join(TIMEOUT_S)
        used = self.broker.memory_bytes() - before
        print(f"flood: {used >> 20} MiB above the start with a limit of 32 "
              f"MiB; of {sent} messages of a pair {refused} were refused, the "
              f"worst delay of the others was {worst * 1000:.1f} ms")
        if not self.broker.has_sanitizer():
            self.assertLess(used, 128 << 20)
        self.assertTrue(self.broker.is_running())
        self.assertIn("memory is short", self.broker.log())
        # The thread whose memory is short refuses; the other may not be short.
        until(self.newcomer_is_refused, "a newcomer that is refused")
        # Its owner may come, and then there is room again.
        self.enter_as("away", 0).close()
        until(lambda: enter(self.broker.port, "late"), "room for newcomers").close()
        pair.close()

    def newcomer_is_refused(self):
        with Raw(self.broker.port) as newcomer:
            newcomer.send(packets.connect("newcomer"))
            return newcomer.read().reason == 0x97

    def enter_as(self, name, expiry_s):
        client = Raw(self.broker.port)
        client.send(packets.connect(
            name, clean=False,
            props=[("session_expiry_interval", expiry_s)]))
        client.expect("connack", reason=0)
        return client

    def flood(self, number):
        client = Raw(self.broker.port)
        client.send(packets.connect(f"flood-{number}"))
        client.expect("connack", reason=0)
        client.socket.settimeout(1)
        body = bytes(8000)
        deadline = time.monotonic() + 4
        with contextlib.suppress(OSError):
            for n in range(1, 1 << 20):
                client.socket.sendall(packets.publish(
                    f"flood/{number}", body, qos=1, packet_id=n % 65535 + 1))
                if time.monotonic() > deadline:
                    break
        client.close()


class Pair:
    """A publisher and a subscriber that behave; how long a message takes."""

    def __init__(self, port):
        self.subscriber, self.publisher = Raw(port), Raw(port)
        for client, name in ((self.subscriber, "pair-s"),
                             (self.publisher, "pair-p")):
            client.send(packets.connect(name))
            client.expect("connack", reason=0)
        self.subscriber.subscribe("pair")

    def delay_s(self):
        """None: the broker has told the publisher that it has no room."""
        begin = time.monotonic()
        self.publisher.send(packets.publish("pair", b"x", qos=1))
        if self.publisher.expect("puback").reason == 0x97:
            return None
        self.subscriber.expect("publish")
        return time.monotonic() - begin

    def close(self):
        self.subscriber.close()
        self.publisher.close()


@mogi_only
class AdversariesTest(BrokerCase):
    """All at once: a pair that behaves goes on."""

    options = {"threads": 2, "max_packets_per_second": 200,
               "connect_timeout": 2, "flapping_count": 20,
               "max_topic_bytes": 200, "max_connections": 200,
               "sys_interval": 1}

    def test_a_pair_goes_on(self):
        self.ends = time.monotonic() + 6
        pair = Pair(self.broker.port)
        threads = [threading.Thread(target=self.repeat, args=(act,))
                   for act in (self.fast, self.silent, self.flapping,
                               self.garbage, self.half_a_packet,
                               self.long_topics)]
        for thread in threads:
            thread.start()
        delays = []
        while time.monotonic() < self.ends:
            delays.append(pair.delay_s())
            time.sleep(0.02)
        for thread in threads:
            thread.join(TIMEOUT_S)
        delays.sort()
        print(f"adversaries: {len(delays)} messages of a pair, median "
              f"{delays[len(delays) // 2] * 1000:.2f} ms, worst "
              f"{delays[-1] * 1000:.1f} ms")
        log = self.broker.log()
        for said in ("is read more slowly", "held off"):
            self.assertIn(said, log)
        figures = pair.subscriber
        figures.subscribe("$SYS/broker/clients/slowed",
                          "$SYS/broker/clients/flapping")
        found = {}
        while len(found) < 2:
            packet = figures.read()
            found[packet.topic] = int(packet.payload)
        self.assertGreater(min(found.values()), 0, found)
        pair.close()

    def repeat(self, act):
        while time.monotonic() < self.ends:
            with contextlib.suppress(OSError, Closed):
                act()

    def fast(self):
        client = enter(self.broker.port, "fast")
        if client is None:
            time.sleep(0.1)
            return
        client.socket.settimeout(0.5)
        block = packets.publish("fast", b"x") * 500
        try:
            while time.monotonic() < self.ends:
                client.socket.sendall(block)
        finally:
            client.close()

    def silent(self):
        with contextlib.closing(socket.create_connection(
                ("127.0.0.1", self.broker.port))) as quiet:
            quiet.settimeout(3)
            quiet.recv(1)

    def flapping(self):
        client = enter(self.broker.port, "flapping")
        if client is not None:
            client.close()

    def garbage(self):
        with Raw(self.broker.port) as client:
            client.send(bytes(range(255, 0, -1)) * 20)
            client.read(1)

    def half_a_packet(self):
        client = enter(self.broker.port, "half")
        if client is None:
            time.sleep(0.1)
            return
        client.send(packets.publish("half", bytes(100000))[:-1])
        time.sleep(0.1)
        client.close()

    def long_topics(self):
        client = enter(self.broker.port, "long")
        if client is None:
            time.sleep(0.1)
            return
        client.send(packets.publish("x/" * 500, b"x", qos=1))
        self.assertEqual(client.expect("puback").reason, 0x90)
        client.close()


if __name__ == "__main__":
    unittest.main()
