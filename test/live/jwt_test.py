#!/usr/bin/python3
"""Clients with signed tokens: each algorithm, what is refused and why, what
ends and what goes on when a token does, and new keys while it runs."""

import json
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import packets
from harness import MOGI, ProofCase, run, until
from proofs import DATA, METHOD, Signer, auth

CREDENTIALS, NOT_AUTHORIZED = 0x86, 0x87


class JwtCase(ProofCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="mogi-jwt-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def login(self, broker, token, version=5, reason=0, client_id="c", **more):
        client = self.raw(broker, version)
        client.send(packets.connect(client_id, version, password=token,
                                    **({"username": "anna"} | more)))
        client.connack = client.expect("connack", reason=reason)
        return client

    def refused(self, broker, token, because, reason=CREDENTIALS, **more):
        before = broker.log().count(because)
        self.login(broker, token, reason=reason, **more).expect_closed()
        until(lambda: broker.log().count(because) > before,
              f"a line with {because!r}")


class Algorithms(JwtCase):
    def test_each_algorithm_lets_in(self):
        """From one PEM file with three keys, and a secret."""
        signers = [Signer(self.folder, name)
                   for name in ("RS256", "ES256", "EdDSA", "HS256")]
        keys = self.folder / "keys.pem"
        keys.write_text("".join(s.public.read_text() for s in signers[:3]))
        broker = self.start(jwt_key_file=keys,
                            jwt_secret_file=signers[3].public)
        for _ in range(3):
            for signer in signers:
                for version in (3, 4, 5):
                    client = self.login(broker, signer.token(), version)
                    client.publish("t", b"x", qos=1)
                    client.close()
        broker.stop()

    def test_keys_of_a_set_go_by_their_id(self):
        signers = [Signer(self.folder, name, kid, kid) for name, kid in
                   (("RS256", "a"), ("ES256", "b"), ("ES256", "c"),
                    ("EdDSA", "d"), ("HS256", "e"))]
        stranger = Signer(self.folder, "ES256", "stranger", "b")
        jwks = self.folder / "jwks.json"
        jwks.write_text(json.dumps({"keys": [s.jwk() for s in signers] +
                                    [{"kty": "future", "kid": "f"}]}))
        broker = self.start(jwt_key_file=jwks)
        for signer in signers:
            self.login(broker, signer.token()).close()
        self.refused(broker, stranger.token(), "its signature is wrong")
        self.refused(broker, signers[1].token(header={"kid": "c"}),
                     "its signature is wrong")
        self.refused(broker, signers[1].token(header={"kid": "a"}),
                     "there is no key for its")
        self.refused(broker, signers[1].token(header={"kid": "z"}),
                     "there is no key for its")
        broker.stop()


class Refusals(JwtCase):
    def test_bad_tokens(self):
        signer = Signer(self.folder, "HS256")
        other = Signer(self.folder, "HS256", "other")
        broker = self.start(jwt_secret_file=signer.public, jwt_leeway=0,
                            jwt_issuer="me", jwt_audience="mogi",
                            auth_ban_attempts=0)
        good = {"iss": "me", "aud": ["x", "mogi"]}
        now = int(time.time())
        self.login(broker, signer.token(**good)).close()
        head, claims, signature = signer.token(**good).split(".")
        none = signer.token(header={"alg": "none"}, **good)
        for token, because in (
                (other.token(**good), "its signature is wrong"),
                (f"{head}.{claims}.", "its signature is wrong"),
                (f"{head}.{claims}.{signature[:-1]}", "its signature is"),
                (none.rpartition(".")[0] + ".", "its algorithm is none of"),
                (signer.token(seconds=-1, **good), "it is expired"),
                (signer.token(seconds=None, **good), 'it has no "exp"'),
                (signer.token(nbf=now + 500, **good), "it is not valid yet"),
                (signer.token(iat=now + 500, **good), "it is from the future"),
                (signer.token(aud="mogi"), 'it has no "iss"'),
                (signer.token(iss="you", aud="mogi"), "of another issuer"),
                (signer.token(iss="me"), 'it has no "aud"'),
                (signer.token(iss="me", aud="x"), "for another audience"),
                (signer.token(user=None, **good), "it names no user"),
                (signer.token(user="bert", **good),
                 "its user name is not the one in its token"),
                (signer.token(acl={"publish": ["a#"]}, **good),
                 "its rules have a topic that is no filter"),
                ("secret", "nobody here knows that user name")):
            reason = NOT_AUTHORIZED if "rules" in because else CREDENTIALS
            self.refused(broker, token, because, reason)
        # 4 and 5 are "bad user name or password", "not authorized". MQTT 3.1.1
        self.login(broker, other.token(**good), 4, 4).expect_closed()
        broker.stop()

    def test_a_token_as_user_name(self):
        """It is not written to the log, where others may read it."""
        signer = Signer(self.folder, "HS256")
        broker = self.start(jwt_secret_file=signer.public,
                            jwt_field="username")
        for version in (3, 4, 5):
            client = self.raw(broker, version)
            client.send(packets.connect("c", version,
                                        username=signer.token()))
            client.expect("connack", reason=0)
            client.close()
        token = signer.token(aud="elsewhere")
        client = self.raw(broker)
        client.send(packets.connect("c", username=token))
        client.expect("connack", reason=CREDENTIALS)
        until(lambda: "no jwt_audience is set" in broker.log(), "it logged")
        self.assertIn('user "(a token)"', broker.log())
        self.assertNotIn(token[:40], broker.log())
        broker.stop()

    def test_rules_in_a_token(self):
        signer = Signer(self.folder, "HS256")
        broker = self.start(jwt_secret_file=signer.public)
        token = signer.token(acl=[
            {"permission": "allow", "action": "publish",
             "topic": "up/${clientid}/#"},
            {"permission": "allow", "action": "subscribe",
             "topic": "down/${username}/+"},
            {"permission": "deny", "action": "all", "topic": "#"}])
        free = self.login(broker, signer.token(), client_id="free")
        free.subscribe("up/#", qos=1)
        client = self.login(broker, token, client_id="c7")
        client.publish("up/c7/x", b"mine", qos=1)
        free.receive("up/c7/x", b"mine")
        for topic in ("up/c8/x", "up", "down/anna/x"):
            client.send(packets.publish(topic, b"no", 1, 7, version=5))
            client.expect("puback", packet_id=7, reason=NOT_AUTHORIZED)
        ack = client.subscribe("down/anna/+", "down/bert/+", "up/c7/x")
        self.assertEqual(ack.reasons, [0, NOT_AUTHORIZED, NOT_AUTHORIZED])
        free.publish("down/anna/x", b"yours", qos=1)
        client.receive("down/anna/x", b"yours")
        free.expect_nothing()
        broker.stop()


class Ends(JwtCase):
    def setUp(self):
        super().setUp()
        self.signer = Signer(self.folder, "ES256")
        self.broker = self.start(jwt_key_file=self.signer.public, jwt_leeway=0)

    def begin(self, token, **more):
        """Connect by the authentication method JWT."""
        client = self.raw(self.broker)
        client.send(packets.connect("c", props=[(METHOD, "JWT"),
                                                (DATA, token)], **more))
        return client

    def test_a_connection_ends_with_its_token(self):
        clients = [self.login(self.broker, self.signer.token(seconds=2),
                              version, client_id=f"c{version}")
                   for version in (4, 5)]
        stays = self.login(self.broker, self.signer.token(), client_id="stays")
        clients[1].expect("disconnect", reason=NOT_AUTHORIZED)
        for client in clients:
            client.expect_closed()
        stays.expect_nothing()
        self.broker.stop()

    def test_a_newer_token_keeps_it(self):
        client = self.begin(self.signer.token(seconds=2))
        connack = client.expect("connack", reason=0)
        self.assertEqual(connack.prop(METHOD), "JWT")
        ended = time.time() + 2
        for _ in range(3):
            client.send(auth(0x19, "JWT", self.signer.token()))
            answer = client.expect("auth", reason=0)
            self.assertEqual(answer.prop(METHOD), "JWT")
        while time.time() < ended + 1:
            client.expect_nothing()
            time.sleep(0.1)
        self.broker.stop()

    def test_a_bad_newer_token_ends_it(self):
        for token in (self.signer.token(user="bert"),
                      self.signer.token(seconds=-5), "x", ""):
            client = self.begin(self.signer.token())
            client.expect("connack", reason=0)
            client.send(auth(0x19, "JWT", token))
            client.expect("disconnect", reason=NOT_AUTHORIZED)
            client.expect_closed()
        self.broker.stop()

    def test_another_method_ends_it(self):
        client = self.begin(self.signer.token())
        client.expect("connack", reason=0)
        client.send(auth(0x19, "SCRAM-SHA-256", self.signer.token()))
        client.expect("disconnect", reason=0x82)
        client = self.raw(self.broker)
        client.send(packets.connect("c", props=[(METHOD, "GS2-KRB5")]))
        client.expect("connack", reason=0x8C)
        self.broker.stop()

    def test_the_broker_may_be_asked_by_name_too(self):
        """A user name in CONNECT has to be the one in the token."""
        self.begin(self.signer.token(), username="anna").expect(
            "connack", reason=0)
        self.begin(self.signer.token(), username="bert").expect(
            "connack", reason=CREDENTIALS)
        self.broker.stop()


class Keys(JwtCase):
    def reload(self, broker, text):
        before = broker.log().count(text)
        broker.signal(signal.SIGHUP)
        until(lambda: broker.log().count(text) > before, f"{text!r} logged")

    def test_new_keys_while_it_runs(self):
        old, new = (Signer(self.folder, "EdDSA", name)
                    for name in ("old", "new"))
        keys = self.folder / "keys.pem"
        keys.write_bytes(old.public.read_bytes())
        broker = self.start(jwt_key_file=keys)
        goes = self.login(broker, old.token(), client_id="goes")
        self.refused(broker, new.token(), "its signature is wrong")
        keys.write_bytes(new.public.read_bytes())
        broker.signal(signal.SIGHUP)
        goes.expect("disconnect", reason=NOT_AUTHORIZED)
        goes.expect_closed()

        def lets_in():
            client = self.raw(broker)
            client.send(packets.connect("c", password=new.token()))
            return client.read().reason == 0
        until(lets_in, "the new key to count")
        self.refused(broker, old.token(), "its signature is wrong")
        stays = self.login(broker, new.token(), client_id="stays")
        # What cannot be used changes nothing.
        for bad in (b"", b"-----BEGIN PUBLIC KEY-----\n", b"{\"keys\":[]}",
                    old.private.read_bytes()):
            keys.write_bytes(bad)
            self.reload(broker, "keys.pem: ")
            self.login(broker, new.token()).close()
        keys.unlink()
        self.reload(broker, "No such file")
        self.login(broker, new.token()).close()
        stays.expect_nothing()
        broker.stop()


class Command(JwtCase):
    def test_mogi_token(self):
        """`mogi token` makes what the broker takes."""
        for algorithm in ("HS256", "RS256", "ES256", "EdDSA"):
            signer = Signer(self.folder, algorithm)
            how, where = (("--secret", "jwt_secret_file")
                          if algorithm == "HS256" else
                          ("--key", "jwt_key_file"))
            file = signer.public if how == "--secret" else signer.private
            broker = self.start(**{where: signer.public}, jwt_issuer="me",
                                jwt_audience="mogi")
            token = run(MOGI, "token", how, str(file), "--sub", "anna",
                        "--iss", "me", "--aud", "mogi", "--exp", "1h",
                        "--kid", "x", "--acl", '{"publish":["a"]}').strip()
            client = self.login(broker, token)
            client.publish("a", b"x", qos=1)
            client.send(packets.publish("b", b"x", 1, 7))
            client.expect("puback", reason=NOT_AUTHORIZED)
            token = run(MOGI, "token", how, str(file), "--sub", "anna",
                        "--aud", "mogi").strip()
            self.refused(broker, token, 'it has no "iss"')
            broker.stop()

    def test_mistakes(self):
        key = str(Signer(self.folder, "EdDSA").private)
        for words, text in (
                ([], "give either --key FILE or --secret FILE"),
                (["--key", key, "--secret", key, "--sub", "a"], "give either"),
                (["--key", key], "--sub USER is missing"),
                (["--key", key, "--sub"], "--sub needs a value"),
                (["--key", key, "--sub", "a", "--exp", "0"], "--exp is a time"),
                (["--key", key, "--sub", "a", "--acl", "{"], "it is not JSON"),
                (["--key", key, "--sub", "a", "--acl", '{"x":[]}'], "--acl: "),
                (["--key", "/no/file", "--sub", "a"], "/no/file: No such"),
                (["--secret", key, "--sub", "a"], "it is a key, no secret"),
                (["--name", "x"], "unknown option '--name'")):
            done = subprocess.run([MOGI, "token", *words],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1, words)
            self.assertEqual(done.stdout, "")
            self.assertIn(text, done.stderr)
        self.assertIn(b"--secret FILE", run(MOGI, "token", "--help"))


class Many(JwtCase):
    def test_many_at_once(self):
        """Signatures are checked beside the shards: a pair goes on talking."""
        signer = Signer(self.folder, "ES256")
        broker = self.start(jwt_key_file=signer.public, threads=2)
        token, rounds = signer.token(), 5
        alice = self.login(broker, token, client_id="alice")
        bob = self.login(broker, token, client_id="bob")
        bob.subscribe("pair", qos=1)
        failures = []

        def storm(index):
            try:
                for _ in range(rounds):
                    self.login(broker, token, client_id=f"c{index}").close()
            except Exception as e:  # told by the main thread
                failures.append(e)
        threads = [threading.Thread(target=storm, args=(i,))
                   for i in range(20)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            alice.publish("pair", b"x", qos=1)
            bob.receive("pair", b"x")
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        broker.stop()


if __name__ == "__main__":
    unittest.main()
