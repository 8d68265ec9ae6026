#!/usr/bin/python3
"""What an administrator, and a machine that runs out, do to the broker."""

import signal
import time
import unittest

import packets
from harness import (IS_MOSQUITTO, Broker, BrokerCase, Raw, mogi_only, until)

SERVER_SHUTTING_DOWN = 0x8B
NOT_AUTHORIZED = 0x87


def knock(broker):
    """Ask to be let in; return the reason of the answer."""
    client = Raw(broker.port)
    client.send(packets.connect("knock"))
    reason = client.expect("connack").reason
    client.close()
    return reason


class ReloadTest(BrokerCase):

    def tearDown(self):
        self.check_healthy()

    def reload(self, **options):
        """Change the configuration file and tell the broker."""
        self.broker.options.update(options)
        self.broker.write_config()
        self.broker.signal(signal.SIGHUP)

    def test_who_may_come_in_changes(self):
        self.reload(allow_anonymous="false")
        until(lambda: knock(self.broker) == NOT_AUTHORIZED, "the new rule")
        self.reload(allow_anonymous="true")
        until(lambda: knock(self.broker) == 0, "the old rule")

    def test_connections_and_retained_messages_survive(self):
        bob = self.connect("bob")
        bob.subscribe("news", qos=1)
        alice = self.connect("alice")
        alice.publish("kept", b"k", 1, retain=True)
        for _ in range(5):
            self.reload()
            alice.publish("news", b"n", 1)
            bob.receive("news", b"n")
        bob.subscribe("kept")
        bob.receive("kept", b"k")

    @mogi_only
    def test_a_file_that_is_wrong_changes_nothing(self):
        self.broker.config.write_text("no_such_key 1\n")
        self.broker.signal(signal.SIGHUP)
        until(lambda: "no_such_key" in self.broker.log(), "a complaint")
        self.assertEqual(knock(self.broker), 0)
        self.reload()

    def test_broken_pipes_are_survived(self):
        """Subscribers that vanish with a reset while they are written to."""
        alice = self.connect("alice")
        for number in range(30):
            doomed = Raw(self.broker.port)
            doomed.send(packets.connect(f"doomed-{number}"))
            doomed.expect("connack")
            doomed.subscribe("flood")
            alice.send(packets.publish("flood", bytes(100000)) * 5)
            doomed.abort()
        alice.expect_nothing()
        self.broker.signal(signal.SIGPIPE)
        self.assertTrue(self.broker.is_running())


class ShutdownTest(unittest.TestCase):

    def shut_down_by(self, number):
        """Clients of 5.0 are told; those of 3.1.1 just see the end."""
        broker = Broker().start()
        self.addCleanup(broker.kill)
        new, old = Raw(broker.port), Raw(broker.port, version=4)
        for client in (new, old):
            client.send(packets.connect(f"v{client.version}",
                                        client.version))
            client.expect("connack")
        broker.signal(number)
        if not IS_MOSQUITTO:  # which closes without a word
            new.expect("disconnect", reason=SERVER_SHUTTING_DOWN)
        new.expect_closed()
        old.expect_closed()
        self.assertEqual(broker.process.wait(), 0)

    def test_terminate(self):
        self.shut_down_by(signal.SIGTERM)

    def test_interrupt(self):
        self.shut_down_by(signal.SIGINT)

    def test_while_messages_flow(self):
        with Broker() as broker:
            alice, bob = Raw(broker.port), Raw(broker.port)
            for client, name in ((alice, "alice"), (bob, "bob")):
                client.send(packets.connect(name)).expect("connack")
            bob.subscribe("flood")
            alice.send(packets.publish("flood", bytes(1000)) * 5000)
            bob.receive("flood")


class OpenFilesTest(unittest.TestCase):
    """More clients than files: those beyond wait, nothing spins."""

    def test_accept_pauses_and_recovers(self):
        with Broker(open_files=64) as broker:
            first = Raw(broker.port)
            first.send(packets.connect("first")).expect("connack")
            crowd = [Raw(broker.port) for _ in range(100)]
            self.assert_idle(broker)
            first.expect_nothing()
            for client in crowd:
                client.close()
            self.assert_recovers(broker)
            first.expect_nothing()

    def assert_idle(self, broker):
        """Over a second, a broker that spins would use a second."""
        before = broker.cpu_s()
        time.sleep(1)
        self.assertLess(broker.cpu_s() - before, 0.3)

    def assert_recovers(self, broker):
        client = Raw(broker.port)
        client.send(packets.connect("late")).expect("connack", reason=0)
        client.close()

    @mogi_only
    def test_it_says_so(self):
        with Broker(open_files=64) as broker:
            crowd = [Raw(broker.port) for _ in range(100)]
            until(lambda: "file" in broker.log().lower(), "a log line")
            self.assertLess(len(broker.log().splitlines()), 1000)
            for client in crowd:
                client.close()


if __name__ == "__main__":
    unittest.main()
