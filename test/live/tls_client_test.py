#!/usr/bin/python3
"""mogi pub and mogi sub over TLS: against Debian's mosquitto, against a tap
that looks at each handshake, and beside mosquitto_pub and mosquitto_sub with
the same options.

Where TLS fails, mosquitto's clients end with 1 or 8 (or 7), whichever way the
bytes come; such a case names what is allowed.
"""

import os
import pathlib
import pty
import socket
import ssl
import subprocess
import tempfile
import unittest

from harness import (IS_MOSQUITTO, TIMEOUT_S, Broker, free_port, mogi_only,
                     until)
from programs import MOSQUITTO, OURS
from tlstap import Lab, LabCase, TlsTap, openssl

PSK = "00112233445566778899aabbccddeeff"


def run(tools, tool, *args, env=None, input=b""):
    """Run to the end; return its status, output and errors."""
    done = subprocess.run(
        [*tools[tool], *map(str, args)], input=input, capture_output=True,
        timeout=TIMEOUT_S * 3, env=None if env is None else os.environ | env)
    return done.returncode, done.stdout, done.stderr.decode()


class Mosquitto:
    """Debian's broker, with these lines as its configuration."""

    def __init__(self, *lines, psk=None):
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.folder.name)
        folder.chmod(0o755)
        if psk:
            (folder / "psk").write_text(psk + "\n")
            lines = [f"psk_file {folder}/psk", *lines]
        config = folder / "conf"
        config.write_text("\n".join(["allow_anonymous true",
                                     f"listener {self.port} 127.0.0.1",
                                     *lines]) + "\n")
        self.log = open(folder / "log", "w+b")
        self.process = subprocess.Popen(["mosquitto", "-c", str(config)],
                                        stdout=self.log, stderr=self.log)
        until(self.is_ready, "mosquitto to listen")

    def is_ready(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            self.log.seek(0)
            assert self.process.poll() is None, self.log.read().decode()
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()


class ClientCase(LabCase):
    def tap(self, context=None):
        tap = TlsTap(self.broker.port, context or self.lab.context())
        self.addCleanup(tap.__exit__)
        return tap.__enter__()

    def pub(self, port, *args, tools=OURS, **how):
        if "-h" not in args:
            args = ("-h", "localhost", *args)
        return run(tools, "pub", "-t", "a", "-m", "x", "-p", port, *args,
                   **how)

    def trusting(self):
        return ("--cafile", self.lab.ca)


class SameTest(ClientCase):
    """The same packets, output and status as mosquitto's clients."""

    def observe(self, tools, tool, args, input=b""):
        with TlsTap(self.broker.port, self.lab.context()) as tap:
            status, out, _ = run(
                tools, tool, "-p", tap.port, "-h", "localhost", "--cafile",
                self.lab.ca, *args, input=input)
            tap.drain()
            said = [vars(p) | {"packet_id": None, "client_id": None,
                               "props": None, "flags": None}
                    for p in tap.sent("connect", "publish", "subscribe")]
            shaken = [{"version": s["version"], "alpn": s["alpn"],
                       "name": s["name"]} for s in tap.shaken]
        return {"status": status, "out": out, "said": said, "tls": shaken}

    def same(self, tool, *args, input=b""):
        seen = [self.observe(tools, tool, args, input)
                for tools in (MOSQUITTO, OURS)]
        self.assertEqual(seen[1], seen[0], args)
        return seen[0]

    def test_pub(self):
        for args in ("-m x", "-m x -q 1 -V 5", "-n -r -q 2", "-m x -u me -P p",
                     "-m x --tls-version tlsv1.2", "-m x --tls-version tlsv1.3",
                     "-m x --insecure", "-m x --tls-alpn mqtt"):
            with self.subTest(args):
                seen = self.same("pub", "-t", "a", *args.split())
                self.assertEqual(seen["status"], 0)
                self.assertEqual(seen["tls"][0]["name"], "localhost")
        self.same("pub", "-t", "a", "-l", "-q", "1", input=b"one\ntwo\n" * 50)
        self.same("pub", "-t", "a", "-s", input=os.urandom(300000))

    def test_sub(self):
        self.same("pub", "-t", "kept", "-m", "here", "-r", "-q", "1")
        for args in ("-C 1", "-C 1 -q 2 -V 5 -v", "-E", "-C 1 -F %t:%p"):
            with self.subTest(args):
                seen = self.same("sub", "-t", "kept", *args.split())
                self.assertEqual(seen["status"], 0)

    def test_url_and_the_systems_authorities(self):
        for tools in (MOSQUITTO, OURS):
            with self.subTest(tools["pub"][0]):
                tap = self.tap()
                url = f"mqtts://me:pw@localhost:{tap.port}/a/b"
                trust = {"SSL_CERT_FILE": str(self.lab.ca)}
                status, _, said = run(tools, "pub", "-m", "x", "-L", url,
                                      env=trust)
                self.assertEqual(status, 0, said)
                status, _, said = run(tools, "pub", "-m", "x", "-L", url)
                self.assertIn(status, (1, 8))
                tap.drain()
                sent = tap.sent("connect")[0]
                self.assertEqual(sent.username, "me")
                status, _, said = self.pub(tap.port, "--tls-use-os-certs",
                                           tools=tools, env=trust)
                self.assertEqual(status, 0, said)

    def test_mistakes(self):
        """Told before anybody is asked."""
        cases = ["--cafile", "--capath", "--cert", "--key", "--psk",
                 "--psk-identity", "--ciphers", "--tls-version", "--tls-alpn",
                 "--tls-engine", "--cafile /no/such/file",
                 "--cafile {ca} --cert {ca}", "--cafile {ca} --key {ca}",
                 "--cafile {ca} --keyform pem", "--psk 00",
                 "--psk 0x --psk-identity me",
                 "--psk 00 --psk-identity me --cafile {ca}",
                 "--cafile {ca} --tls-version ssl3",
                 "--cafile {ca} --ciphers nothing",
                 "--cafile {ca} --cert /no/file --key /no/file",
                 "--cafile {ca} --cert {ca} --key {ca} --keyform der",
                 "--cafile {ca} --tls-engine none"]
        port = free_port()
        for case in cases:
            words = case.replace("{ca}", str(self.lab.ca)).split()
            for tools in (MOSQUITTO, OURS):
                with self.subTest(case, tools=tools["pub"][0]):
                    status, _, said = self.pub(port, *words, tools=tools)
                    self.assertEqual(status, 1, said)
                    self.assertNotEqual(said, "")


class TrustTest(ClientCase):
    """Which servers are believed, and what is said of the others."""

    def serve(self, *pair):
        return self.tap(self.lab.context(pair))

    def check(self, tap, *args, status, words=(), allowed=(1, 8), **how):
        """Ours ends with `status` and says `words`; mosquitto's agrees."""
        done, _, said = self.pub(tap.port, *args, **how)
        if not IS_MOSQUITTO:
            self.assertEqual(done, status, said)
            for word in words:
                self.assertIn(word, said)
        if allowed is not None:
            other = self.pub(tap.port, *args, tools=MOSQUITTO, **how)[0]
            self.assertIn(other, (0,) if status == 0 else allowed)

    def test_good(self):
        tap = self.serve(*self.lab.server("localhost", "127.0.0.1"))
        self.check(tap, *self.trusting(), status=0)
        self.check(tap, *self.trusting(), "-h", "127.0.0.1", status=0,
                   allowed=None if IS_MOSQUITTO else (0,))
        tap.drain()
        # An address is no name to tell: mosquitto's clients do.
        self.assertEqual([s["name"] for s in tap.shaken][:3],
                         ["localhost", "localhost", None])

    def test_capath(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "lab.pem").write_bytes(
                self.lab.ca.read_bytes())
            subprocess.run(["openssl", "rehash", folder], check=True)
            tap = self.tap()
            self.check(tap, "--capath", folder, status=0)

    def test_unknown_authority(self):
        other = Lab("other")
        self.addCleanup(other.close)
        self.check(self.tap(), "--cafile", other.ca, status=8,
                   words=["CN = server", "not trusted", "--cafile"])
        self.check(self.tap(), "--cafile", other.ca, "--insecure", status=8)
        self.check(self.tap(), "--tls-use-os-certs", status=8,
                   words=["not trusted", "--cafile FILE"])

    def test_a_name_of_our_authority_in_foreign_hands(self):
        """Another CA with the same name has another key."""
        forged = Lab()
        self.addCleanup(forged.close)
        self.check(self.tap(forged.context()), *self.trusting(), status=8)

    def test_expired(self):
        tap = self.serve(*self.lab.server("localhost", days=-1))
        self.check(tap, *self.trusting(), status=8,
                   words=["out of its dates", "clock"])
        self.check(tap, *self.trusting(), "--insecure", status=8)

    def test_wrong_host(self):
        tap = self.serve(*self.lab.server("elsewhere.example", "10.9.8.7"))
        self.check(tap, *self.trusting(), status=8,
                   words=["another host", "elsewhere.example", "10.9.8.7",
                          "--insecure"])
        self.check(tap, *self.trusting(), "--insecure", status=0)

    def test_address(self):
        tap = self.serve(*self.lab.server("localhost"))
        self.check(tap, *self.trusting(), "-h", "127.0.0.1", status=8,
                   words=["another host"])
        # A name that looks like an address is none.
        tap = self.serve(*self.lab.issue("x", "subjectAltName=DNS:127.0.0.1"))
        self.check(tap, *self.trusting(), "-h", "127.0.0.1", status=8,
                   allowed=None)

    def test_a_common_name_is_a_host_when_there_is_no_other(self):
        tap = self.serve(*self.lab.issue("localhost"))
        self.check(tap, *self.trusting(), status=0)
        tap = self.serve(*self.lab.server("elsewhere", name="localhost"))
        self.check(tap, *self.trusting(), status=8)

    def test_a_client_certificate_is_no_servers(self):
        tap = self.serve(*self.lab.issue(
            "localhost", "extendedKeyUsage=clientAuth",
            "subjectAltName=DNS:localhost"))
        self.check(tap, *self.trusting(), status=8, allowed=None)

    def test_self_signed(self):
        """Trusted when it is given itself."""
        folder = self.lab.folder
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-subj", "/CN=own", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", folder / "own.key", "-out", folder / "own.crt"],
            check=True, capture_output=True)
        tap = self.serve(folder / "own.crt", folder / "own.key")
        self.check(tap, *self.trusting(), status=8, words=["self-signed"])
        self.check(tap, "--cafile", folder / "own.crt", status=0)


