#!/usr/bin/python3
"""Where the broker's settings come from, and what it says of wrong ones.

Needs a mogi: how it is started is its own affair, not Mosquitto's.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

import packets
from harness import (MOGI, TIMEOUT_S, Closed, Raw, free_port, mogi_only,
                     until)


def check(*args, env=None):
    """Run mogi to its end: (status, everything it printed)."""
    done = subprocess.run([MOGI, *args], env=os.environ | (env or {}),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT_S,
                          text=True)
    return done.returncode, done.stdout


@contextlib.contextmanager
def running(port, *args, env=None):
    """A broker started with these arguments, as soon as it listens."""
    broker = subprocess.Popen([MOGI, "broker", *args],
                              env=os.environ | (env or {}),
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    try:
        until(lambda: listens(broker, port), f"port {port}")
        yield broker
    finally:
        broker.terminate()
        output = broker.communicate(timeout=TIMEOUT_S)[0].decode()
        assert broker.returncode == 0, output


def listens(broker, port):
    assert broker.poll() is None, broker.stdout.read().decode()
    with contextlib.suppress(ConnectionError):
        Raw(port).close()
        return True
    return False


def connack(port):
    with Raw(port) as client:
        client.send(packets.connect("asks"))
        return client.expect("connack")


@mogi_only
class ConfigCase(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.port = free_port()

    def file(self, *lines, name="broker.conf"):
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n")
        return str(path)


class SourcesTest(ConfigCase):
    """default < file < environment < command line"""

    def assert_packet_size(self, size):
        answer = connack(self.port)
        self.assertEqual(answer.reason, 0)
        self.assertEqual(answer.prop("maximum_packet_size"), size)

    def conf(self, *lines):
        return self.file(f"listener {self.port} 127.0.0.1",
                         "allow_anonymous true", *lines)

    def test_file(self):
        with running(self.port, "-c", self.conf("max_packet_size 5000")):
            self.assert_packet_size(5000)

    def test_default(self):
        with running(self.port, "-c", self.conf()):
            self.assert_packet_size(2000000)

    def test_no_file_at_all(self):
        """On this machine's own address, everybody may come in."""
        with running(self.port, "--port", str(self.port)):
            self.assert_packet_size(2000000)

    def test_command_line(self):
        for form in (["--max_packet_size", "6000"],
                     ["--max_packet_size=6000"]):
            with running(self.port, "-c", self.conf(), *form):
                self.assert_packet_size(6000)

    def test_environment(self):
        env = {"MOGI_MAX_PACKET_SIZE": "7000"}
        with running(self.port, "-c", self.conf(), env=env):
            self.assert_packet_size(7000)

    def test_environment_of_a_kubernetes_service(self):
        """It makes MOGI_PORT for a service that is called mogi."""
        env = {"MOGI_PORT": "tcp://10.0.0.7:1883",
               "MOGI_SERVICE_HOST": "10.0.0.7"}
        with running(self.port, "-c", self.conf("max_packet_size 5000"),
                     env=env):
            self.assert_packet_size(5000)

    def test_who_wins(self):
        conf = self.conf("max_packet_size 5000")
        env = {"MOGI_MAX_PACKET_SIZE": "7000"}
        with running(self.port, "-c", conf, env=env):
            self.assert_packet_size(7000)
        with running(self.port, "-c", conf, "--max_packet_size", "6000",
                     env=env):
            self.assert_packet_size(6000)

    def test_comments_blanks_and_line_ends(self):
        conf = self.conf("# a comment", "", "   ", "max_packet_size\t 5000  ",
                         "#max_packet_size 1", "queue_qos0_messages true\r")
        with running(self.port, "-c", conf):
            self.assert_packet_size(5000)

    def test_several_listeners(self):
        other = free_port()
        conf = self.conf(f"listener {other} 127.0.0.1")
        with running(self.port, "-c", conf):
            self.assertEqual(connack(self.port).reason, 0)
            self.assertEqual(connack(other).reason, 0)

    def test_include_dir(self):
        (self.folder / "conf.d").mkdir()
        self.file("max_packet_size 5000", name="conf.d/size.conf")
        self.file("nonsense 1", name="conf.d/ignored.txt")
        conf = self.conf(f"include_dir {self.folder}/conf.d")
        with running(self.port, "-c", conf):
            self.assert_packet_size(5000)

    def test_anonymous_clients_refused(self):
        conf = self.file(f"listener {self.port} 127.0.0.1",
                         "allow_anonymous false")
        with running(self.port, "-c", conf):
            self.assertEqual(connack(self.port).reason, 0x87)

    def test_max_connections(self):
        with running(self.port, "-c", self.conf("max_connections 2")):
            seats = [Raw(self.port) for _ in range(2)]
            for number, seat in enumerate(seats):
                seat.send(packets.connect(f"seat-{number}"))
                seat.expect("connack", reason=0)
            self.assert_turned_away()
            seats[0].close()
            until(self.is_let_in, "a free seat")
            seats[1].close()

    def assert_turned_away(self):
        with self.assertRaises((Closed, AssertionError)):
            self.assertEqual(connack(self.port).reason, 0)

    def is_let_in(self):
        try:
            return connack(self.port).reason == 0
        except (Closed, ConnectionError):
            return False


