#!/usr/bin/python3
"""A disk that is full, a real one: a small tmpfs. Nothing acknowledged is lost,
reading goes on, and when there is room again, all goes on by itself."""

import os
import subprocess
import tempfile
import time
import unittest

import packets
from crash_test import LastingBroker
from harness import TIMEOUT_S, Raw, mogi_only

PAYLOAD = 32 * 1024
QUOTA = 0x97


class SmallDisk:
    """A folder with room for 160 MB."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="mogi-disk-")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", self.folder],
            capture_output=True, check=False)
        self.mounted = done.returncode == 0

    def hog(self):
        """Somebody else takes all that is left."""
        with open(os.path.join(self.folder, "hog"), "wb", 0) as hog:
            try:
                while hog.write(bytes(1 << 20)):
                    pass
            except OSError:
                pass

    def end(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.folder], check=True)
        os.rmdir(self.folder)


@mogi_only
class DiskFullTest(unittest.TestCase):
    def setUp(self):
        self.disk = SmallDisk()
        self.addCleanup(self.disk.end)
        if not self.disk.mounted:
            self.skipTest("this user may not mount a tmpfs")
        self.broker = LastingBroker(threads=2, max_queued_bytes=0)
        self.broker.options["persistence_location"] = self.disk.folder
        self.broker.start()
        self.addCleanup(self.broker.kill)

    def client(self, client_id, clean=False, **fields):
        client = Raw(self.broker.port)
        self.addCleanup(client.close)
        client.send(packets.connect(client_id, clean=clean, props=[
            ("session_expiry_interval", 1000)], **fields))
        client.connack = client.expect("connack", reason=0)
        return client

    def publish(self, writer, number):
        """The reason of its PUBACK."""
        payload = b"%08d" % number + b"." * PAYLOAD
        writer.send(packets.publish("t", payload, qos=1, packet_id=7))
        return writer.expect("puback", packet_id=7).reason

    def fill(self, writer):
        """Publish until it is refused; how many were not."""
        for number in range(10000):
            reason = self.publish(writer, number)
            if reason >= 0x80:
                self.assertEqual(reason, QUOTA)
                return number
        raise AssertionError("the disk is never full")

    def drain(self, count):
        reader = self.client("away")
        self.assertTrue(reader.connack.session_present)
        for number in range(count):
            packet = reader.receive("t", qos=1)
            self.assertEqual(packet.payload[:8], b"%08d" % number)
        reader.expect_nothing()
        return reader

    def until_taken(self, writer, number):
        deadline = time.monotonic() + TIMEOUT_S
        while self.publish(writer, number) >= 0x80:
            self.assertLess(time.monotonic(), deadline, "it stays full")
            time.sleep(0.1)

    def test_full_refuses_and_comes_back(self):
        self.client("away").subscribe("t", qos=1)
        writer = self.client("writer", clean=True)
        writer.publish("kept", b"before", qos=1, retain=True)
        count = self.fill(writer)
        self.assertGreater(count, 100)
        self.assertIn("cannot grow", self.broker.log())
        # Reading goes on, and so does what promises nothing.
        other = self.client("other", clean=True)
        other.subscribe("kept")
        other.receive("kept", b"before", retain=True)
        other.subscribe("live")
        writer.publish("live", b"now")
        other.receive("live", b"now")
        reader = self.drain(count)
        self.until_taken(writer, 0)
        reader.receive("t", qos=1)

    def test_a_start_on_a_full_disk(self):
        self.client("away").subscribe("t", qos=1)
        count = self.fill(self.client("writer", clean=True))
        self.broker.murder()
        self.disk.hog()
        self.broker.launch()
        writer = self.client("writer", clean=True)
        # What was held for this may do for a little more.
        if self.publish(writer, count) < 0x80:
            count += 1
        self.drain(count)
        self.until_taken(writer, 0)

    def test_full_and_killed_loses_nothing(self):
        self.client("away").subscribe("t", qos=1)
        count = self.fill(self.client("writer", clean=True))
        self.broker.murder()
        subprocess.run(["mount", "-o", "remount,size=320m", self.disk.folder],
                       check=True)
        self.broker.launch()
        self.drain(count)
        self.until_taken(self.client("writer", clean=True), 0)


if __name__ == "__main__":
    unittest.main()
