#!/usr/bin/python3
"""Listeners with TLS, met by clients that are not ours: openssl, Python's ssl
and paho, mosquitto_pub and mosquitto_sub."""

import os
import queue
import select
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

import paho.mqtt.client as mqtt

import packets
from harness import (IS_MOSQUITTO, MOGI, TIMEOUT_S, Broker, Closed, Raw,
                     mogi_only, run, until)
from tlstap import Lab, openssl

PSK = "00112233445566778899aabbccddeeff"


class TlsRaw(Raw):
    """A client that sends exactly the bytes it is told to, through TLS."""

    def __init__(self, port, context, name="localhost", session=None,
                 **how):
        super().__init__(port, **how)
        self.socket = context.wrap_socket(self.socket, server_hostname=name,
                                          session=session)

    def has_input(self):
        return bool(packets.split(self.buffer) or self.socket.pending()
                    or select.select([self.socket], [], [], 0)[0])

    def meet(self, client_id, **fields):
        self.send(packets.connect(client_id, self.version, **fields))
        self.connack = self.expect("connack", reason=0)
        return self


class TlsCase(unittest.TestCase):
    """A broker with a certificate of a CA of its own, for each test."""

    options = {}
    mutual = False

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.cert, cls.key = cls.lab.server("localhost", "127.0.0.1")
        # Others of this machine must not read a key, or the log says so.
        cls.key.chmod(0o600 if not IS_MOSQUITTO else 0o644)
        cls.start()

    @classmethod
    def start(cls):
        options = {"certfile": cls.cert, "keyfile": cls.key}
        if cls.mutual:
            rules = cls.lab.folder / "acl"
            rules.write_text("user alice\ntopic readwrite alice/#\n"
                             "topic readwrite x\n")
            rules.chmod(0o600 if not IS_MOSQUITTO else 0o644)
            options |= {"cafile": cls.lab.ca, "require_certificate": "true",
                        "use_identity_as_username": "true", "acl_file": rules}
        cls.broker = Broker(**(options | cls.options)).start()

    @classmethod
    def tearDownClass(cls):
        try:
            cls.broker.stop()
        finally:
            cls.lab.close()

    def context(self, pair=None, highest=None, lowest=None):
        """A client's side, that trusts the lab's CA."""
        context = ssl.create_default_context(cafile=self.lab.ca)
        if pair:
            context.load_cert_chain(*pair)
        if highest:
            context.maximum_version = highest
        if lowest:
            context.minimum_version = lowest
        return context

    def connect(self, client_id, context=None, port=None, **how):
        fields = how.pop("fields", {})
        client = TlsRaw(port or self.broker.port, context or self.context(),
                        **how)
        self.addCleanup(client.close)
        return client.meet(client_id, **fields)

    def refused(self, context, **how):
        """The broker must not let this client in, and closes."""
        with self.assertRaises((ssl.SSLError, ConnectionError, Closed)):
            client = TlsRaw(self.broker.port, context, **how)
            self.addCleanup(client.close)
            client.meet("nobody")

    def says(self, *words):
        """A line of the broker's log holds all of `words`."""
        until(lambda: any(all(word in line for word in words)
                          for line in self.broker.log().splitlines()),
              f"{words} in the log:\n{self.broker.log()[-3000:]}")

    def s_client(self, *options, input=b"", status=0):
        return run("openssl", "s_client", "-connect",
                   f"localhost:{self.broker.port}", "-CAfile",
                   str(self.lab.ca), *map(str, options), input=input,
                   status=status).decode(errors="replace")

    def tool(self, name, *options, status=0):
        return run(f"mosquitto_{name}", "-h", "localhost", "-p",
                   str(self.broker.port), *map(str, options), status=status)


