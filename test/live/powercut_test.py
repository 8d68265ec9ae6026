#!/usr/bin/python3
"""The power goes: of the store only what was synced is left, and of the last
writes any part. And disks that fill up, or fail.

powercut/powercut.c, preloaded, keeps what a disk would have. ROUNDS, SECONDS
and SEED are as in crash_test.py.
"""
# tsan: skip

import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import packets
from crash_test import ROUNDS, SECONDS, SEED, LastingBroker, publish, retained
from crashing import World
from harness import HERE, TIMEOUT_S, Closed, Raw, mogi_only, until

SECTOR = 512


def setUpModule():
    global SHIM
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mogi-shim-"))
    unittest.addModuleCleanup(shutil.rmtree, folder)
    SHIM = folder / "powercut.so"
    subprocess.run(["cc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-o", SHIM,
                    HERE / "powercut" / "powercut.c"], check=True)


class FragileBroker(LastingBroker):
    """One whose store is on a disk that we can pull out."""

    def __init__(self, **options):
        super().__init__(**options)
        self.data = self.home / "data" / "mogi"
        self.disk = self.home / "disk"
        self.disk.mkdir()
        self.environment = {
            "LD_PRELOAD": str(SHIM),
            "POWERCUT_FOLDER": str(self.data),
            "POWERCUT_DISK": str(self.disk),
            # A sanitizer would like to be loaded first.
            "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
        }

    def start(self):
        # The first start is without the shim: it makes the folder.
        super().start()
        self.process.terminate()
        assert self.process.wait(TIMEOUT_S) == 0
        for file in self.data.iterdir():
            shutil.copy(file, self.disk / str(file.stat().st_ino))
        self.note_names()
        self.launch()
        return self

    def note_names(self):
        lines = [f"{f.stat().st_ino} {f.name}\n" for f in self.data.iterdir()]
        (self.disk / "names").write_text("".join(lines))

    def cut_power(self, luck):
        """Kill it, and make the folder what the disk has."""
        self.murder()
        now = {f.stat().st_ino: f.read_bytes() for f in self.data.iterdir()}
        lines = (self.disk / "names").read_text().splitlines()
        names = dict(reversed(line.split(" ", 1)) for line in lines)
        names = {name: int(inode) for name, inode in names.items()
                 if name not in (".", "..", "lock", "base.mdb-lock")}
        share = luck.choice((0, 0.2, 0.5, 1))
        files = {}
        for name, inode in names.items():
            kept = self.disk / str(inode)
            synced = kept.read_bytes() if kept.exists() else b""
            files[name] = torn(synced, now.get(inode, synced), luck, share)
        shutil.rmtree(self.data)
        shutil.rmtree(self.disk)
        self.data.mkdir(mode=0o700)
        self.disk.mkdir()
        for name, content in files.items():
            file = self.data / name
            file.write_bytes(content)
            file.chmod(0o600)
            shutil.copy(file, self.disk / str(file.stat().st_ino))
        self.note_names()

    def make_trouble(self, kind, on):
        if on:
            (self.disk / kind).touch()
        else:
            (self.disk / kind).unlink()


def torn(synced, written, luck, share):
    """What is on disk: each sector that was not synced may be there."""
    content = bytearray(synced.ljust(len(written), b"\0"))
    if content == written:
        return content
    for at in range(0, len(written), SECTOR):
        new = written[at:at + SECTOR]
        if content[at:at + SECTOR] != new and luck.random() < share:
            content[at:at + SECTOR] = new
    return content


