#!/usr/bin/python3
"""mogi certs: what it makes is what openssl(1), Debian's mosquitto and mogi
itself take for good, and what it revokes they refuse."""

import os
import pathlib
import re
import shlex
import socket
import stat
import subprocess
import tempfile
import unittest

from harness import IS_MOSQUITTO, MOGI, TIMEOUT_S, free_port, until

KINDS = ("p256", "p384", "ed25519", "rsa")


def call(*command, status=0, cwd=None):
    done = subprocess.run(list(map(str, command)), capture_output=True,
                          text=True, timeout=TIMEOUT_S * 3, cwd=cwd)
    assert status is None or done.returncode == status, (
        f"{command} ended with {done.returncode}:\n"
        f"{done.stdout}{done.stderr}")
    return done


class CertsCase(unittest.TestCase):

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="mogi-certs-")
        self.addCleanup(self.scratch.cleanup)
        self.top = pathlib.Path(self.scratch.name)
        self.folder = self.top / "my certs"

    def certs(self, *args, **how):
        return call(MOGI, "certs", *args, "--dir", self.folder, **how)

    def verify(self, cert, purpose, *more, status=0):
        return call("openssl", "verify", "-x509_strict", "-purpose", purpose,
                    "-CAfile", self.folder / "ca.crt", *more, cert,
                    status=status)


class FilesTest(CertsCase):

    def test_openssl_agrees(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.certs("init", "--key", kind, "--force")
                self.certs("client", "lamp", "--key", kind, "--force")
                self.verify(self.folder / "server.crt", "sslserver")
                self.verify(self.folder / "clients/lamp.crt", "sslclient")
                self.verify(self.folder / "clients/lamp.crt", "sslserver",
                            status=2)
                text = call("openssl", "x509", "-noout", "-text", "-in",
                            self.folder / "server.crt").stdout
                for name in ("DNS:localhost", "IP Address:127.0.0.1",
                             "IP Address:0:0:0:0:0:0:0:1",
                             f"DNS:{socket.gethostname()}"):
                    self.assertIn(name, text)
                call("openssl", "crl", "-noout", "-CAfile",
                     self.folder / "ca.crt", "-in", self.folder / "ca.crl")

    def test_nobody_else_reads_keys(self):
        os.umask(0)
        self.addCleanup(os.umask, 0o022)
        self.certs("init")
        self.certs("client", "lamp")
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)
        keys = list(self.folder.rglob("*.key"))
        self.assertEqual(len(keys), 3)
        for key in keys:
            self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600, key)

    def test_nothing_is_replaced_unasked(self):
        self.certs("init")
        self.certs("client", "lamp")
        before = {path: path.read_bytes() for path in
                  self.folder.rglob("*.???")}
        for args in (["init"], ["client", "lamp"]):
            said = self.certs(*args, status=1).stderr
            self.assertIn("--force", said)
        for path, content in before.items():
            self.assertEqual(path.read_bytes(), content, path)
        self.certs("client", "lamp", "--force")
        lamp = self.folder / "clients/lamp.crt"
        self.assertNotEqual(lamp.read_bytes(), before[lamp])

    def test_days_and_list(self):
        self.certs("init", "--days", "40")
        self.certs("server", "a.example", "10.0.0.9", "--days", "5")
        self.certs("client", "lamp", "--days", "100000", status=2)
        self.certs("client", "lamp", "--days", "5000")
        lines = self.certs("list").stdout.splitlines()
        rows = [re.split(r"  +", line) for line in lines[1:]]
        self.assertEqual([row[0] for row in rows],
                         ["ca", "server", "server", "client"])
        days = {row[1]: int(row[2]) for row in rows}
        self.assertIn(days[socket.gethostname()], (39, 40))
        self.assertIn(days["a.example"], (4, 5))
        self.assertIn(days["lamp"], (3649, 3650))  # as the CA, not longer
        self.assertIn("soon", lines[2] + lines[3])
        self.assertIn("a.example, 10.0.0.9", lines[2] + lines[3])

    def test_revoked(self):
        self.certs("init")
        self.certs("client", "lamp", "other")
        check = ("-crl_check", "-CRLfile", self.folder / "ca.crl")
        lamp = self.folder / "clients/lamp.crt"
        self.verify(lamp, "sslclient", *check)
        old = lamp.read_bytes()
        self.certs("client", "lamp", "--force")
        self.certs("revoke", "lamp")
        said = self.verify(lamp, "sslclient", *check, status=2)
        self.assertIn("certificate revoked", said.stderr)
        (self.top / "old.crt").write_bytes(old)
        self.verify(self.top / "old.crt", "sslclient", *check, status=2)
        self.verify(self.folder / "clients/other.crt", "sslclient", *check)
        self.certs("client", "lamp", "--force")
        self.verify(lamp, "sslclient", *check)

    def test_names_of_all_languages(self):
        self.certs("init")
        self.certs("client", "전등 1")
        self.verify(self.folder / "clients/전등 1.crt", "sslclient")
        self.assertIn("전등 1", self.certs("list").stdout)
        for name in ("../evil", "a/b", ".hidden", "x" * 65):
            self.certs("client", name, status=1)


