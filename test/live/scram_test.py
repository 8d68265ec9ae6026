#!/usr/bin/python3
"""Clients that prove their passwords by SCRAM: the client's half is written
here by RFC 5802, with Python's own hashes."""

import base64
import os
import pathlib
import signal
import tempfile
import threading
import unittest

import packets
from harness import MOGI, ProofCase, run, until
from proofs import DATA, METHOD, Scram, auth, scram_line

CREDENTIALS, NOT_AUTHORIZED, BAD_METHOD = 0x86, 0x87, 0x8C
NAMES = ("SCRAM-SHA-256", "SCRAM-SHA-512")


class ScramTest(ProofCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="mogi-scram-")
        self.addCleanup(holder.cleanup)
        self.file = pathlib.Path(holder.name) / "scram"
        self.file.write_text("# who\n" + scram_line("one", "pencil"))
        for user, password in (("anna", "pencil"), ("b,c=d", "s p a c e")):
            run(MOGI, "passwd", "-b", "--scram", "-I", "4096", str(self.file),
                user, password)
        self.broker = self.start(scram_file=self.file, auth_ban_attempts=0)

    def begin(self, scram, client_id="c", **more):
        """Send CONNECT with the first message."""
        client = self.raw(self.broker)
        client.send(packets.connect(client_id, props=[
            (METHOD, scram.name), (DATA, scram.first())], **more))
        return client

    def prove(self, client, scram, kind=0x18):
        """Answer the challenge."""
        challenge = client.expect("auth", reason=0x18)
        self.assertEqual(challenge.prop(METHOD), scram.name)
        last = scram.last(challenge.prop(DATA))
        client.send(auth(kind, scram.name, last))
        return last

    def login(self, name, user, password, **more):
        scram = Scram(name, user, password)
        client = self.begin(scram, **more)
        self.prove(client, scram)
        connack = client.expect("connack", reason=0)
        self.assertEqual(connack.prop(METHOD), name)
        scram.check(connack.prop(DATA))
        return client

    def refused(self, client, because, reason=CREDENTIALS):
        client.expect("connack", reason=reason)
        client.expect_closed()
        until(lambda: because in self.broker.log(), f"{because!r} logged")

    def test_right_passwords_let_in(self):
        for _ in range(10):
            for name in NAMES:
                client = self.login(name, "anna", "pencil")
                client.subscribe("t", qos=1)
                client.publish("x", b"x", qos=1)
                client.close()
                self.login(name, "b,c=d", "s p a c e").close()
        self.login(NAMES[0], "anna", "pencil", username="anna").close()
        self.broker.stop()

    def test_wrong_ones_do_not(self):
        for name in NAMES:
            for user, password, because in (
                    ("anna", "crayon", "its password is wrong"),
                    ("anna", "", "its password is wrong"),
                    ("nobody", "pencil", "no such user in scram_file"),
                    ("Anna", "pencil", "no such user in scram_file")):
                scram = Scram(name, user, password)
                client = self.begin(scram)
                self.prove(client, scram)
                self.refused(client, because)
        scram = Scram(NAMES[1], "one", "pencil")
        client = self.begin(scram)
        self.prove(client, scram)
        self.refused(client, "no such user in scram_file")
        self.refused(self.begin(Scram(NAMES[0], "anna", "pencil"),
                                username="bert"),
                     "its user name is not the one it proves")
        self.broker.stop()

    def test_strangers_look_like_users(self):
        """Salt and count are the same each time, also after a restart."""
        def challenge(user):
            client = self.begin(Scram(NAMES[0], user, "x", nonce="n"))
            data = client.expect("auth", reason=0x18).prop(DATA).decode()
            client.close()
            nonce, salt, count = data.split(",")
            return nonce, salt, count
        known, stranger = challenge("anna"), challenge("carl")
        self.assertEqual(len(known[1]), len(stranger[1]))
        self.assertEqual(known[2], stranger[2])
        self.assertNotEqual(challenge("carl")[0], stranger[0])
        self.assertEqual(challenge("carl")[1:], stranger[1:])
        self.assertNotEqual(challenge("dora")[1], stranger[1])
        self.broker.stop()
        self.broker.start()
        self.assertEqual(challenge("carl")[1:], stranger[1:])
        self.assertEqual(challenge("anna")[1:], known[1:])
        self.broker.stop()

    def test_what_was_overheard_is_worthless(self):
        nonce = base64.b64encode(os.urandom(12)).decode()
        scram = Scram(NAMES[0], "anna", "pencil", nonce)
        client = self.begin(scram)
        last = self.prove(client, scram)
        client.expect("connack", reason=0)
        for _ in range(5):
            thief = self.begin(Scram(NAMES[0], "anna", "?", nonce))
            thief.expect("auth", reason=0x18)
            thief.send(auth(0x18, NAMES[0], last))
            self.refused(thief, "its last message has another nonce")
        client.expect_nothing()
        self.broker.stop()

    def test_odd_conversations(self):
        good = Scram(NAMES[0], "anna", "pencil")

        def connect(*props):
            client = self.raw(self.broker)
            client.send(packets.connect("c", props=props))
            return client
        connect((METHOD, "SCRAM-SHA-1"), (DATA, good.first())).expect(
            "connack", reason=BAD_METHOD)
        self.refused(connect((METHOD, NAMES[0])), "is cut short")
        self.refused(connect((METHOD, NAMES[0]), (DATA, "p=x,,n=a,r=b")),
                     "bind to the TLS channel")
        self.refused(connect((METHOD, NAMES[0]), (DATA, os.urandom(3000))),
                     "is too long")
        for answer in (None, "", "c=biws", "x" * 3000, os.urandom(500)):
            client = self.begin(good)
            client.expect("auth", reason=0x18)
            client.send(auth(0x18, NAMES[0], answer))
            client.expect("connack", reason=CREDENTIALS)
            client.expect_closed()
        # Another method, and going on before the challenge was answered.
        client = self.begin(good)
        client.expect("auth", reason=0x18)
        client.send(auth(0x18, NAMES[1], "x"))
        client.expect("connack", reason=0x82)
        # Who goes away in the middle leaves nothing behind.
        for _ in range(50):
            client = self.begin(good)
            client.expect("auth", reason=0x18)
            client.close()
        self.login(NAMES[0], "anna", "pencil").close()
        self.broker.stop()

    def test_it_may_be_proven_again(self):
        client = self.login(NAMES[1], "anna", "pencil")
        for _ in range(3):
            scram = Scram(NAMES[1], "anna", "pencil")
            client.send(auth(0x19, scram.name, scram.first()))
            client.publish("t", b"meanwhile")
            self.prove(client, scram)
            done = client.expect("auth", reason=0)
            scram.check(done.prop(DATA))
            client.expect_nothing()
        scram = Scram(NAMES[1], "b,c=d", "s p a c e")
        client.send(auth(0x19, scram.name, scram.first()))
        client.expect("disconnect", reason=NOT_AUTHORIZED)
        client.expect_closed()
        client = self.login(NAMES[1], "anna", "pencil")
        scram = Scram(NAMES[1], "anna", "crayon")
        client.send(auth(0x19, scram.name, scram.first()))
        self.prove(client, scram)
        client.expect("disconnect", reason=NOT_AUTHORIZED)
        self.broker.stop()

    def test_the_file_is_read_again(self):
        stays = self.login(NAMES[0], "anna", "pencil", client_id="stays")
        old = self.file.read_text()
        self.file.write_text(old + scram_line("new", "fresh"))
        self.broker.signal(signal.SIGHUP)

        def lets_in():
            scram = Scram(NAMES[0], "new", "fresh")
            client = self.begin(scram)
            self.prove(client, scram)
            return client.read().reason == 0
        until(lets_in, "the new user to count")
        self.file.write_text("new:nonsense\n")
        self.broker.signal(signal.SIGHUP)
        until(lambda: "scram:1: it begins with neither" in self.broker.log(),
              "the mistake in the log")
        self.login(NAMES[0], "new", "fresh").close()
        stays.expect_nothing()
        # Whose password is another one has to go.
        self.file.write_text(old.replace("anna:", "other:"))
        self.broker.signal(signal.SIGHUP)
        stays.expect("disconnect", reason=NOT_AUTHORIZED)
        stays.expect_closed()
        self.broker.stop()

    def test_many_at_once(self):
        failures = []

        def storm(index):
            try:
                for i in range(10):
                    self.login(NAMES[i % 2], "anna", "pencil",
                               client_id=f"c{index}").close()
            except Exception as e:  # told by the main thread
                failures.append(e)
        threads = [threading.Thread(target=storm, args=(i,))
                   for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.broker.stop()


if __name__ == "__main__":
    unittest.main()
