#!/usr/bin/python3
"""Mosquitto beside the broker: its bridge carries messages both ways."""

import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

import packets
from harness import Broker, Closed, Raw, free_port, until
from tlstap import Lab

PSK = "00112233445566778899aabbccddeeff"
AS_PUBLISHED = 0x08


class Mosquitto:
    """Debian's mosquitto with a bridge of this name, and these lines."""

    def __init__(self, name, *lines):
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mogi-bridge-"))
        self.folder.chmod(0o777)  # it writes there as another user
        self.config = self.folder / "bridge.conf"
        self.config.write_text("\n".join([
            f"listener {self.port} 127.0.0.1", "allow_anonymous true",
            "persistence true", f"persistence_location {self.folder}/",
            f"connection {name}", f"remote_clientid {name}",
            "cleansession false", f"notification_topic state/{name}",
            *lines]) + "\n")

    def start(self):
        self.process = subprocess.Popen(
            ["mosquitto", "-c", self.config], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.is_ready, "mosquitto to listen")

    def is_ready(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


class BridgeTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cert, key = cls.lab.server("127.0.0.1")
        keys = cls.lab.folder / "keys"
        keys.write_text(f"bridge:{PSK}\n")
        cls.tls_port, cls.psk_port = free_port(), free_port()
        cls.broker = Broker(**{
            f"listener {cls.tls_port}": "127.0.0.1",
            "certfile": cert, "keyfile": key,
            f"listener {cls.psk_port}": "127.0.0.1",
            "psk_hint": "mogi", "psk_file": keys}).start()

    @classmethod
    def tearDownClass(cls):
        cls.lab.close()
        cls.broker.stop()

    def bridge(self, name, *lines, port=None):
        bridge = Mosquitto(name, f"address 127.0.0.1:{port or self.broker.port}",
                           f"topic {name}/# both 2", *lines)
        bridge.start()
        self.addCleanup(bridge.close)
        return bridge

    def client(self, port, client_id, **fields):
        client = Raw(port)
        self.addCleanup(client.close)
        client.send(packets.connect(client_id, **fields))
        client.expect("connack", reason=0)
        return client

    def carry(self, name, *lines, port=None):
        """What is said on one side arrives once on both, as it was said."""
        here = self.broker.port
        author = self.client(here, "author-" + name)
        author.publish(f"{name}/early", b"x", 1, retain=True)
        there = self.bridge(name, *lines, port=port).port
        readers = [self.client(at, "reader-" + name) for at in (here, there)]
        for reader in readers:
            reader.subscribe((f"{name}/#", 2 | AS_PUBLISHED))
            reader.receive(f"{name}/early", b"x")  # now it is subscribed
        for who in (author, self.client(there, "author-" + name)):
            for qos in range(3):
                who.publish(f"{name}/{qos}", b"x", qos, retain=True)
                for reader in readers:
                    reader.receive(f"{name}/{qos}", b"x", qos=qos, retain=True)
        for reader in readers:
            reader.expect_nothing()

    def test_both_ways_in_3_1(self):
        self.carry("b3", "bridge_protocol_version mqttv31")

    def test_both_ways_in_3_1_1(self):
        self.carry("b4", "bridge_protocol_version mqttv311")

    def test_both_ways_in_5(self):
        self.carry("b5", "bridge_protocol_version mqttv50")

    def test_through_tls(self):
        self.carry("tls", f"bridge_cafile {self.lab.ca}", port=self.tls_port)

    def test_through_tls_with_a_shared_key(self):
        self.carry("psk", "bridge_identity bridge", f"bridge_psk {PSK}",
                   port=self.psk_port)

    def test_what_was_said_while_it_was_away(self):
        author = self.client(self.broker.port, "author")
        author.publish("away/early", b"x", 1, retain=True)
        bridge = self.bridge("away")
        who = {"clean": False, "props": [("session_expiry_interval", 60)]}
        reader = self.client(bridge.port, "reader", **who)
        reader.subscribe("away/#", qos=1)
        reader.receive("away/early")
        author.subscribe("state/away", qos=1)
        author.receive("state/away", b"1")
        bridge.stop()
        author.receive("state/away", b"0")
        words = [b"%d" % n for n in range(50)]
        for word in words:
            author.publish("away/x", word, 1)
        bridge.start()
        reader = self.client(bridge.port, "reader", **who)
        self.assertEqual([reader.receive("away/x").payload for _ in words],
                         words)


if __name__ == "__main__":
    unittest.main()