class BrokerTest(CertsCase):
    """Mutual TLS from nothing, as the manual has it: the very lines that are
    printed are the broker's configuration, the very command is run."""

    def serve(self, port, *command):
        log = open(self.top / "log", "wb")
        process = subprocess.Popen([*map(str, command)], stdout=log,
                                   stderr=log)
        self.addCleanup(log.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def is_ready():
            assert process.poll() is None, (self.top / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        until(is_ready, "the broker to listen")
        return process

    def configuration(self, port, *more):
        text = (self.folder / "mogi.conf").read_text()
        text = text.replace("listener 8883", f"listener {port} 127.0.0.1")
        conf = self.top / "broker.conf"
        conf.write_text("\n".join([*more, text]))
        return conf

    def printed_command(self, name, program, port):
        out = self.certs("client", name).stdout
        found = re.search(rf"^    ({program} .*)$", out, re.M)[1]
        words = shlex.split(found.replace("-p 8883", f"-p {port}"))
        return [MOGI, *words[1:]] if program == "mogi pub" else words

    def play(self, port):
        """Each printed command works, another CA's client is refused."""
        for program in ("mogi pub", "mosquitto_pub"):
            name = program.replace(" ", "-")
            call(*self.printed_command(name, program, port))
        ours = self.printed_command("lamp", "mogi pub", port)
        nobody = [word for word in ours if "lamp" not in word
                  and word not in ("--cert", "--key")]
        call(*nobody, status=7)
        return ours

    def test_mogi(self):
        port = free_port()
        self.certs("init")
        conf = self.configuration(port)
        self.serve(port, MOGI, "broker", "-c", conf)
        lamp = self.play(port)
        self.certs("revoke", "lamp")

        def is_refused():
            done = call(*lamp, status=None)
            return done.returncode == 7 and "revoked" in done.stderr
        until(is_refused, "the broker to see the new list")

    def test_mosquitto(self):
        port = free_port()
        self.certs("init")
        self.folder.chmod(0o755)  # it reads it as another user
        for key in self.folder.rglob("*.key"):
            key.chmod(0o644)
        self.top.chmod(0o755)
        conf = self.configuration(port)
        broker = self.serve(port, "mosquitto", "-c", conf)
        lamp = self.play(port)
        self.certs("revoke", "lamp")
        broker.kill()
        broker.wait()
        self.serve(port, "mosquitto", "-c", conf)
        said = call(*lamp, status=7).stderr
        self.assertIn("certificate_revoked", said)


if __name__ == "__main__":
    if IS_MOSQUITTO:
        raise SystemExit(0)
    unittest.main()