class VersionTest(ClientCase):

    def test_versions(self):
        for highest, args, status in (
                (ssl.TLSVersion.TLSv1_2, (), 0),
                (ssl.TLSVersion.TLSv1_2, ("--tls-version", "tlsv1.3"), 8),
                (ssl.TLSVersion.TLSv1_3, ("--tls-version", "tlsv1.3"), 0)):
            context = self.lab.context()
            context.maximum_version = highest
            tap = self.tap(context)
            done, _, said = self.pub(tap.port, *self.trusting(), *args)
            self.assertEqual(done, status, said)

    def test_ciphers(self):
        context = self.lab.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        tap = self.tap(context)
        name = "ECDHE-ECDSA-AES256-GCM-SHA384"
        done, _, said = self.pub(tap.port, *self.trusting(), "--ciphers", name)
        self.assertEqual(done, 0, said)
        self.assertEqual(tap.shaken[0]["cipher"], name)

    @mogi_only
    def test_ciphers_of_1_3(self):
        tap = self.tap()
        name = "TLS_CHACHA20_POLY1305_SHA256"
        done, _, said = self.pub(tap.port, *self.trusting(),
                                 "--ciphers-tls1.3", name)
        self.assertEqual(done, 0, said)
        self.assertEqual(tap.shaken[0]["cipher"], name)

    def test_alpn(self):
        context = self.lab.context()
        context.set_alpn_protocols(["mqtt"])
        tap = self.tap(context)
        done, _, said = self.pub(tap.port, *self.trusting(), "--tls-alpn",
                                 "mqtt")
        self.assertEqual(done, 0, said)
        self.assertEqual(tap.shaken[0]["alpn"], "mqtt")

    @mogi_only
    def test_secrets_for_those_who_read_along(self):
        """They are those that a server of OpenSSL's has of the connection,
        and are added to what is there."""
        mine, yours = self.lab.folder / "mine", self.lab.folder / "yours"
        mine.write_text("# here\n")
        context = self.lab.context()
        context.keylog_filename = str(yours)
        tap = self.tap(context)
        done = run(OURS, "pub", "-t", "a", "-m", "x", "-h", "localhost", "-p",
                   tap.port, *self.trusting(), "--tls-keylog", mine)
        self.assertEqual(done[0], 0, done[2])
        secrets = {line for line in yours.read_text().splitlines()
                   if not line.startswith("#")}
        self.assertTrue(any(line.startswith("CLIENT_TRAFFIC_SECRET_0 ")
                            for line in secrets), secrets)
        ours = mine.read_text().splitlines()
        self.assertEqual(ours[0], "# here")
        self.assertEqual(set(ours[1:]), secrets)
        done = run(OURS, "pub", "-t", "a", "-m", "x", "-h", "localhost", "-p",
                   tap.port, *self.trusting(), "--tls-keylog", "/no/where")
        self.assertEqual(done[0], 1)
        self.assertIn("/no/where", done[2])


