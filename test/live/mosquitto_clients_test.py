#!/usr/bin/python3
"""mosquitto_pub and mosquitto_sub of Debian against the broker."""

import json
import unittest

from harness import BrokerCase, until
from programs import Subscriber, publish, subscribe

VERSIONS = ("mqttv31", "mqttv311", "mqttv5")


class MosquittoClientsTest(BrokerCase):

    def sub(self, *args):
        sub = Subscriber(self.broker, *args)
        sub.__enter__()
        self.addCleanup(sub.__exit__)
        return sub

    def pub(self, *args, **how):
        return publish(self.broker, *args, **how)

    def test_each_qos_in_each_version(self):
        for version in VERSIONS:
            for qos in "012":
                with self.subTest(version=version, qos=qos):
                    sub = self.sub("-V", version, "-t", "q/+", "-q", qos,
                                   "-C", "1", "-F", "%q %t %p")
                    self.pub("-V", version, "-t", "q/x", "-q", qos,
                             "-m", "hello")
                    self.assertEqual(sub.lines(), [f"{qos} q/x hello"])

    def test_versions_talk_to_each_other(self):
        subs = [self.sub("-V", v, "-t", "mix", "-C", "3") for v in VERSIONS]
        for version in VERSIONS:
            self.pub("-V", version, "-t", "mix", "-m", version, "-q", "1")
        for sub in subs:
            self.assertEqual(sub.lines(), list(VERSIONS))

    def test_qos_is_the_smaller_of_both(self):
        sub = self.sub("-t", "down", "-q", "1", "-C", "2", "-F", "%q")
        self.pub("-t", "down", "-q", "2", "-m", "x")
        self.pub("-t", "down", "-q", "0", "-m", "x")
        self.assertEqual(sub.lines(), ["1", "0"])

    def test_lines_of_standard_input_keep_their_order(self):
        lines = [f"line {number}" for number in range(500)]
        sub = self.sub("-t", "many", "-q", "2", "-C", "500")
        self.pub("-t", "many", "-q", "2", "-l",
                 input="\n".join(lines).encode() + b"\n")
        self.assertEqual(sub.lines(), lines)

    def test_retained_until_cleared_by_an_empty_payload(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                self.pub("-t", "keep", "-m", "1", "-r", "-V", version)
                self.pub("-t", "keep", "-m", "2", "-r", "-q", "1")
                out = subscribe(self.broker, "-t", "keep", "-C", "1",
                                "-V", version, "-F", "%r %p")
                self.assertEqual(out, b"1 2\n")
                self.pub("-t", "keep", "-n", "-r", "-V", version)
                self.assert_nothing_retained("keep")

    def assert_nothing_retained(self, topic):
        """A retained mark that sorts with it comes, the topic does not."""
        self.pub("-t", "mark", "-m", "mark", "-r")
        out = subscribe(self.broker, "-t", topic, "-t", "mark", "-C", "1")
        self.assertEqual(out, b"mark\n")

    def test_a_live_message_is_not_marked_retained(self):
        sub = self.sub("-t", "live", "-C", "1", "-F", "%r")
        self.pub("-t", "live", "-m", "x", "-r")
        self.assertEqual(sub.lines(), ["0"])

    def test_will_of_a_killed_client(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                heir = self.sub("-t", "will", "-C", "1", "-F", "%q %p")
                dying = self.sub("-t", "x", "-V", version, "--will-topic",
                                 "will", "--will-payload", "gone",
                                 "--will-qos", "1", "-q", "1")
                self.assertIsNone(heir.process.poll())
                dying.kill()
                self.assertEqual(heir.lines(), ["0 gone"])

    def test_will_retained(self):
        dying = self.sub("-t", "x", "--will-topic", "will/kept",
                         "--will-payload", "gone", "--will-retain")
        dying.kill()
        out = subscribe(self.broker, "-t", "will/kept", "-C", "1")
        self.assertEqual(out, b"gone\n")

    def test_a_session_keeps_messages(self):
        for version, extra in (("mqttv311", ()),
                               ("mqttv5", ("-x", "100"))):
            with self.subTest(version=version):
                me = ("-i", "sleeper-" + version, "-V", version, "-c",
                      "-q", "1", "-t", "sleep", *extra)
                subscribe(self.broker, *me, "-E")
                self.pub("-t", "sleep", "-q", "1", "-m", "first")
                self.pub("-t", "sleep", "-q", "2", "-m", "second")
                out = subscribe(self.broker, *me, "-C", "2")
                self.assertEqual(out, b"first\nsecond\n")

    def test_unsubscribe(self):
        me = ("-i", "leaver", "-c", "-q", "1")
        subscribe(self.broker, *me, "-t", "leave/+", "-t", "stay", "-E")
        subscribe(self.broker, *me, "-t", "stay", "-U", "leave/+", "-E")
        self.pub("-t", "leave/x", "-q", "1", "-m", "lost")
        self.pub("-t", "stay", "-q", "1", "-m", "kept")
        out = subscribe(self.broker, *me, "-t", "stay", "-C", "1")
        self.assertEqual(out, b"kept\n")

    def test_properties_of_version_5(self):
        sub = self.sub("-V", "5", "-t", "props", "-C", "1", "-F",
                       "%C|%R|%D|%P|%F|%p")
        self.pub("-V", "5", "-t", "props", "-m", "body",
                 "-D", "publish", "content-type", "text/plain",
                 "-D", "publish", "response-topic", "answer/here",
                 "-D", "publish", "correlation-data", "c-1",
                 "-D", "publish", "payload-format-indicator", "1",
                 "-D", "publish", "user-property", "z", "1",
                 "-D", "publish", "user-property", "a", "2")
        self.assertEqual(sub.lines(), [
            "text/plain|answer/here|c-1|z:1 a:2|1|body"])

    def test_subscription_identifier(self):
        sub = self.sub("-V", "5", "-t", "ident/+", "-C", "1", "-F", "%S %p",
                       "-D", "subscribe", "subscription-identifier", "77")
        self.pub("-t", "ident/x", "-m", "m")
        self.assertEqual(sub.lines(), ["77 m"])

    def test_message_expiry_is_handed_on(self):
        self.pub("-V", "5", "-t", "expiry", "-m", "m", "-r",
                 "-D", "publish", "message-expiry-interval", "1000")
        out = subscribe(self.broker, "-V", "5", "-t", "expiry", "-C", "1",
                        "-F", "%E")
        self.assertTrue(990 <= int(out) <= 1000, out)

    def test_shared_subscription(self):
        """Each message goes to one of two members, and both have work."""
        members = [self.sub("-t", "$share/g/work/+", "-q", "1")
                   for _ in range(2)]
        jobs = [f"job {number}".encode() for number in range(20)]
        for job in jobs:
            self.pub("-t", "work/x", "-q", "1", "-m", job)

        def shares():
            return [[p.payload for p in member.tap.received("publish")]
                    for member in members]

        until(lambda: sum(map(len, shares())) >= 20, "all jobs to be given")
        one, other = shares()
        self.assertTrue(one and other, (one, other))
        self.assertEqual(sorted(one + other), sorted(jobs))

    def test_json_format(self):
        sub = self.sub("-t", "json", "-C", "1", "-q", "1", "-F", "%j")
        self.pub("-t", "json", "-m", 'say "hi"', "-q", "1")
        message = json.loads(sub.output())
        self.assertEqual(message["topic"], "json")
        self.assertEqual(message["payload"], 'say "hi"')
        self.assertEqual(message["qos"], 1)
        self.assertEqual(message["payloadlen"], 8)

    def test_hex_format_of_binary_bytes(self):
        sub = self.sub("-t", "hex", "-C", "1", "-F", "%x %X %l")
        self.pub("-t", "hex", "-s", input=b"\x00\xff\x0a\xab")
        self.assertEqual(sub.lines(), ["00ff0aab 00FF0AAB 4"])

    def test_filter_out(self):
        sub = self.sub("-t", "out/#", "-T", "out/no/#", "-C", "2", "-v")
        for topic in ("out/a", "out/no/b", "out/c"):
            self.pub("-t", topic, "-m", "m")
        self.assertEqual(sub.lines(), ["out/a m", "out/c m"])

    def test_remove_retained(self):
        self.pub("-t", "old/a", "-m", "1", "-r")
        self.pub("-t", "old/b", "-m", "2", "-r")
        sub = self.sub("-t", "old/+", "--remove-retained", "-W", "1", "-v")
        came = [line for line in sub.lines(status=27) if "null" not in line]
        self.assertEqual(sorted(came), ["old/a 1", "old/b 2"])
        self.assert_nothing_retained("old/+")

    def test_keep_alive_of_a_quiet_client(self):
        sub = self.sub("-t", "quiet", "-k", "5", "-i", "quiet")
        self.assertIsNone(sub.process.poll())
        self.assertEqual(sub.tap.sent("connect")[0].keepalive, 5)


if __name__ == "__main__":
    unittest.main()
