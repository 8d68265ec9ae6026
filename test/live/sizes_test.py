#!/usr/bin/python3
"""Payloads of 64 KB, 1 MB and 100 MB arrive as they left."""

import hashlib
import random
import unittest

from harness import BrokerCase
from programs import Subscriber, publish

KB, MB = 1000, 1000 * 1000


def digest(data):
    """Compared instead of the data, so that a failure can be printed."""
    return len(data), hashlib.sha256(data).hexdigest()


class SizesCase(BrokerCase):

    def there_and_back(self, size, qos, version=5):
        payload = random.Random(size).randbytes(size)
        bob = self.connect("bob", version)
        bob.subscribe("big", qos=qos)
        self.connect("alice", version).publish("big", payload, qos)
        came = bob.receive("big", qos=qos).payload
        self.assertEqual(digest(came), digest(payload))


class DefaultLimitTest(SizesCase):
    """The default maximum packet size is 2,000,000 bytes."""

    def test_64_kb_and_1_mb(self):
        for version in (4, 5):
            for size in (64 * KB, 1 * MB):
                for qos in (0, 1, 2):
                    with self.subTest(version=version, size=size, qos=qos):
                        self.there_and_back(size, qos, version)

    def test_a_large_message_is_retained(self):
        payload = random.Random(1).randbytes(1 * MB)
        self.connect("alice").publish("kept", payload, 1, retain=True)
        bob = self.connect("bob")
        bob.subscribe("kept")
        self.assertEqual(digest(bob.receive("kept").payload),
                         digest(payload))


class RaisedLimitTest(SizesCase):
    options = {"max_packet_size": 101 * MB}

    def test_sizes_around_the_borders_of_the_length_field(self):
        empty = len("\0\3big") + 1  # topic and no properties
        for border in (128, 128 ** 2, 128 ** 3):
            for length in range(border - 2, border + 2):
                self.there_and_back(length - empty, 0)

    def test_100_mb(self):
        self.there_and_back(100 * MB, 1)

    def test_100_mb_with_clients_that_are_not_ours(self):
        payload = random.Random(2).randbytes(100 * MB)
        with Subscriber(self.broker, "-t", "big", "-q", "1", "-C", "1",
                        "-N") as sub:
            publish(self.broker, "-t", "big", "-q", "1", "-s", input=payload)
            self.assertEqual(digest(sub.output()), digest(payload))


if __name__ == "__main__":
    unittest.main()
