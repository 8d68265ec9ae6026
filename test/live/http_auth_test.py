#!/usr/bin/python3
"""A web server that knows the passwords: up, slow, down, broken; what it says,
and what the broker does meanwhile."""

import contextlib
import json
import pathlib
import signal
import tempfile
import threading
import time
import unittest
import urllib.parse

import packets
from harness import Broker, ProofCase, free_port, until
from proofs import WebServer, openssl

CREDENTIALS, NOT_AUTHORIZED, UNAVAILABLE, BUSY = 0x86, 0x87, 0x88, 0x89


def say(result, **more):
    return json.dumps({"result": result} | more).encode()


def decide(path, headers, body):
    """Who gives its name as password is let in."""
    asked = json.loads(body)
    right = asked["username"] == asked["password"]
    return 200, say("allow" if right else "deny")


class HttpCase(ProofCase):
    def serve(self, answer, **how):
        server = WebServer(answer, **how)
        self.addCleanup(server.close)
        return server

    def start(self, url, **options):
        return super().start(**({"http_auth_url": url,
                                 "http_auth_cache_seconds": 0,
                                 "auth_ban_attempts": 0} | options))

    def login(self, broker, user="anna", password=None, version=5, reason=0,
              client_id="c"):
        client = self.raw(broker, version)
        client.send(packets.connect(
            client_id, version, username=user,
            password=user if password is None else password))
        client.expect("connack", reason=reason)
        return client

    def refused(self, broker, because, reason=UNAVAILABLE, **more):
        before = broker.log().count(because)
        self.login(broker, reason=reason, **more).expect_closed()
        until(lambda: broker.log().count(because) > before,
              f"a line with {because!r}")


class Answers(HttpCase):
    def test_the_server_decides(self):
        server = self.serve(decide)
        broker = self.start(server.url)
        for _ in range(3):
            for version in (3, 4, 5):
                self.login(broker, version=version).close()
            self.refused(broker, "the web server refused it", CREDENTIALS,
                         password="wrong")
        self.login(broker, password="wrong", version=4, reason=4)
        path, headers, body = server.questions[0]
        self.assertEqual(path, "/mqtt/auth")
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(json.loads(body), {
            "username": "anna", "password": "anna", "clientid": "c"})
        # Nobody without a name gets as far as the server.
        count = len(server.questions)
        client = self.raw(broker)
        client.send(packets.connect("c"))
        client.expect("connack", reason=NOT_AUTHORIZED)
        self.assertEqual(len(server.questions), count)
        broker.stop()

    def test_fields_form_and_headers(self):
        server = self.serve(lambda *_: (200, b"ok"))
        broker = self.start(
            server.url, http_auth_format="form",
            http_auth_fields="u=${username} p=${password} ip=${peerhost} k=v",
            http_auth_header="X-Key: one\nhttp_auth_header X-Other: two")
        self.login(broker, "a&b=c", b"\x00\xff%").close()
        _, headers, body = server.questions[0]
        self.assertEqual(headers["Content-Type"],
                         "application/x-www-form-urlencoded")
        self.assertEqual((headers["X-Key"], headers["X-Other"]),
                         ("one", "two"))
        fields = urllib.parse.parse_qs(body.decode(), encoding="latin-1")
        self.assertEqual(fields, {"u": ["a&b=c"], "p": ["\x00\xff%"],
                                  "ip": ["127.0.0.1"], "k": ["v"]})
        broker.stop()

    def test_what_answers_mean(self):
        answers = {}
        server = self.serve(lambda *_: answers["now"])
        broker = self.start(server.url)
        where = {"Location": "http://127.0.0.1:1/"}
        for answer, reason in (
                ((200, b""), 0), ((204, b""), 0), ((200, b"ok"), 0),
                ((200, say("allow")), 0), ((200, b'{"ok":true}'), 0),
                ((401, b""), CREDENTIALS), ((403, say("allow")), CREDENTIALS),
                ((404, b""), CREDENTIALS), ((200, say("deny")), CREDENTIALS),
                ((200, b'{"ok":false}'), CREDENTIALS),
                ((200, say("ignore")), CREDENTIALS),
                ((200, b"<html>Wireless</html>"), UNAVAILABLE),
                ((200, b"\xff\xfe\x00"), UNAVAILABLE),
                ((200, b'{"result":"allow"'), UNAVAILABLE),
                ((200, b"{}"), UNAVAILABLE), ((200, b"[1]"), UNAVAILABLE),
                ((302, b"", where), UNAVAILABLE),
                ((307, say("allow"), where), UNAVAILABLE),
                ((500, say("allow")), UNAVAILABLE),
                ((503, b""), UNAVAILABLE), ((429, b""), UNAVAILABLE),
                ((200, b"x" * 300000), UNAVAILABLE)):
            answers["now"] = answer
            with self.subTest(answer=answer):
                self.login(broker, reason=reason).close()
        broker.stop()

    def test_the_body_may_be_left_alone(self):
        server = self.serve(lambda *_: (200, b"<html>welcome</html>"))
        broker = self.start(server.url, http_auth_status_only="true")
        self.login(broker).close()
        broker.stop()

    def test_rules_and_an_end_come_along(self):
        def answer(path, headers, body):
            user = json.loads(body)["username"]
            more = {"ruled": {"acl": [
                {"permission": "allow", "action": "publish",
                 "topic": "up/${username}"},
                {"permission": "deny", "action": "all", "topic": "#"}]},
                "brief": {"expire_at": int(time.time()) + 2},
                "root": {"is_superuser": True, "acl": []}}.get(user, {})
            return 200, say("allow", **more)
        broker = self.start(self.serve(answer).url)
        for _ in range(2):
            client = self.login(broker, "ruled")
            client.publish("up/ruled", b"x", qos=1)
            client.send(packets.publish("up/x", b"x", 1, 7))
            client.expect("puback", reason=NOT_AUTHORIZED)
            self.assertEqual(client.subscribe("up/ruled").reasons,
                             [NOT_AUTHORIZED])
        client = self.login(broker, "root")
        self.assertEqual(client.subscribe("$SYS/#", "#").reasons, [0, 0])
        client = self.login(broker, "brief")
        client.expect("disconnect", reason=NOT_AUTHORIZED)
        broker.stop()


