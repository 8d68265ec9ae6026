#!/usr/bin/python3
"""Clients of a listener with a mount point live below it and see nothing of
it, over all threads; each listener takes the versions and the QoS it says."""

import signal
import unittest

import packets
from harness import Broker, Raw, mogi_only, until


@mogi_only
class MountTest(unittest.TestCase):

    def setUp(self):
        with Broker() as spare:
            self.inner = spare.port
        self.broker = Broker()
        self.lines = [
            f"listener {self.broker.port} 127.0.0.1",
            f"listener {self.inner} 127.0.0.1",
            "mount_point house/", "max_qos 1",
            "accept_protocol_versions 4,5",
            "allow_anonymous true", "threads 3"]
        self.broker.write_config = lambda: self.broker.config.write_text(
            "\n".join(self.lines) + "\n")
        self.broker.start()
        self.addCleanup(self.broker.stop)

    def client(self, client_id, port, version=5, **fields):
        client = Raw(port, version)
        self.addCleanup(client.close)
        client.send(packets.connect(client_id, version, **fields))
        client.connack = client.expect("connack", reason=0)
        return client

    def test_two_worlds(self):
        """What is said inside is below the mount point outside."""
        inside = [self.client(f"in-{i}", self.inner) for i in range(4)]
        outside = self.client("out", self.broker.port)
        outside.subscribe("#", qos=1)
        for client in inside:
            client.subscribe("#", qos=1)
        inside[0].publish("lamp", b"on", retain=True)
        outside.receive("house/lamp", b"on")
        for client in inside:
            client.receive("lamp", b"on")
        outside.publish("garden", b"wet")
        outside.receive("garden", b"wet")
        for client in inside:
            client.expect_nothing()
        late = self.client("late", self.inner)
        late.subscribe("+")
        late.receive("lamp", b"on")

    def test_wills_and_shared_subscriptions(self):
        outside = self.client("out", self.broker.port)
        outside.subscribe("house/#")
        member = self.client("member", self.inner)
        member.subscribe("$share/g/left/+")
        leaver = self.client(
            "leaver", self.inner, will=packets.will("left/leaver", b"bye"))
        leaver.abort()
        outside.receive("house/left/leaver", b"bye")
        member.receive("left/leaver", b"bye")

    def test_each_listener_has_its_own_limits(self):
        inside = self.client("a", self.inner)
        inside.send(packets.publish("t", b"x", 2, packet_id=7))
        inside.expect("disconnect", reason=0x9b)
        self.client("b", self.broker.port).publish("t", b"x", qos=2)
        with Raw(self.inner, 3) as client:
            client.send(packets.connect("c", 3))
            client.expect("connack", reason=1)
            client.expect_closed()
        self.client("d", self.broker.port, 3)

    def test_a_change_takes_a_restart(self):
        self.lines[2] = "mount_point shed/"
        self.broker.write_config()
        self.broker.signal(signal.SIGHUP)
        until(lambda: "mount_point: the new value takes a restart"
              in self.broker.log(), "the note")
        inside = self.client("in", self.inner)
        outside = self.client("out", self.broker.port)
        outside.subscribe("#")
        inside.publish("t", b"x")
        outside.receive("house/t", b"x")


if __name__ == "__main__":
    unittest.main()
