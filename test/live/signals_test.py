#!/usr/bin/python3
"""What an administrator, and a machine that runs out, do to the broker."""

import contextlib
import pathlib
import shutil
import signal
import tempfile
import time
import unittest

import packets
from harness import (IS_MOSQUITTO, TIMEOUT_S, Broker, BrokerCase, Raw,
                     mogi_only, until)

SERVER_SHUTTING_DOWN = 0x8B
NOT_AUTHORIZED = 0x87


def knock(broker):
    """Ask to be let in; return the reason of the answer."""
    with Raw(broker.port) as client:
        client.send(packets.connect("knock"))
        return client.expect("connack").reason


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

    def enter(self, broker, client_id, version=5):
        client = Raw(broker.port, version)
        self.addCleanup(client.close)
        client.send(packets.connect(client_id, version))
        client.expect("connack", reason=0)
        return client

    def shut_down_by(self, number):
        """Clients of 5.0 are told; those of 3.1.1 just see the end."""
        broker = Broker().start()
        self.addCleanup(broker.kill)
        new, old = self.enter(broker, "new"), self.enter(broker, "old", 4)
        broker.signal(number)
        if not IS_MOSQUITTO:  # which closes without a word
            new.expect("disconnect", reason=SERVER_SHUTTING_DOWN)
        new.expect_closed()
        old.expect_closed()
        self.assertEqual(broker.process.wait(TIMEOUT_S), 0)

    def test_terminate(self):
        self.shut_down_by(signal.SIGTERM)

    def test_interrupt(self):
        self.shut_down_by(signal.SIGINT)

    @mogi_only
    def test_twice_is_at_once(self):
        """Nothing of it stays, though it took leave of nobody."""
        broker = Broker()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mogi-live-"))
        self.addCleanup(shutil.rmtree, folder)
        broker.options |= {"pid_file": folder / "pid",
                           "listener 0": folder / "socket"}
        broker.start()
        self.addCleanup(broker.kill)
        self.assertEqual(int((folder / "pid").read_text()), broker.process.pid)
        self.assertTrue((folder / "socket").exists())
        broker.signal(signal.SIGSTOP)  # so that both come at one time
        broker.signal(signal.SIGTERM)
        broker.signal(signal.SIGINT)
        broker.signal(signal.SIGCONT)
        self.assertEqual(broker.process.wait(TIMEOUT_S), 1)
        self.assertIn("stopped at once", broker.log())
        self.assertEqual(list(folder.iterdir()), [])

    def test_while_messages_flow(self):
        with Broker() as broker:
            alice, bob = self.enter(broker, "alice"), self.enter(broker, "bob")
            bob.subscribe("flood")
            alice.send(packets.publish("flood", bytes(1000)) * 5000)
            bob.receive("flood")


class OpenFilesTest(unittest.TestCase):
    """More clients than files: those beyond wait, nothing spins."""

    @contextlib.contextmanager
    def crowd(self, broker):
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(Raw(broker.port))
            yield

    def test_accept_pauses_and_recovers(self):
        with (Broker(open_files=64, threads=1) as broker,
              Raw(broker.port) as first):
            first.send(packets.connect("first")).expect("connack")
            with self.crowd(broker):
                self.assert_idle(broker)
                first.expect_nothing()
            self.assertEqual(knock(broker), 0)
            first.expect_nothing()

    def assert_idle(self, broker):
        """Over a second, a broker that spins would use a second."""
        before = broker.cpu_s()
        time.sleep(1)
        self.assertLess(broker.cpu_s() - before, 0.3)

    @mogi_only
    def test_it_says_so(self):
        with (Broker(open_files=64, threads=1) as broker,
              self.crowd(broker)):
            until(lambda: "file" in broker.log().lower(), "a log line")
            self.assertLess(len(broker.log().splitlines()), 1000)


if __name__ == "__main__":
    unittest.main()