class Trouble(HttpCase):
    def test_a_server_that_is_down(self):
        server = self.serve(decide)
        port = server.port
        broker = self.start(server.url)
        stays = self.login(broker, client_id="stays")
        server.close()
        for _ in range(3):
            self.refused(broker, "the web server cannot be reached")
        self.refused(broker, "the web server cannot be reached", 3, version=4)
        stays.expect_nothing()
        self.assertNotEqual(port, 0)
        broker.stop()

    def test_down_may_mean_the_next_method(self):
        server = self.serve(decide)
        broker = self.start(server.url, http_auth_down="pass")
        self.login(broker).close()
        server.close()
        self.refused(broker, "nobody here knows that user name", CREDENTIALS)
        broker.stop()

    def test_another_server_takes_over(self):
        one, two = self.serve(decide), self.serve(decide)
        broker = self.start(f"{one.url}\nhttp_auth_url {two.url}")
        self.login(broker).close()
        self.assertEqual((len(one.questions), len(two.questions)), (1, 0))
        one.close()
        for _ in range(3):
            self.login(broker).close()
        self.assertEqual(len(two.questions), 3)
        broker.stop()

    def test_nobody_waits_for_a_slow_server(self):
        """While fifty logins hang, others talk; then each of them is told."""
        free = threading.Event()
        self.addCleanup(free.set)

        def answer(path, headers, body):
            if json.loads(body)["username"] == "slow":
                free.wait(60)
            return decide(path, headers, body)
        server = self.serve(answer)
        broker = self.start(server.url, http_auth_timeout=2,
                            http_auth_connections=60,
                            http_auth_max_in_flight=50)
        alice = self.login(broker, client_id="alice")
        bob = self.login(broker, client_id="bob")
        bob.subscribe("t", qos=1)
        waiting = []
        for i in range(50):
            client = self.raw(broker)
            client.send(packets.connect(f"s{i}", username="slow",
                                        password="slow"))
            waiting.append(client)
        until(lambda: len(server.questions) >= 52, "all of them to be asked")
        self.refused(broker, "too many clients wait for the web server", BUSY)
        waiting.pop().close()  # who goes away is forgotten
        rounds = 0
        while not waiting[-1].has_input():
            alice.publish("t", b"x", qos=1)
            bob.receive("t", b"x")
            rounds += 1
        self.assertGreater(rounds, 5)
        for client in waiting:
            client.expect("connack", reason=UNAVAILABLE)
        until(lambda: "does not answer in time" in broker.log(), "it logged")
        self.login(broker).close()
        broker.stop()

    def test_the_broker_ends_while_logins_wait(self):
        free = threading.Event()
        self.addCleanup(free.set)

        def answer(*asked):
            free.wait(60)
            return decide(*asked)
        server = self.serve(answer)
        for reload in (False, True):
            before = len(server.questions)
            broker = self.start(server.url, http_auth_timeout=60)
            for i in range(5):
                client = self.raw(broker)
                client.send(packets.connect(f"s{i}", username="x",
                                            password="x"))
            until(lambda: len(server.questions) == before + 5,
                  "all of them to be asked")
            if reload:  # They wait by settings that are no more.
                del broker.options["http_auth_url"]
                del broker.options["http_auth_cache_seconds"]
                broker.write_config()
                broker.signal(signal.SIGHUP)
                until(lambda: "nobody can come in" in broker.log(),
                      "the new settings to count")
            broker.stop()

    def test_hostile_peers(self):
        """What speaks no HTTP, or stops in the middle."""
        import socket
        for text in (b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\n",
                     b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
                     b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
                     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"zz\r\n", b"\0" * 1000):
            with socket.create_server(("127.0.0.1", 0)) as server:
                url = f"http://127.0.0.1:{server.getsockname()[1]}/"
                broker = self.start(url, http_auth_timeout=2)
                client = self.raw(broker)
                client.send(packets.connect("c", username="x", password="x"))
                peer, _ = server.accept()
                with contextlib.suppress(OSError):
                    peer.recv(10000)
                    peer.sendall(text)
                peer.close()
                client.expect("connack", reason=UNAVAILABLE)
                broker.stop()