class ServerTest(TlsCase):
    """Certificates on the broker's side only."""

    def test_versions(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                              (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with self.subTest(name):
                client = self.connect("version", self.context(
                    highest=version, lowest=version))
                self.assertEqual(client.socket.version(), name)
                client.subscribe("version")
                client.publish("version", b"x")
                client.receive("version", b"x")

    def test_tls_1_1_is_too_old(self):
        context = self.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.refused(context)
        if not IS_MOSQUITTO:
            self.says("no TLS with 127.0.0.1", "version of TLS")

    def test_openssl(self):
        shown = self.s_client("-alpn", "mqtt", "-verify_return_error")
        self.assertIn("Verify return code: 0 (ok)", shown)
        if not IS_MOSQUITTO:
            self.assertIn("ALPN protocol: mqtt", shown)
            self.s_client("-alpn", "http/1.1", status=1)
        self.assertIn("No ALPN negotiated", self.s_client())
        self.assertIn("Compression: NONE", self.s_client())

    def test_mosquitto_clients(self):
        for version in ("tlsv1.2", "tlsv1.3"):
            self.tool("pub", "--cafile", self.lab.ca, "--tls-version", version,
                      "-t", f"clients/{version}", "-m", "hello", "-q", "1",
                      "-r")
        out = self.tool("sub", "--cafile", self.lab.ca, "-t", "clients/#",
                        "-C", "2", "-v", "-q", "1", "-W", str(int(TIMEOUT_S)))
        self.assertEqual(sorted(out.split(b"\n")), [
            b"", b"clients/tlsv1.2 hello", b"clients/tlsv1.3 hello"])

    @mogi_only
    def test_days_are_told(self):
        client = self.connect("watcher")
        client.subscribe("$SYS/broker/listeners/+/certificate/days")
        message = client.receive("$SYS/broker/listeners/1/certificate/days")
        self.assertIn(message.payload, (b"19", b"20"))

    def test_wrong_host(self):
        done = subprocess.run(
            ["mosquitto_pub", "-h", "ip6-localhost", "-p",
             str(self.broker.port), "-t", "x", "-m", "x"],
            capture_output=True, timeout=TIMEOUT_S)
        self.assertNotEqual(done.returncode, 0)
        self.refused_by_client("elsewhere.example")

    def refused_by_client(self, name):
        with self.assertRaises(ssl.SSLCertVerificationError):
            TlsRaw(self.broker.port, self.context(), name=name)

    def test_a_ca_that_is_not_ours(self):
        other = Lab("other")
        self.addCleanup(other.close)
        context = ssl.create_default_context(cafile=other.ca)
        with self.assertRaises(ssl.SSLCertVerificationError):
            TlsRaw(self.broker.port, context)
        if not IS_MOSQUITTO:
            self.says("no TLS with", "does not know the CA of our certificate")

    def test_paho(self):
        for version in (mqtt.MQTTv311, mqtt.MQTTv5):
            with self.subTest(version):
                inbox, ready = queue.Queue(), queue.Queue()
                client = mqtt.Client(f"paho-{version}", protocol=version)
                client.tls_set(str(self.lab.ca))
                client.on_connect = lambda c, *_: c.subscribe("paho", 1)
                client.on_subscribe = lambda *_: ready.put(True)
                client.on_message = lambda _c, _u, m: inbox.put(m.payload)
                client.connect("localhost", self.broker.port)
                client.loop_start()
                ready.get(timeout=TIMEOUT_S)
                client.publish("paho", b"hello", 1)
                self.assertEqual(inbox.get(timeout=TIMEOUT_S), b"hello")
                client.disconnect()
                client.loop_stop()

    def test_large_payloads_both_ways(self):
        payload = os.urandom(1_500_000)
        reader = self.connect("reader")
        reader.subscribe("large", qos=1)
        writer = self.connect("writer")
        for _ in range(3):
            writer.publish("large", payload, 1)
            reader.receive("large", payload)

    def test_a_slow_reader_gets_all(self):
        reader = self.connect("slow", receive_buffer=4096)
        reader.subscribe("slow/#", qos=1)
        writer = self.connect("quick")
        payload = os.urandom(600_000)
        for number in range(5):
            writer.publish(f"slow/{number}", payload, 1)
        for number in range(5):
            reader.receive(f"slow/{number}", payload)

    def test_many_small_messages_keep_their_order(self):
        reader = self.connect("many-reader")
        reader.subscribe("many")
        writer = self.connect("many-writer")
        writer.send(*(packets.publish("many", str(number))
                      for number in range(5000)))
        for number in range(5000):
            reader.receive("many", str(number).encode())

    def test_plain_mqtt_to_a_tls_port(self):
        plain = Raw(self.broker.port)
        self.addCleanup(plain.close)
        plain.send(packets.connect("plain"))
        with self.assertRaises(Closed):
            plain.read()
        if not IS_MOSQUITTO:
            self.says("speaks MQTT without TLS", "--cafile")

    def test_resumption(self):
        """By ticket, and by the id of a session that the broker keeps."""
        for options in (["-tls1_3"], ["-tls1_2"], ["-tls1_2", "-no_ticket"]):
            with self.subTest(options):
                session = self.lab.folder / ("session" + "".join(options))
                # With 1.3 the ticket comes behind the handshake.
                self.s_session(session.exists, *options, "-sess_out", session)
                shown = self.s_session(lambda: True, *options, "-sess_in",
                                       session)
                self.assertIn("Reused, TLSv1", shown)

    def s_session(self, done, *options):
        """openssl s_client, until `done`; what it has shown."""
        process = subprocess.Popen(
            ["openssl", "s_client", "-connect",
             f"localhost:{self.broker.port}", "-CAfile", str(self.lab.ca),
             *map(str, options)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            until(done, "openssl to be done")
        finally:
            shown = process.communicate(timeout=TIMEOUT_S)[0]
        return shown.decode(errors="replace")

    @mogi_only
    def test_refused_clients_read_why(self):
        """An error reaches the client before the close, through TLS."""
        client = TlsRaw(self.broker.port, self.context())
        self.addCleanup(client.close)
        client.send(packets.connect("bad"), b"\x00\x00")
        client.expect("connack", reason=0)
        client.expect("disconnect", reason=0x81)
        client.expect_closed()

    def test_renegotiation_is_refused(self):
        shown = self.s_client("-tls1_2", input=b"R\n", status=None)
        self.assertNotIn("RENEGOTIATING\ndepth", shown)
        if not IS_MOSQUITTO:
            self.connect("after")


@mogi_only
class ThreadsTest(TlsCase):
    """Clients at home on another thread than the one that accepts them."""

    options = {"threads": 4}

    def test_many_clients_move(self):
        clients = []
        for number in range(48):
            client = self.connect(f"mover-{number}")
            client.subscribe(f"to/{number}", qos=1)
            clients.append(client)
        for number, client in enumerate(clients):
            client.publish(f"to/{(number + 1) % 48}", str(number))
        for number, client in enumerate(clients):
            client.receive(f"to/{number}", str((number - 1) % 48).encode())

    def test_what_comes_with_connect_moves_too(self):
        """CONNECT, SUBSCRIBE and a large PUBLISH leave the client at once: the
        end of the last is still to come when the connection moves."""
        payload = os.urandom(300_000)
        for number in range(16):
            client = TlsRaw(self.broker.port, self.context())
            self.addCleanup(client.close)
            client.send(packets.connect(f"eager-{number}"),
                        packets.subscribe(1, (f"eager/{number}", 1)),
                        packets.publish(f"eager/{number}", payload, 1,
                                        packet_id=2))
            client.expect("connack", reason=0)
            client.expect("suback", packet_id=1)
            seen = {client.read().kind for _ in range(2)}
            self.assertEqual(seen, {"publish", "puback"})

    def test_sessions_are_resumed_on_any_thread(self):
        context = self.context(highest=ssl.TLSVersion.TLSv1_2)
        first = self.connect("first", context)
        session = first.socket.session
        for number in range(16):
            client = self.connect(f"next-{number}", context, session=session)
            self.assertTrue(client.socket.session_reused)


class MutualTest(TlsCase):
    """Clients show certificates."""

    mutual = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice = cls.lab.client("alice")

    def test_a_certificate_lets_in(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            client = self.connect("alice-1", self.context(self.alice,
                                                          highest=version))
            client.subscribe("x")
        self.tool("pub", "--cafile", self.lab.ca, "--cert", self.alice[0],
                  "--key", self.alice[1], "-t", "x", "-m", "y", "-q", "1")

    def test_a_folder_of_authorities(self):
        folder = self.lab.folder / "capath"
        folder.mkdir()
        shutil.copy(self.lab.ca, folder / "ca.crt")
        folder.chmod(0o755)
        openssl("rehash", folder)
        with Broker(certfile=self.cert, keyfile=self.key, capath=folder,
                    require_certificate="true") as broker:
            self.connect("by-folder", self.context(self.alice),
                         port=broker.port)
            other = Lab("other")
            self.addCleanup(other.close)
            with self.assertRaises((ssl.SSLError, ConnectionError, Closed)):
                self.connect("stranger", self.context(other.client("alice")),
                             port=broker.port)

    def test_nobody_without(self):
        self.refused(self.context())
        if not IS_MOSQUITTO:
            self.says("no TLS with", "shows no certificate, and must")

    def test_other_authorities(self):
        other = Lab("other")
        self.addCleanup(other.close)
        self.refused(self.context(other.client("alice")))
        if not IS_MOSQUITTO:
            self.says("certificate is refused", "its CA is unknown")

    def test_self_signed(self):
        cert, key = self.lab.folder / "self.crt", self.lab.folder / "self.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", 1, "-subj",
                "/CN=alice", "-keyout", key, "-out", cert)
        self.refused(self.context((cert, key)))
        if not IS_MOSQUITTO:
            self.says("certificate is refused", "signed by itself")

    def test_dates(self):
        self.refused(self.context(self.dated("20200101000000Z",
                                             "20200201000000Z")))
        if not IS_MOSQUITTO:
            self.says("certificate is refused", "it has expired")
        self.refused(self.context(self.dated("20900101000000Z",
                                             "20910101000000Z")))
        if not IS_MOSQUITTO:
            self.says("certificate is refused", "not valid yet")

    def dated(self, begin, end):
        """A certificate of the lab's CA, valid from `begin` to `end`."""
        folder = self.lab.folder / f"dated-{begin}"
        folder.mkdir()
        (folder / "index.txt").touch()
        config = folder / "ca.conf"
        config.write_text(f"""[ca]
default_ca = lab
[lab]
database = {folder}/index.txt
new_certs_dir = {folder}
certificate = {self.lab.ca}
private_key = {self.lab.folder}/ca.key
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
""")
        key, request, cert = (folder / name for name in ("key", "csr", "crt"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-subj", "/CN=dated", "-keyout", key, "-out",
                request)
        openssl("ca", "-batch", "-config", config, "-in", request, "-out",
                cert, "-startdate", begin, "-enddate", end, "-notext")
        return cert, key

    def may(self, client, topic):
        """The reason that the broker gives for a PUBLISH to `topic`."""
        client.send(packets.publish(topic, b"x", 1, packet_id=3, version=5))
        return client.expect("puback", packet_id=3).reason

    @mogi_only
    def test_the_certificate_is_the_user(self):
        """Whatever name CONNECT says."""
        for fields in ({}, {"username": "bob", "password": b"x"}):
            client = self.connect("alice-2", self.context(self.alice),
                                  fields=fields)
            self.assertIn(self.may(client, "alice/x"), (0, 0x10))
            self.assertEqual(self.may(client, "bob/x"), 0x87)

    def test_resumed_sessions_keep_the_name(self):
        context = self.context(self.alice, highest=ssl.TLSVersion.TLSv1_2)
        first = self.connect("alice-3", context)
        again = self.connect("alice-4", context, session=first.socket.session)
        self.assertTrue(again.socket.session_reused)
        if not IS_MOSQUITTO:
            self.assertIn(self.may(again, "alice/x"), (0, 0x10))
            self.assertEqual(self.may(again, "bob/x"), 0x87)


class ChangingTest(unittest.TestCase):
    """Files that change under a running broker."""

    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.cert = self.lab.folder / "server.crt"
        self.key = self.lab.folder / "server.key"
        self.write(self.lab.server("localhost", name="one"))
        self.ca = self.lab.folder / "clients.crt"
        shutil.copy(self.lab.ca, self.ca)

    def write(self, pair):
        """Put a certificate and its key where the broker looks for them, each
        by a new file that takes the old one's name."""
        for source, target in zip(pair, (self.cert, self.key)):
            draft = target.with_suffix(".new")
            shutil.copy(source, draft)
            draft.chmod(0o600 if not IS_MOSQUITTO else 0o644)
            draft.rename(target)

    def broker(self, **options):
        broker = Broker(certfile=self.cert, keyfile=self.key, **options)
        self.port = broker.port
        return broker

    def context(self, pair=None):
        context = ssl.create_default_context(cafile=self.lab.ca)
        if pair:
            context.load_cert_chain(*pair)
        return context

    def connect(self, client_id, context=None):
        client = TlsRaw(self.port, context or self.context())
        self.addCleanup(client.close)
        return client.meet(client_id)

    def shown(self):
        """The common name of the certificate that the broker shows now."""
        with TlsRaw(self.port, self.context()) as client:
            subject = client.socket.getpeercert()["subject"]
            return dict(part[0] for part in subject)["commonName"]

    def says(self, broker, *words):
        until(lambda: any(all(word in line for word in words)
                          for line in broker.log().splitlines()),
              f"{words} in the log")

    @mogi_only
    def test_a_new_certificate_is_noticed(self):
        with self.broker() as broker:
            old = self.connect("old")
            self.assertEqual(self.shown(), "one")
            self.write(self.lab.server("localhost", name="two"))
            until(lambda: self.shown() == "two", "the new certificate")
            self.says(broker, "have changed, and are in use")
            # Who was there has not noticed.
            old.subscribe("still")
            old.publish("still", b"here")
            old.receive("still", b"here")

    @mogi_only
    def test_a_bad_one_changes_nothing(self):
        with self.broker() as broker:
            _, stranger = self.lab.server("localhost", name="three")
            self.write((self.cert, stranger))
            self.says(broker, "error", "does not belong to the certfile")
            self.says(broker, "its old certificates stay in use")
            self.assertEqual(self.shown(), "one")
            self.key.unlink()
            self.says(broker, "error", "cannot read the keyfile")
            self.assertEqual(self.shown(), "one")
            self.write(self.lab.server("localhost", name="four"))
            until(lambda: self.shown() == "four", "the right one at last")

    @mogi_only
    def test_sighup(self):
        with self.broker() as broker:
            self.write(self.lab.server("localhost", name="five"))
            broker.signal(signal.SIGHUP)
            until(lambda: self.shown() == "five", "the new certificate")

    def crl(self, *revoked):
        """Write a list of what the lab's CA revokes."""
        folder = self.lab.folder / "crl"
        folder.mkdir(exist_ok=True)
        (folder / "index.txt").touch()
        (folder / "number").write_text("01\n")
        config = folder / "ca.conf"
        config.write_text(f"""[ca]
default_ca = lab
[lab]
database = {folder}/index.txt
crlnumber = {folder}/number
certificate = {self.lab.ca}
private_key = {self.lab.folder}/ca.key
default_md = sha256
default_crl_days = 1
""")
        for cert in revoked:
            openssl("ca", "-config", config, "-revoke", cert)
        draft = folder / "draft"
        openssl("ca", "-config", config, "-gencrl", "-out", draft)
        draft.chmod(0o644)
        draft.rename(self.lab.folder / "list.crl")
        return self.lab.folder / "list.crl"

    def is_in(self, context, **how):
        """Is a client let in?"""
        try:
            with TlsRaw(self.port, context, **how) as client:
                client.meet("asks")
                return True
        except (ssl.SSLError, ConnectionError, Closed):
            return False

    @mogi_only
    def test_who_is_revoked_stays_out(self):
        alice, bob = self.lab.client("alice"), self.lab.client("bob")
        with self.broker(cafile=self.ca, require_certificate="true",
                         crlfile=self.crl()) as broker:
            contexts = [self.context(who) for who in (alice, bob)]
            contexts[0].maximum_version = ssl.TLSVersion.TLSv1_2
            first = TlsRaw(self.port, contexts[0])
            self.addCleanup(first.close)
            first.meet("alice")
            session = first.socket.session
            self.assertTrue(self.is_in(contexts[0], session=session))
            self.crl(alice[0])
            until(lambda: not self.is_in(contexts[0]), "alice to be refused")
            self.says(broker, "certificate is refused", "it was revoked")
            # Nor by a session from before.
            self.assertFalse(self.is_in(contexts[0], session=session))
            self.assertTrue(self.is_in(contexts[1]))
            # She who was in when it happened stays: a list is for the door.
            first.publish("x", b"y", 1)

    @mogi_only
    def test_under_load(self):
        """Certificates come and go while messages flow and clients come."""
        with self.broker(threads=2):
            reader = self.connect("reader")
            reader.subscribe("load", qos=1)
            stop, failures = threading.Event(), []

            def come_and_go(number):
                count = 0
                while not stop.is_set():
                    try:
                        with TlsRaw(self.port, self.context()) as client:
                            client.meet(f"goer-{number}-{count % 7}")
                    except Exception as error:  # pylint: disable=W0718
                        failures.append(error)
                    count += 1

            crowd = [threading.Thread(target=come_and_go, args=(number,))
                     for number in range(3)]
            for thread in crowd:
                thread.start()
            writer = self.connect("writer")
            for number in range(5):
                name = f"load-{number}"
                self.write(self.lab.server("localhost", name=name))
                seen = None
                while seen != name:
                    writer.publish("load", b"x" * 3000, 1)
                    reader.receive("load")
                    seen = self.shown()
            stop.set()
            for thread in crowd:
                thread.join()
            self.assertEqual(failures, [])


class SeveralTest(TlsCase):
    """Several certificates, chosen by name."""

    @classmethod
    def start(cls):
        cls.second = cls.lab.server("second.example", name="second")
        cls.second[1].chmod(0o600)
        rsa = cls.lab.folder / "rsa.key", cls.lab.folder / "rsa.csr"
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa",
                "-keyout", rsa[0], "-out", rsa[1])
        rsa[0].chmod(0o600)
        ext = cls.lab.folder / "rsa.ext"
        ext.write_text("subjectAltName=DNS:second.example\n")
        cls.rsa = cls.lab.folder / "rsa.crt", rsa[0]
        openssl("x509", "-req", "-in", rsa[1], "-CA", cls.lab.ca, "-CAkey",
                cls.lab.folder / "ca.key", "-CAcreateserial", "-days", 9,
                "-extfile", ext, "-out", cls.rsa[0])
        lines = "\n".join(f"certfile {cert}\nkeyfile {key}" for cert, key in (
            (cls.cert, cls.key), cls.second, cls.rsa))
        cls.broker = Broker(certfile=lines[len("certfile "):]).start()

    def shown(self, *options):
        text = self.s_client(*options)
        return text.partition("subject=")[2].partition("\n")[0]

    @mogi_only
    def test_names(self):
        self.assertIn("CN = server", self.shown("-noservername"))
        self.assertIn("CN = server", self.shown("-servername", "localhost"))
        self.assertIn("CN = server", self.shown("-servername", "x.example"))
        self.assertIn("CN = second", self.shown("-servername",
                                                "second.example"))
        self.assertIn("CN = rsa", self.shown(
            "-servername", "second.example", "-tls1_2", "-cipher",
            "ECDHE-RSA-AES128-GCM-SHA256"))


class PskTest(TlsCase):
    """Keys in place of certificates."""

    @classmethod
    def start(cls):
        keys = cls.lab.folder / "psk"
        keys.write_text(f"# who, and what they know\nbob:{PSK}\n")
        keys.chmod(0o600 if not IS_MOSQUITTO else 0o644)
        rules = cls.lab.folder / "acl"
        rules.write_text("user bob\ntopic readwrite bob/#\n")
        rules.chmod(0o600 if not IS_MOSQUITTO else 0o644)
        cls.broker = Broker(psk_hint="hint", psk_file=keys, acl_file=rules,
                            use_identity_as_username="true").start()

    def publish(self, identity, key, status=0):
        return self.tool("pub", "--psk", key, "--psk-identity", identity, "-t",
                         "bob/x", "-m", "y", "-q", "1", "-r", status=status)

    def test_keys(self):
        """The identity is the user: bob may, and what he says is kept."""
        self.publish("bob", PSK)
        out = self.tool("sub", "--psk", PSK, "--psk-identity", "bob", "-t",
                        "bob/x", "-C", "1", "-W", str(int(TIMEOUT_S)))
        self.assertEqual(out, b"y\n")

    def test_wrong_keys(self):
        self.publish("bob", PSK[::-1], status=None)
        self.publish("eve", PSK, status=None)
        with self.assertRaises(AssertionError):
            self.publish("bob", PSK[::-1])
        with self.assertRaises(AssertionError):
            self.publish("eve", PSK)
        if not IS_MOSQUITTO:
            self.says("no TLS with", "the PSK is another one")
            self.says("no TLS with", "no PSK identity of the psk_file")

    def test_openssl(self):
        for version in ("-tls1_2", "-tls1_3"):
            shown = run("openssl", "s_client", "-connect",
                        f"localhost:{self.broker.port}", "-psk_identity",
                        "bob", "-psk", PSK, version,
                        "-ciphersuites", "TLS_AES_128_GCM_SHA256",
                        input=b"").decode(errors="replace")
            self.assertIn("PSK" if version == "-tls1_2" else "Reused", shown)


@mogi_only
class SlowTest(TlsCase):
    """Handshakes that never end."""

    options = {"tls_handshake_timeout": 2}

    def test_time_is_limited_and_neighbours_go_on(self):
        good = self.connect("good")
        silent = [socket.create_connection(("127.0.0.1", self.broker.port))
                  for _ in range(50)]
        for number, each in enumerate(silent):
            self.addCleanup(each.close)
            if number % 2:
                each.sendall(b"\x16\x03\x01\x01\x00\x01")
        good.subscribe("go")
        good.publish("go", b"on")
        good.receive("go", b"on")
        for each in silent:
            each.settimeout(TIMEOUT_S)
            self.assertIn(each.recv(100), (b"",))
        self.says("no TLS with", "has not said a word")
        self.says("no TLS with", "did not finish its handshake in time")
        good.expect_nothing()

    def test_a_flood_of_handshake_is_cut(self):
        flood = socket.create_connection(("127.0.0.1", self.broker.port))
        self.addCleanup(flood.close)
        flood.settimeout(TIMEOUT_S)
        record = b"\x16\x03\x01\x3f\xff\x01\x01\xff\xff" + bytes(16384 - 9 + 4)
        with self.assertRaises(OSError):
            for _ in range(200):
                flood.sendall(record)
                time.sleep(0.01)
        self.connect("after")

    def test_tls_to_a_plain_port(self):
        with Broker() as plain:
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                TlsRaw(plain.port, self.context())
            until(lambda: "begins with TLS, and this listener has none" in
                  plain.log(), "the log to say so")


@mogi_only
class StartTest(unittest.TestCase):
    """Mistakes that keep a broker from starting."""

    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.cert, self.key = self.lab.server("localhost")
        self.key.chmod(0o600)

    def start(self, *lines):
        config = self.lab.folder / "broker.conf"
        config.write_text("\n".join(["listener 0 127.0.0.1", *lines]) + "\n")
        return subprocess.run([MOGI, "broker", "--test-config", "-c",
                               str(config)], capture_output=True, text=True,
                              timeout=TIMEOUT_S)

    def fails(self, *lines, says):
        done = self.start(*lines)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(says, done.stderr)

    def test_mistakes(self):
        pair = f"certfile {self.cert}", f"keyfile {self.key}"
        self.assertEqual(self.start(*pair).returncode, 0)
        self.fails(pair[0], says="each certificate needs its key")
        self.fails(pair[0], "keyfile /no/such/key", says="/no/such/key")
        self.fails(pair[0], f"keyfile {self.lab.folder / 'ca.key'}",
                   says="does not belong to the certfile")
        self.fails(*pair, "require_certificate true", says="cafile")
        self.fails(*pair, "tls_version tlsv1.1", says="tls_version")
        self.fails(*pair, "ciphers NONSENSE", says="NONSENSE")
        self.fails(*pair, f"crlfile {self.cert}", says="crlfile")
        self.fails("require_certificate true", says="is about TLS")
        locked = self.lab.folder / "locked.key"
        openssl("pkey", "-in", self.key, "-aes128", "-passout", "pass:secret",
                "-out", locked)
        self.fails(pair[0], f"keyfile {locked}", says="passphrase")

    def test_remarks(self):
        self.key.chmod(0o644)
        done = self.start(f"certfile {self.cert}", f"keyfile {self.key}")
        self.assertIn("can read the keyfile", done.stderr)


if __name__ == "__main__":
    unittest.main()
