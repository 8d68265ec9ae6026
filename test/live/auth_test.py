#!/usr/bin/python3
"""Passwords and access rules against the real broker: who is let in, what he
may do, and what a reload changes under live clients."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import paho.mqtt.client as mqtt

import packets
from harness import (IS_MOSQUITTO, MOGI, TIMEOUT_S, Broker, BrokerCase, Raw,
                     mogi_only, run, unless_mosquitto, until)
from programs import publish, subscribe

ACL = """\
topic read public/#
user ann
topic readwrite home/#
topic deny home/secret
topic read $SYS/#
user bob
topic read home/+
topic write bob/in
pattern readwrite own/%u/#
pattern read ids/%c/#
"""


# Hashing takes a hundred times as long then.
SANITIZED = float(os.environ.get("MOGI_TIME_FACTOR") or 1) > 1


class Files:
    """A password file and an ACL file, that change under the broker."""

    def __init__(self, hash_name="sha512-pbkdf2", iterations="50"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mogi-auth-"))
        self.passwords = self.folder / "passwords"
        self.acl = self.folder / "acl"
        self.hash = ["-H", hash_name, "-I", iterations]
        self.passwords.write_text("")
        self.folder.chmod(0o755)  # mosquitto reads them as another user
        self.passwords.chmod(0o644 if IS_MOSQUITTO else 0o600)
        self.acl.write_text(ACL)

    def add(self, user, password):
        run(MOGI, "passwd", "-b", *self.hash, str(self.passwords), user,
            password)

    def remove(self):
        shutil.rmtree(self.folder)


def reload(broker, what="reloaded the configuration"):
    """SIGHUP, and wait until the broker has said that it is done."""
    before = broker.log().count(what)
    broker.signal(signal.SIGHUP)
    until(lambda: broker.log().count(what) > before, what)


class AuthCase(BrokerCase):
    """A broker with users ann and bob; nobody else comes in."""

    anonymous = {}
    extra = {}

    @classmethod
    def setUpClass(cls):
        cls.files = Files()
        cls.files.add("ann", "ann's")
        cls.files.add("bob", "bob's")
        cls.broker = Broker(**({
            "password_file": str(cls.files.passwords),
            "acl_file": str(cls.files.acl)} | cls.extra))
        cls.broker.options.pop("allow_anonymous")
        cls.broker.options.update(cls.anonymous)
        cls.broker.start()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.files.remove()

    def come(self, user, version=5, client_id=None, wrong=None, **fields):
        return self.connect(client_id or f"id-{user}", version, username=user,
                            password=wrong or f"{user}'s".encode(), **fields)

    def refused(self, reason, version=5, client_id="x", **fields):
        client = self.raw(version)
        client.send(packets.connect(client_id, version, **fields))
        client.expect("connack", reason=reason)
        client.expect_closed()


class PasswordTest(AuthCase):

    def test_right_passwords(self):
        for version in (3, 4, 5):
            self.come("ann", version).expect_nothing()

    @unless_mosquitto('it says "not authorized" to a wrong password')
    def test_wrong_ones(self):
        for version, code in ((3, 4), (4, 4), (5, 0x86)):
            for user, password in (("ann", b"x"), ("ann", b""), ("eve", b"x"),
                                   ("ann", None), ("", b"ann's"),
                                   ("ANN", b"ann's"), ("ann\u0301", b"x")):
                with self.subTest(version=version, user=user):
                    self.refused(code, version, username=user,
                                 password=password)

    def test_nobody_comes_without_a_name(self):
        for version, code in ((3, 5), (4, 5), (5, 0x87)):
            self.refused(code, version)

    def test_methods_that_are_not_configured(self):
        self.refused(0x8c, props=[("authentication_method", "X")])

    @unless_mosquitto('it says "not authorized" to a wrong password')
    def test_what_follows_connect_waits_for_the_answer(self):
        client = self.raw()
        client.send(packets.connect("pipe", 5, username="ann",
                                    password=b"ann's"),
                    packets.subscribe(9, ("home/x", 1)),
                    packets.publish("home/x", b"hello", 1, packet_id=3))
        client.expect("connack", reason=0)
        client.expect("suback", packet_id=9)
        kinds = {client.read().kind for _ in range(2)}
        self.assertEqual(kinds, {"puback", "publish"})
        eve = self.raw()
        eve.send(packets.connect("pipe2", 5, username="ann", password=b"no"),
                 packets.publish("home/x", b"evil", 1, packet_id=3))
        eve.expect("connack", reason=0x86)
        client.expect_nothing()

    @unless_mosquitto('it says "not authorized" to a wrong password')
    def test_a_stranger_takes_nobody_over(self):
        ann = self.come("ann", client_id="mine")
        self.refused(0x86, client_id="mine", username="ann", password=b"no")
        ann.expect_nothing()

    def test_who_leaves_while_he_is_asked(self):
        for _ in range(50):
            client = self.raw()
            client.send(packets.connect("hasty", 5, username="ann",
                                        password=b"ann's"))
            client.abort()
        until(self.hasty_stays, "an end of those that have left")

    def hasty_stays(self):
        """One of them may still be on its way in, and takes its turn."""
        client = self.come("ann", client_id="hasty")
        client.send(packets.PINGREQ_BYTES)
        return client.read().kind == "pingresp"

    @mogi_only
    def test_the_log_says_who_and_why(self):
        self.refused(0x86, client_id="log\nger", username="ann",
                     password=b"hunter2")
        log = until(lambda: "log\\x0ager" in self.broker.log()
                    and self.broker.log(), "the line")
        self.assertRegex(log, r"login refused, address 127\.0\.0\.1:\d+, "
                              r'client "log\\x0ager", user "ann": the '
                              r"password is wrong")
        self.assertNotIn("hunter2", log)

    @unless_mosquitto('it says "not authorized" to a wrong password')
    def test_mosquittos_clients(self):
        for version in ("mqttv31", "mqttv311", "mqttv5"):
            publish(self.broker, "-V", version, "-u", "ann", "-P", "ann's",
                    "-t", "home/m", "-m", version, "-r")
            out = subscribe(self.broker, "-V", version, "-u", "bob", "-P",
                            "bob's", "-t", "home/m", "-C", "1")
            self.assertEqual(out.decode().strip(), version)
        publish(self.broker, "-u", "ann", "-P", "x", "-t", "a", "-m", "b",
                status=4)
        publish(self.broker, "-V", "mqttv5", "-u", "ann", "-P", "x", "-t", "a",
                "-m", "b", status=134)
        publish(self.broker, "-t", "a", "-m", "b", status=5)
        publish(self.broker, "-t", "home/m", "-n", "-r", "-u", "ann", "-P",
                "ann's")

    def test_paho(self):
        for version in (mqtt.MQTTv31, mqtt.MQTTv311, mqtt.MQTTv5):
            for password, fine in (("ann's", True), ("x", False)):
                answers = []
                client = mqtt.Client("paho", protocol=version,
                                     reconnect_on_failure=False)
                client.username_pw_set("ann", password)
                client.on_connect = lambda *a: answers.append(a[3])
                client.connect("127.0.0.1", self.broker.port)
                client.loop_start()
                until(lambda: answers, "CONNACK")
                client.disconnect()
                client.loop_stop()
                self.assertEqual(answers[0] == 0, fine)


class AclTest(AuthCase):

    anonymous = {"allow_anonymous": "true"}

    def test_publish(self):
        bob = self.come("bob")
        bob.send(packets.publish("home/x", b"no", 1, packet_id=1))
        bob.expect("puback", packet_id=1, reason=0x87)
        bob.send(packets.publish("home/x", b"no", 2, packet_id=2))
        bob.expect("pubrec", packet_id=2, reason=0x87)
        bob.send(packets.publish("home/x", b"no"))
        bob.publish("bob/in", b"yes", qos=1)
        bob.publish("own/bob/a", b"yes", qos=2)
        bob.send(packets.publish("own/ann/a", b"no", 1, packet_id=1))
        bob.expect("puback", packet_id=1, reason=0x87)
        bob.expect_nothing()

    def test_publish_in_3_is_acknowledged_and_goes_nowhere(self):
        ann = self.come("ann")
        ann.subscribe("home/y", qos=1)
        bob = self.come("bob", version=4)
        bob.publish("home/y", b"no", qos=1)
        bob.publish("home/y", b"no", qos=2)
        ann.expect_nothing()

    @unless_mosquitto("it grants every filter, and is silent")
    def test_subscribe(self):
        bob = self.come("bob")
        ack = bob.subscribe("home/x", "home/a/b", "bob/in", "own/bob/#",
                            "own/ann/#", "ids/id-bob/1", "ids/other/1", "#",
                            "$share/g/home/x", "$share/g/bob/in")
        self.assertEqual(ack.reasons, [0, 0x87, 0x87, 0, 0x87, 0, 0x87, 0, 0,
                                       0x87])
        old = self.come("bob", version=4, client_id="old")
        self.assertEqual(old.subscribe("home/x", "bob/in").reasons, [0, 0x80])

    def test_receive(self):
        bob = self.come("bob", client_id="receiver")
        bob.subscribe("#")
        ann = self.come("ann", client_id="sender")
        for topic in ("home/1", "home/1/2", "home/secret", "own/ann/x",
                      "home/2"):
            ann.send(packets.publish(topic, topic.encode()))
        ann.expect_nothing()
        bob.receive("home/1")
        bob.receive("home/2")
        bob.expect_nothing()

    def test_retained(self):
        ann = self.come("ann", client_id="keeper")
        for topic in ("home/kept", "home/kept/deep", "own/ann/kept"):
            ann.publish(topic, b"kept", qos=1, retain=True)
        bob = self.come("bob", client_id="late")
        bob.subscribe("#")
        bob.receive("home/kept")
        bob.expect_nothing()
        for topic in ("home/kept", "home/kept/deep", "own/ann/kept"):
            ann.publish(topic, b"", qos=1, retain=True)

    @unless_mosquitto("it takes every will, and does not publish it")
    def test_will(self):
        ann = self.come("ann", client_id="heir")
        ann.subscribe("home/will")
        for version, code in ((4, 5), (5, 0x87)):
            self.refused(code, version, client_id="dying", username="bob",
                         password=b"bob's",
                         will=packets.will("home/will", b"boo"))
        dying = self.come("ann", client_id="dying",
                          will=packets.will("home/will", b"bye"))
        dying.abort()
        ann.receive("home/will", b"bye")

    @unless_mosquitto("it grants every filter, and is silent")
    def test_names_are_no_wildcards(self):
        for client_id in ("+", "#", "a/b"):
            client = self.connect(client_id)
            ack = client.subscribe("ids/+/x", "ids/#", "ids/a/b/x", "public/x")
            self.assertEqual(ack.reasons[3], 0)
            self.assertEqual(ack.reasons[:3], [0x87] * 3)

    @unless_mosquitto("it grants every filter, and is silent")
    def test_sys(self):
        bob, ann = self.come("bob", client_id="s1"), self.come(
            "ann", client_id="s2")
        self.assertEqual(bob.subscribe("$SYS/#").reasons, [0x87])
        self.assertEqual(ann.subscribe("$SYS/broker/uptime").reasons, [0])
        ann.send(packets.publish("$SYS/broker/uptime", b"1", 1, packet_id=1))
        while (packet := ann.read()).kind == "publish":
            pass
        self.assertEqual((packet.kind, packet.reason), ("puback", 0x87))

    @mogi_only
    def test_explain_says_the_same(self):
        for user, topic, action, status in (
                ("bob", "home/1", "receive", 0), ("bob", "home/1", "publish", 1),
                ("ann", "home/secret", "publish", 1),
                ("bob", "own/bob/x", "publish", 0)):
            run(MOGI, "acl", "explain", "-c", str(self.broker.config), "-u",
                user, "-t", topic, "-a", action, status=status)


@mogi_only
class ReloadTest(AuthCase):

    extra = {"auth_cache_seconds": "3600"}

    def test_passwords_change_under_live_clients(self):
        ann = self.come("ann", client_id="stays")
        self.refused(0x86, username="new", password=b"new's")
        self.files.add("new", "new's")
        self.files.add("ann", "changed")
        self.refused(0x86, username="ann", password=b"changed")
        reload(self.broker)
        new = self.come("new", client_id="n")
        new.expect_nothing()
        # What was proven before is not remembered.
        self.refused(0x86, username="ann", password=b"ann's")
        # Nor does who was let in by it stay.
        ann.expect("disconnect", reason=0x87)
        ann.expect_closed()
        new.expect_nothing()
        run(MOGI, "passwd", "-D", str(self.files.passwords), "new")
        self.files.add("ann", "ann's")
        ann = self.come("ann", 4, client_id="stays", wrong=b"changed")
        reload(self.broker)
        new.expect("disconnect", reason=0x87)
        ann.expect_closed()

    def test_rules_change_under_live_clients(self):
        bob = self.come("bob", client_id="ruled")
        self.assertEqual(bob.subscribe("home/+").reasons, [0])
        ann = self.come("ann", client_id="ruler")
        ann.publish("home/1", b"seen", qos=1)
        bob.receive("home/1")
        self.files.acl.write_text(ACL.replace("topic read home/+\n", ""))
        reload(self.broker)
        ann.publish("home/1", b"unseen", qos=1)
        bob.expect_nothing()
        self.assertEqual(bob.subscribe("home/+").reasons, [0x87])
        self.files.acl.write_text(
            ACL.replace("topic read home/+", "topic write home/1"))
        reload(self.broker)
        ann.subscribe("home/1")
        bob.publish("home/1", b"may", qos=1)
        ann.receive("home/1", b"may")
        self.files.acl.write_text(ACL)
        reload(self.broker)

    def test_a_bad_file_changes_nothing(self):
        good = self.files.passwords.read_text()
        for file, bad, what in (
                (self.files.passwords, good + "eve:plain\n",
                 "the password is not hashed; run this once: mogi passwd -U"),
                (self.files.acl, ACL + "topic read a/#/b\n",
                 "is no topic filter")):
            before = file.read_text()
            file.write_text(bad)
            reload(self.broker, "the configuration is wrong: the old one stays")
            self.assertIn(what, self.broker.log())
            self.assertRegex(self.broker.log(), f"{file}:\\d+: ")
            self.come("ann", client_id="still").publish("home/x", b"", qos=1)
            file.write_text(before)
        reload(self.broker)


@mogi_only
class NamesTest(AuthCase):

    extra = {"use_username_as_clientid": "true"}

    def test_the_id_is_the_name(self):
        first = self.come("ann", client_id="first")
        second = self.come("ann", client_id="second")
        first.expect("disconnect", reason=0x8e)
        second.expect_nothing()
        self.refused(0x87, client_id="nameless")


@mogi_only
class PrefixTest(AuthCase):

    extra = {"clientid_prefixes": "dev-", "bind_clientid_to_username": "false"}

    def test_ids_begin_as_they_must(self):
        self.come("ann", client_id="dev-1").expect_nothing()
        client = self.raw()
        client.send(packets.connect("1-dev", 5, username="ann",
                                    password=b"ann's"))
        packet = client.read()
        self.assertGreaterEqual(packet.reason, 0x80)


@mogi_only
class PerListenerTest(unittest.TestCase):

    def test_each_listener_has_its_own_door(self):
        files = Files()
        self.addCleanup(files.remove)
        files.add("ann", "ann's")
        with Broker() as spare:
            other = spare.port
        broker = Broker()
        broker.options = {}
        with broker_lines(broker, [
                "per_listener_settings true",
                f"listener {broker.port} 127.0.0.1",
                f"password_file {files.passwords}",
                f"acl_file {files.acl}",
                f"listener {other} 127.0.0.1",
                "allow_anonymous true"]):
            with Raw(broker.port) as client:
                client.send(packets.connect("a", 5))
                client.expect("connack", reason=0x87)
            with Raw(other) as client:
                client.send(packets.connect("a", 5))
                client.expect("connack", reason=0)
                client.publish("anything", b"x", qos=1)


def broker_lines(broker, lines):
    """The broker with exactly these lines as its configuration."""
    broker.write_config = lambda: broker.config.write_text("\n".join(lines))
    return broker


@mogi_only
class StormTest(unittest.TestCase):
    """A pair that is in already goes on while many log in and fail."""

    def test_a_login_storm(self):
        files = Files("argon2id", "1" if SANITIZED else "2")
        self.addCleanup(files.remove)
        files.add("ann", "ann's")
        broker = Broker(password_file=files.passwords, auth_cache_seconds="0")
        broker.options.pop("allow_anonymous")
        with broker:
            pair = [Raw(broker.port) for _ in range(2)]
            for index, client in enumerate(pair):
                client.send(packets.connect(f"p{index}", 5, username="ann",
                                            password=b"ann's"))
                client.expect("connack", reason=0)
            pair[1].subscribe("t")
            calm = self.worst_ms(pair, lambda: False, 200)
            count = 60 if not SANITIZED else 6
            storm = []
            for index in range(count):
                client = Raw(broker.port)
                right = index % 2 == 0
                client.send(packets.connect(
                    f"s{index}", 5, username="ann" if right else "eve",
                    password=b"ann's" if right else b"x"))
                storm.append((client, 0 if right else 0x86))
            began = time.monotonic()
            done = []

            def answers():
                for client, reason in storm:
                    client.expect("connack", reason=reason)
                    client.close()
                done.append(time.monotonic() - began)

            thread = threading.Thread(target=answers)
            thread.start()
            worst = self.worst_ms(pair, lambda: not done, 0)
            thread.join()
            print(f"\nlogin storm: {count / done[0]:.0f} logins/s of argon2id, "
                  f"worst delay of a neighbour {worst:.1f} ms "
                  f"(calm: {calm:.1f} ms)", flush=True)
            for client in pair:
                client.close()

    def worst_ms(self, pair, going_on, least):
        """The longest that a message took from one to the other."""
        worst, count = 0, 0
        while count < least or going_on():
            began = time.monotonic()
            pair[0].send(packets.publish("t", b"x"))
            pair[1].expect("publish", topic="t")
            worst = max(worst, time.monotonic() - began)
            count += 1
        return worst * 1000


@mogi_only
class BanTest(unittest.TestCase):
    """Loopback is never banned, so this asks from another address of this
    machine, if there is one."""

    def test_ban_and_lift(self):
        address = other_address()
        if address is None:
            self.skipTest("this machine has loopback only")
        files = Files()
        self.addCleanup(files.remove)
        files.add("ann", "ann's")
        broker = Broker(password_file=files.passwords, auth_ban_attempts="3",
                        auth_ban_window="3600", auth_ban_seconds="3600")
        with broker_lines(broker, [
                f"listener {broker.port}", f"password_file {files.passwords}",
                "auth_ban_attempts 3", "auth_ban_window 3600",
                "auth_ban_seconds 3600"]):
            for _ in range(3):
                self.ask(address, broker, b"wrong", 0x86)
            self.ask(address, broker, b"ann's", 0x8a)
            for _ in range(10):
                self.ask("127.0.0.1", broker, b"wrong", 0x86)
            self.ask("127.0.0.1", broker, b"ann's", 0)
            self.assertRegex(broker.log(), "too many failed logins from "
                             f"{re.escape(address)}:\\d+: banned for 3600 s")
            broker.signal(signal.SIGUSR1)
            until(lambda: "1 addresses are banned" in broker.log(), "the list")
            self.assertIn(f"banned: {address}, for ", broker.log())
            broker.signal(signal.SIGUSR2)
            until(lambda: "the bans of 1 addresses are lifted" in broker.log(),
                  "the end of the bans")
            self.ask(address, broker, b"ann's", 0)

    def ask(self, address, broker, password, reason):
        with AddressedRaw(address, broker.port) as client:
            client.send(packets.connect("b", 5, username="ann",
                                        password=password))
            client.expect("connack", reason=reason)


class AddressedRaw(Raw):
    """Raw, to another address than 127.0.0.1."""

    def __init__(self, address, port):
        import socket
        self.version = 5
        self.buffer = bytearray()
        self.unreleased = set()
        self.socket = socket.create_connection((address, port), TIMEOUT_S)


def other_address():
    """An IPv4 address of this machine that is not loopback, or None."""
    shown = subprocess.run(["hostname", "-I"], capture_output=True, text=True)
    for address in shown.stdout.split():
        if "." in address and not address.startswith("127."):
            return address
    return None


if __name__ == "__main__":
    unittest.main()