def with_tls(**options):
    """Our broker, with these options for its listener."""
    return Broker(allow_anonymous="false", **options).start()


class MutualTest(ClientCase):
    """A broker that wants a certificate: mosquitto itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cert, key = cls.lab.server("localhost", "127.0.0.1")
        cls.strict = cls.start({
            "cafile": cls.lab.ca, "certfile": cert, "keyfile": key,
            "require_certificate": "true", "use_identity_as_username": "true"})
        cls.pair = cls.lab.client("lamp")

    @staticmethod
    def start(options):
        return Mosquitto(*(f"{key} {value}" for key, value in
                           options.items()))

    @classmethod
    def tearDownClass(cls):
        cls.strict.stop()
        super().tearDownClass()

    def own(self, pair):
        return ("--cert", pair[0], "--key", pair[1])

    def test_given(self):
        for tools in (MOSQUITTO, OURS):
            done, _, said = self.pub(self.strict.port, *self.trusting(),
                                     *self.own(self.pair), tools=tools)
            self.assertEqual(done, 0, said)

    def test_the_name_arrives(self):
        tap = self.tap(self.lab.context(client_ca=self.lab.ca))
        done, _, said = self.pub(tap.port, *self.trusting(),
                                 *self.own(self.pair))
        self.assertEqual(done, 0, said)
        self.assertEqual(tap.shaken[0]["peer"], "lamp")

    def test_not_given(self):
        for tools in (MOSQUITTO, OURS):
            done, _, said = self.pub(self.strict.port, *self.trusting(),
                                     tools=tools)
            self.assertIn(done, (7,) if tools is OURS and not IS_MOSQUITTO
                          else (1, 7, 8), said)
        if not IS_MOSQUITTO:
            self.assertIn("certificate_required", said)
            self.assertIn("--cert", said)
            done, _, said = run(OURS, "sub", "-t", "a", "-h", "localhost",
                                "-p", self.strict.port, *self.trusting())
            self.assertEqual(done, 7, said)

    @mogi_only
    def test_of_another_authority(self):
        other = Lab("other")
        self.addCleanup(other.close)
        done, _, said = self.pub(self.strict.port, *self.trusting(),
                                 *self.own(other.client("lamp")))
        self.assertEqual(done, 7, said)
        self.assertIn("unknown_ca", said)

    def locked(self):
        """Our key, encrypted with the password "open"."""
        key = self.lab.folder / "locked.key"
        openssl("pkcs8", "-topk8", "-in", self.pair[1], "-out", key,
                "-passout", "pass:open")
        return key

    @mogi_only
    def test_password(self):
        """Asked for at the terminal; messages on standard input are none."""
        words = [*OURS["pub"], "-h", "localhost", "-p", self.strict.port,
                 *self.trusting(), "--cert", self.pair[0], "--key",
                 self.locked(), "-t", "a", "-m", "x"]
        done = subprocess.run(list(map(str, words)), input=b"open\n",
                              capture_output=True, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no password", done.stderr)
        for password, status in (("open", 0), ("shut", 1)):
            ours, theirs = pty.openpty()
            process = subprocess.Popen(
                list(map(str, words)), stdin=theirs, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)
            os.write(ours, password.encode() + b"\n")
            _, said = process.communicate(timeout=TIMEOUT_S)
            self.assertEqual(process.returncode, status, said)
            self.assertEqual(said.count(b"Password"), 1)
            os.close(ours)
            os.close(theirs)

    @mogi_only
    def test_a_key_that_does_not_fit(self):
        done, _, said = self.pub(self.strict.port, *self.trusting(), "--cert",
                                 self.pair[0], "--key",
                                 self.lab.client("other")[1])
        self.assertEqual(done, 1, said)
        self.assertIn("key values mismatch", said)


@mogi_only
class MutualWithMogiTest(MutualTest):
    """The same, with ours."""

    @staticmethod
    def start(options):
        return with_tls(**options)


class PskTest(ClientCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keyed = cls.start()

    @classmethod
    def start(cls):
        return Mosquitto("psk_hint hint", "use_identity_as_username true",
                         psk=f"lamp:{PSK}")

    @classmethod
    def tearDownClass(cls):
        cls.keyed.stop()
        super().tearDownClass()

    def test_key(self):
        for tools in (MOSQUITTO, OURS):
            for args in ((), ("--tls-version", "tlsv1.3"), ("-V", "5")):
                done, _, said = self.pub(
                    self.keyed.port, "--psk", PSK, "--psk-identity", "lamp",
                    *args, tools=tools)
                self.assertEqual(done, 0, said)

    def test_wrong_key_and_wrong_name(self):
        for key, name in ((PSK[:-1] + "0", "lamp"), (PSK, "lump")):
            for tools in (MOSQUITTO, OURS):
                done, _, said = self.pub(self.keyed.port, "--psk", key,
                                         "--psk-identity", name, tools=tools)
                self.assertIn(done, (8,) if tools is OURS
                              and not IS_MOSQUITTO else (1, 8), said)
            if not IS_MOSQUITTO:
                self.assertIn("--psk", said)

    @mogi_only
    def test_who_shows_a_certificate_instead_has_proven_nothing(self):
        tap = self.tap()
        done, _, said = self.pub(tap.port, "--psk", PSK, "--psk-identity",
                                 "lamp")
        self.assertEqual(done, 8, said)
        self.assertEqual(tap.sent("connect"), [])


@mogi_only
class PskWithMogiTest(PskTest):
    """The same, with ours."""

    @classmethod
    def start(cls):
        (cls.lab.folder / "psk").write_text(f"lamp:{PSK}\n")
        return with_tls(psk_hint="hint", psk_file=cls.lab.folder / "psk",
                        use_identity_as_username="true")


class WrongPortTest(ClientCase):

    def test_plain_port(self):
        for tools in (MOSQUITTO, OURS):
            done, _, said = self.pub(self.broker.port, *self.trusting(),
                                     tools=tools)
            self.assertIn(done, (1, 8), said)
        if not IS_MOSQUITTO:
            self.assertEqual(done, 8)
            self.assertIn("speak TLS?", said)

    def test_plain_client(self):
        tap = self.tap()
        for tools in (MOSQUITTO, OURS):
            done, _, said = self.pub(tap.port, tools=tools)
            self.assertIn(done, (2, 7), said)
        if not IS_MOSQUITTO:
            self.assertIn("--cafile", said)

    def test_nobody(self):
        for tools in (MOSQUITTO, OURS):
            done, _, said = self.pub(free_port(), *self.trusting(),
                                     tools=tools)
            self.assertEqual(done, 1)
            self.assertIn("Connection refused", said)

    @mogi_only
    def test_the_port_of_tls(self):
        """8883, when none is given: nobody is there in a test, and the
        sentence names it."""
        for args in (("--cafile", self.lab.ca), ("--tls-use-os-certs",),
                     ("--psk", "00", "--psk-identity", "x")):
            _, _, said = run(OURS, "pub", "-t", "a", "-m", "x", "-h",
                             "127.0.0.77", *args)
            self.assertIn("8883", said)

    @mogi_only
    def test_options_that_protect_nothing_alone(self):
        for args in (("--insecure",), ("--tls-version", "tlsv1.2")):
            done, _, said = self.pub(self.broker.port, *args)
            self.assertEqual(done, 0)
            self.assertIn("Warning", said)


class StreamTest(ClientCase):
    options = {"max_packet_size": 30_000_000, "max_queued_messages": 0}

    def subscribe(self, tap, *args):
        process = subprocess.Popen(
            [*OURS["sub"], "-h", "localhost", "-p", str(tap.port), "--cafile",
             str(self.lab.ca), *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        tap.wait("suback")
        return process

    def test_large(self):
        payload = os.urandom(20_000_000)
        tap = self.tap()
        sub = self.subscribe(tap, "-t", "a", "-C", "1", "-N", "-q", "1")
        done = run(OURS, "pub", "-t", "a", "-s", "-q", "1", "-h", "localhost",
                   "-p", tap.port, *self.trusting(), input=payload)
        self.assertEqual(done[0], 0, done[2])
        out, err = sub.communicate(timeout=TIMEOUT_S * 3)
        self.assertEqual(sub.returncode, 0, err)
        self.assertTrue(out == payload)

    def test_many(self):
        """What is read from the socket at once, and parsed one by one."""
        tap = self.tap()
        sub = self.subscribe(tap, "-t", "a", "-C", "3000", "-q", "1")
        lines = b"".join(b"%d\n" % n for n in range(3000))
        done = run(OURS, "pub", "-t", "a", "-l", "-q", "1", "-h", "localhost",
                   "-p", tap.port, *self.trusting(), input=lines)
        self.assertEqual(done[0], 0, done[2])
        out, err = sub.communicate(timeout=TIMEOUT_S * 3)
        self.assertTrue(out == lines, err)

    @mogi_only
    def test_reconnect_resumes(self):
        for highest in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            context = self.lab.context()
            context.maximum_version = highest
            tap = self.tap(context)
            sub = self.subscribe(tap, "-t", "again", "-C", "1")
            for round_ in (2, 3):
                tap.cut()
                tap.wait_shaken(round_)
                tap.wait("suback", round_)
            self.assertEqual([s["reused"] for s in tap.shaken],
                             [False, True, True], highest)
            run(MOSQUITTO, "pub", "-p", self.broker.port, "-t", "again", "-m",
                "x")
            out, err = sub.communicate(timeout=TIMEOUT_S)
            self.assertEqual(out, b"x\n", err)

    @mogi_only
    def test_a_certificate_that_turns_bad_is_not_followed(self):
        """A server with another certificate is refused on reconnection."""
        other = Lab("other")
        self.addCleanup(other.close)
        tap = self.tap()
        self.subscribe(tap, "-t", "a")
        tap.context = other.context()
        tap.cut()
        until(lambda: tap.failed, "a refused handshake")
        self.assertEqual(len(tap.sent("connect")), 1)


if __name__ == "__main__":
    unittest.main()