class MistakesTest(ConfigCase):

    def assert_refused(self, *needles, args=(), env=None, lines=()):
        path = self.file(*lines) if lines else None
        status, said = check("broker", *(["-c", path] if path else []),
                             *args, env=env)
        self.assertNotEqual(status, 0, said)
        for needle in needles:
            self.assertIn(needle, said)
        self.assertNotIn("Sanitizer", said)

    def test_unknown_key_names_its_place_and_the_nearest_key(self):
        self.assert_refused("broker.conf:3", "max_packet_sise",
                            "max_packet_size",
                            lines=["# one", "", "max_packet_sise 5"])

    def test_unknown_key_on_the_command_line_and_environment(self):
        self.assert_refused("max_packet_size",
                            args=["--max_packet_sise", "5"])
        self.assert_refused("MOGI_MAX_PACKET_SIZE",
                            env={"MOGI_MAX_PACKET_SIZE": "many"})

    def test_unknown_variable_is_noted(self):
        status, said = check("broker", "--test-config",
                             env={"MOGI_MAX_PACKET_SISE": "5"})
        self.assertEqual(status, 0, said)
        self.assertIn("did you mean MOGI_MAX_PACKET_SIZE?", said)

    def test_all_mistakes_at_once(self):
        self.assert_refused("broker.conf:1", "broker.conf:3",
                            lines=["nope 1", "max_qos 1", "max_qos 3"])

    def test_bad_values(self):
        for line in ("max_qos 3", "max_packet_size -5", "max_packet_size x",
                     "max_packet_size", "allow_anonymous perhaps",
                     "listener 70000", "listener", "threads 1000",
                     "max_keepalive 99999", "max_packet_size 99999999999999",
                     "persistent_client_expiration 3parsecs",
                     "include_dir /no/such/folder"):
            with self.subTest(line):
                self.assert_refused("broker.conf:1", line.split()[0],
                                    lines=[line])

    def test_options_of_mosquitto_that_we_lack(self):
        """Named, and never passed over in silence."""
        for line in ("http_api on", "tls_engine pkcs11"):
            with self.subTest(line):
                self.assert_refused("broker.conf:1", line.split()[0],
                                    lines=[line])

    def test_files_that_are_not_there(self):
        for line in ("password_file /no/such/file", "acl_file /no/such/file"):
            with self.subTest(line):
                self.assert_refused(line.split()[0], "/no/such/file",
                                    lines=[line])

    def test_no_such_file(self):
        self.assert_refused("/no/such/file", args=["-c", "/no/such/file"])

    def test_a_port_that_is_taken(self):
        with running(self.port, "--port", str(self.port)):
            self.assert_refused(str(self.port),
                                args=["--port", str(self.port)])

    def test_file_of_garbage(self):
        path = self.folder / "garbage.conf"
        path.write_bytes(bytes(range(256)) * 100)
        self.assert_refused("garbage.conf", args=["-c", str(path)])


class DaemonTest(ConfigCase):
    """The command ends when the broker serves, or says why it does not."""

    def test_goes_to_the_background(self):
        with tempfile.TemporaryDirectory() as folder:
            pid_file = pathlib.Path(folder, "pid")
            status, said = check("broker", "-d", "--port", str(self.port),
                                 "--pid_file", str(pid_file))
            self.assertEqual(status, 0, said)
            pid = int(pid_file.read_text())
            connack(self.port)
            os.kill(pid, signal.SIGTERM)
            until(lambda: not pid_file.exists(), "its end")

    def test_a_start_that_fails_is_told(self):
        status, said = check("broker", "-d", "--listener",
                             f"{self.port} 203.0.113.1")
        self.assertEqual(status, 1, said)
        self.assertIn("203.0.113.1", said)


class HelpTest(ConfigCase):

    def test_test_config(self):
        good = self.file(f"listener {self.port} 127.0.0.1")
        status, said = check("broker", "--test-config", "-c", good)
        self.assertEqual(status, 0, said)
        bad = self.file("nope 1")
        status, said = check("broker", "--test-config", "-c", bad)
        self.assertNotEqual(status, 0)
        self.assertIn("broker.conf:1", said)

    def test_help_of_the_broker(self):
        status, said = check("broker", "--help")
        self.assertEqual(status, 0)
        for key in ("listener", "max_packet_size", "threads",
                    "allow_anonymous", "--test-config"):
            self.assertIn(key, said)

    def test_help_of_everything(self):
        status, said = check("--help")
        self.assertEqual(status, 0)
        for command in ("broker", "pub", "sub"):
            self.assertIn(command, said)

    def test_version_of_the_broker(self):
        status, said = check("broker", "--version")
        self.assertEqual(status, 0)
        self.assertRegex(said, r"^mogi \d+\.\d+\.\d+\n$")

    def test_unknown_command(self):
        status, said = check("brokr")
        self.assertNotEqual(status, 0)
        self.assertIn("broker", said)


if __name__ == "__main__":
    unittest.main()