class Memory(HttpCase):
    def test_a_yes_is_remembered(self):
        server = self.serve(decide)
        broker = self.start(server.url, http_auth_cache_seconds=600)
        for _ in range(5):
            self.login(broker).close()
        self.assertEqual(len(server.questions), 1)
        for _ in range(2):
            self.login(broker, password="wrong", reason=CREDENTIALS)
        self.assertEqual(len(server.questions), 3)
        self.login(broker, client_id="other").close()
        self.assertEqual(len(server.questions), 4)
        server.close()
        self.login(broker).close()
        self.login(broker, "bert", reason=UNAVAILABLE)
        broker.stop()

    def test_a_reload_forgets_and_may_move(self):
        one, two = self.serve(decide), self.serve(decide)
        broker = self.start(one.url, http_auth_cache_seconds=600)
        self.login(broker).close()
        broker.options["http_auth_url"] = two.url
        broker.write_config()
        broker.signal(signal.SIGHUP)

        def moved():
            self.login(broker).close()
            return len(two.questions) > 0
        until(moved, "the other server to be asked")
        broker.options["http_auth_url"] = "nowhere"
        broker.write_config()
        broker.signal(signal.SIGHUP)
        until(lambda: "'nowhere' is no URL" in broker.log(), "it logged")
        self.login(broker).close()
        broker.stop()


class Tls(HttpCase):
    def certificate(self, folder, name, address):
        key, cert = folder / f"{name}.key", folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key),
                "-out", str(cert), "-days", "2", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName=IP:{address}")
        return str(cert), str(key)

    def test_the_server_must_be_the_one(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            good = self.certificate(folder, "good", "127.0.0.1")
            other = self.certificate(folder, "other", "127.0.0.2")
            server = self.serve(decide, certificate=good)
            wrong = self.serve(decide, certificate=other)
            broker = self.start(server.url, http_auth_cafile=good[0])
            for _ in range(3):
                self.login(broker).close()
            broker.stop()
            for url, options in ((server.url, {}),
                                 (server.url, {"http_auth_cafile": other[0]}),
                                 (wrong.url, {"http_auth_cafile": other[0]})):
                count = len(server.questions) + len(wrong.questions)
                broker = self.start(url, **options)
                self.refused(broker, "certificate is not trusted")
                broker.stop()
                self.assertEqual(
                    len(server.questions) + len(wrong.questions), count)
            broker = self.start(wrong.url, http_auth_insecure="true")
            self.login(broker).close()
            broker.stop()


class Starts(unittest.TestCase):
    def test_mistakes_are_told(self):
        for option, value, text in (
                ("http_auth_url", "auth.example", "is no URL like"),
                ("http_auth_fields", "user", "is not NAME=VALUE"),
                ("http_auth_cafile", "/no/file", "/no/file: No such file")):
            options = {"http_auth_url": f"http://127.0.0.1:{free_port()}/",
                       option: value}
            broker = Broker(**options)
            with self.assertRaises(AssertionError) as raised:
                broker.start()
            self.assertIn(text, str(raised.exception))
            broker.kill()


if __name__ == "__main__":
    unittest.main()
