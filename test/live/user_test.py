#!/usr/bin/python3
"""A broker that root starts works as somebody else.

Needs root: without it, there is nothing to give up and nothing to test.
"""

import contextlib
import os
import pathlib
import pwd
import re
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

import packets
from harness import MOGI, TIMEOUT_S, Raw, free_port, mogi_only, until

USER = "nobody"


def free_low_port():
    for port in range(1023, 600, -1):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port below 1024 is free")


@mogi_only
@unittest.skipIf(os.geteuid() != 0, "only root can become somebody else")
class UserTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.user = pwd.getpwnam(USER)
        os.chmod(self.folder, 0o755)
        self.own = self.folder / "own"
        self.own.mkdir()
        os.chown(self.own, self.user.pw_uid, self.user.pw_gid)
        self.port = free_low_port()

    @contextlib.contextmanager
    def running(self, *lines):
        conf = self.folder / "conf"
        conf.write_text("\n".join([f"user {USER}", *lines]) + "\n")
        broker = subprocess.Popen([MOGI, "broker", "-c", str(conf)],
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        try:
            until(lambda: self.listens(broker), "its port")
            yield broker
        finally:
            broker.terminate()
            output = broker.communicate(timeout=TIMEOUT_S)[0].decode()
            self.assertEqual(broker.returncode, 0, output)

    def listens(self, broker):
        assert broker.poll() is None, broker.stdout.read().decode()
        with contextlib.suppress(ConnectionError):
            client = Raw(self.port)
            with client:
                client.send(packets.connect("asks"))
                return client.expect("connack")
        return False

    def test_every_thread_has_become_the_user(self):
        with self.running(f"listener {self.port} 127.0.0.1",
                          "persistence true", "threads 2",
                          f"persistence_location {self.own}",
                          f"log_dest file {self.own}/log",
                          f"pid_file {self.folder}/pid") as broker:
            for task in pathlib.Path(f"/proc/{broker.pid}/task").iterdir():
                status = (task / "status").read_text()
                uid, gid = str(self.user.pw_uid), str(self.user.pw_gid)
                self.assertEqual(ids(status, "Uid"), [uid] * 4)
                self.assertEqual(ids(status, "Gid"), [gid] * 4)
                self.assertLessEqual(set(ids(status, "Groups")), {gid})
                self.assertEqual(ids(status, "CapEff"), ["0" * 16])
            self.assert_owner(self.own / "log")
            for path in (self.own / "mogi").rglob("*"):
                self.assert_owner(path)

    def assert_owner(self, path):
        found = path.stat()
        self.assertEqual(found.st_uid, self.user.pw_uid, path)
        self.assertEqual(stat.S_IMODE(found.st_mode) & 0o007, 0, path)

    def test_log_can_be_opened_again(self):
        log = self.own / "log"
        with self.running(f"listener {self.port} 127.0.0.1",
                          f"log_dest file {log}") as broker:
            log.rename(self.own / "log.1")
            broker.send_signal(signal.SIGHUP)
            until(lambda: log.exists() and "reloaded" in log.read_text(),
                  "the new log")

    def test_socket_for_a_group(self):
        path = self.own / "mqtt.sock"
        with self.running(f"listener {self.port} 127.0.0.1",
                          f"listener 0 {path}", "umask 0007"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o770)

    def test_user_that_there_is_not(self):
        done = subprocess.run([MOGI, "broker", "--user", "no-such-user",
                               "--port", str(free_port())],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn("user no-such-user: there is no such user", done.stdout)

    def test_folder_that_is_not_the_users(self):
        """Nothing is written as root that the user could not write."""
        folder = self.folder / "roots"
        folder.mkdir(mode=0o700)
        done = subprocess.run([MOGI, "broker", "--user", USER, "--persistence",
                               "true", "--persistence_location", str(folder),
                               "--port", str(free_port())],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(list(folder.iterdir()), [])


def ids(status, name):
    return re.search(rf"^{name}:(.*)$", status, re.M)[1].split()


if __name__ == "__main__":
    unittest.main()