@mogi_only
class PowerCutTest(unittest.TestCase):
    def test_power_cuts(self):
        print(f"seed {SEED}", file=sys.stderr)
        luck = random.Random(SEED)
        with FragileBroker(threads=2) as broker:
            world = World(broker.port, SEED)
            for number in range(ROUNDS):
                world.stir(number)
                world.run(luck.uniform(0.1, SECONDS))
                broker.cut_power(luck)
                world.hang_up()
                broker.launch()
            world.finish()
            world.check()
            world.check_filters(lambda topic: publish(broker, topic))
            world.check_kept(lambda topic: retained(broker, topic))
            for word in ("is dropped", "is lost", "lost:", "is broken"):
                self.assertNotIn(word, broker.log())

    def test_power_goes_right_after_an_acknowledgement(self):
        luck = random.Random(SEED)
        with FragileBroker(threads=2) as broker:
            for number in range(8):
                with Raw(broker.port) as client:
                    client.send(packets.connect("keeper", clean=False, props=[
                        ("session_expiry_interval", 1000)]))
                    client.expect("connack", reason=0)
                    if number == 0:
                        client.subscribe("t", qos=1)
                    else:
                        client.receive("t", str(number - 1).encode())
                        client.send(packets.PINGREQ_BYTES).expect("pingresp")
                    client.send(packets.disconnect())
                    client.expect_closed()
                with Raw(broker.port) as client:
                    client.send(packets.connect("pub"))
                    client.expect("connack", reason=0)
                    client.publish("t", str(number), qos=1)
                broker.cut_power(luck)
                broker.launch()


@mogi_only
class TroubleTest(unittest.TestCase):
    def connect(self, broker, client_id, version=5, **fields):
        client = Raw(broker.port, version)
        self.addCleanup(client.close)
        client.send(packets.connect(client_id, version, **fields))
        client.expect("connack", reason=0)
        return client

    def lasting(self, broker, client_id):
        return self.connect(broker, client_id, clean=False, props=[
            ("session_expiry_interval", 1000)])

    def test_a_full_disk_refuses_and_comes_back(self):
        """0x97 while there is no space, and QoS 0 as ever. [MQTT-4.13.2-1]"""
        with FragileBroker(threads=2) as broker:
            reader = self.lasting(broker, "reader")
            reader.subscribe("t/#", qos=1)
            reader.close()
            writer = self.connect(broker, "writer")
            broker.make_trouble("full", True)
            payload = bytes(200_000)
            kept = refused = 0

            def fill():
                nonlocal kept, refused
                writer.send(packets.publish("t/x", payload, 1, packet_id=3))
                answer = writer.read()
                self.assertEqual(answer.kind, "puback")
                self.assertIn(answer.reason, (0, 0x97))
                kept += answer.reason == 0
                refused += answer.reason == 0x97
                return answer.reason == 0x97
            until(fill, "0x97")
            self.assertGreater(kept, 10)
            self.assertIn("cannot grow", broker.log())
            listener = self.connect(broker, "listener")
            listener.subscribe("free")
            writer.publish("free", b"0", qos=0)
            listener.receive("free", b"0")
            old = self.connect(broker, "old", version=4)
            old.send(packets.publish("t/y", b"", 1, version=4))
            with self.assertRaises(Closed):
                old.read(10)
            broker.make_trouble("full", False)
            until(lambda: not fill(), "space")
            broker.murder()
            broker.launch()
            reader = self.lasting(broker, "reader")
            for _ in range(kept):
                reader.receive("t/x", payload)

    def test_a_failing_disk_acknowledges_nothing(self):
        luck = random.Random(SEED)
        with FragileBroker(threads=2) as broker:
            reader = self.lasting(broker, "reader")
            reader.subscribe("t", qos=1)
            reader.close()
            writer = self.connect(broker, "writer")
            broker.make_trouble("eio", True)
            writer.send(packets.publish("t", b"one", 1, packet_id=3))
            until(lambda: "nothing is acknowledged" in broker.log(), "trouble")
            time.sleep(0.3)
            self.assertFalse(writer.has_input())
            broker.make_trouble("eio", False)
            writer.expect("puback", packet_id=3, reason=0)
            until(lambda: "works again" in broker.log(), "the end of it")

            def taken():
                """The keeper may find out later than the log that it works."""
                writer.send(packets.publish("t", b"two", 1, packet_id=4))
                return writer.expect("puback", packet_id=4).reason < 0x80

            until(taken, "messages to be taken again")
            broker.cut_power(luck)
            broker.launch()
            reader = self.lasting(broker, "reader")
            reader.receive("t", b"one")
            reader.receive("t", b"two")


if __name__ == "__main__":
    unittest.main()
