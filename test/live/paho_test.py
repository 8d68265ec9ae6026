#!/usr/bin/python3
"""Python's paho-mqtt, as Debian ships it (1.6.1), against the broker."""

import functools
import itertools
import queue
import socket
import unittest

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from harness import TIMEOUT_S, BrokerCase, until

VERSIONS = (mqtt.MQTTv31, mqtt.MQTTv311, mqtt.MQTTv5)


def props(kind, **values):
    """Properties of a packet: props("PUBLISH", ContentType="x")."""
    made = Properties(getattr(PacketTypes, kind))
    for name, value in values.items():
        for one in value if name == "UserProperty" else [value]:
            setattr(made, name, one)
    return made


class Client:
    """paho with its callbacks turned into queues that a test can wait on."""

    def __init__(self, client_id, version, clean=True):
        self.version = version
        self.inbox, self.acks = queue.Queue(), queue.Queue()
        self.greeting, self.farewell = queue.Queue(), queue.Queue()
        how = {} if version == mqtt.MQTTv5 else {"clean_session": clean}
        self.clean = clean
        self.paho = mqtt.Client(client_id, protocol=version,
                                reconnect_on_failure=False, **how)
        self.paho.on_message = lambda _c, _u, m: self.inbox.put(m)
        self.paho.on_connect = lambda _c, _u, *a: self.greeting.put(a)
        self.paho.on_disconnect = lambda _c, _u, *a: self.farewell.put(a)
        self.paho.on_subscribe = lambda _c, _u, _mid, *a: self.acks.put(a)
        self.paho.on_unsubscribe = lambda _c, _u, _mid, *a: self.acks.put(a)

    def connect(self, port, **how):
        if self.version == mqtt.MQTTv5:
            how["clean_start"] = self.clean
        self.paho.connect("127.0.0.1", port, **how)
        self.paho.loop_start()
        flags, reason, *rest = self.greeting.get(timeout=TIMEOUT_S)
        self.session_present = bool(flags["session present"])
        self.reason = getattr(reason, "value", reason)
        self.props = rest[0] if rest else None
        return self

    def subscribe(self, topic, qos=0, **how):
        """Subscribe; return the granted QoS or the reasons, as numbers."""
        if self.version == mqtt.MQTTv5:
            options = how.pop("options", None) or SubscribeOptions(qos=qos)
            self.paho.subscribe(topic, options=options, **how)
        else:
            self.paho.subscribe(topic, qos)
        granted = self.acks.get(timeout=TIMEOUT_S)[0]
        return [getattr(one, "value", one) for one in granted]

    def unsubscribe(self, topic):
        self.paho.unsubscribe(topic)
        self.acks.get(timeout=TIMEOUT_S)

    def publish(self, topic, payload=None, qos=0, **how):
        """Publish and wait until it is acknowledged, if it will be."""
        sent = self.paho.publish(topic, payload, qos, **how)
        sent.wait_for_publish(TIMEOUT_S)
        assert sent.is_published(), "never acknowledged"

    def receive(self):
        return self.inbox.get(timeout=TIMEOUT_S)

    def cut(self):
        """Drop the connection without a DISCONNECT."""
        self.paho.socket().shutdown(socket.SHUT_RDWR)
        self.paho.loop_stop()

    def close(self, **how):
        self.paho.disconnect(**how)
        self.paho.loop_stop()


def each_version(test):
    """Run a test once with each version of MQTT."""
    @functools.wraps(test)
    def run_each(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                test(self, version)
    return run_each


class PahoCase(BrokerCase):
    numbers = itertools.count()

    def client(self, version=mqtt.MQTTv5, client_id=None, clean=True,
               will=None, **how):
        """A connected client that is gone when the test ends."""
        client_id = client_id or f"paho-{next(self.numbers)}"
        client = Client(client_id, version, clean)
        if will:
            client.paho.will_set(**will)
        client.connect(self.broker.port, **how)
        self.addCleanup(client.close)
        self.assertEqual(client.reason, 0)
        return client


class EveryVersionTest(PahoCase):
    """What 3.1, 3.1.1 and 5.0 have in common."""

    @each_version
    def test_each_qos_both_ways(self, version):
        alice, bob = self.client(version), self.client(version)
        for qos in (0, 1, 2):
            topic = f"qos/{version}/{qos}"
            granted = bob.subscribe(topic, qos)
            self.assertEqual(granted, [qos])
            alice.publish(topic, b"\x00\xff", qos)
            message = bob.receive()
            self.assertEqual(
                (message.topic, message.payload, message.qos),
                (topic, b"\x00\xff", qos))

    @each_version
    def test_order_of_many(self, version):
        bob = self.client(version)
        bob.subscribe("order", 2)
        alice = self.client(version)
        for number in range(300):
            alice.paho.publish("order", str(number), 2)
        came = [int(bob.receive().payload) for _ in range(300)]
        self.assertEqual(came, list(range(300)))

    @each_version
    def test_retained(self, version):
        alice = self.client(version)
        alice.publish("keep", "old", 1, retain=True)
        alice.publish("keep", "new", 1, retain=True)
        bob = self.client(version)
        bob.subscribe("keep")
        message = bob.receive()
        self.assertEqual((message.payload, message.retain),
                         (b"new", True))
        alice.publish("keep", None, 1, retain=True)
        self.assertEqual(bob.receive().payload, b"")
        carol = self.client(version)
        carol.subscribe("keep")
        alice.publish("keep", "live", 1)
        self.assertEqual(carol.receive().payload, b"live")

    @each_version
    def test_will(self, version):
        heir = self.client(version)
        heir.subscribe("will", 2)
        dying = self.client(version, will={
            "topic": "will", "payload": "gone", "qos": 2})
        dying.cut()
        message = heir.receive()
        self.assertEqual((message.payload, message.qos), (b"gone", 2))

    @each_version
    def test_no_will_after_disconnect(self, version):
        heir = self.client(version)
        heir.subscribe("nowill", 1)
        leaving = self.client(version, will={
            "topic": "nowill", "payload": "gone"})
        leaving.close()
        self.client(version).publish("nowill", "mark", 1)
        self.assertEqual(heir.receive().payload, b"mark")

    @each_version
    def test_persistent_session(self, version):
        how = {"client_id": f"sleeper-{version}", "clean": False}
        if version == mqtt.MQTTv5:
            how["properties"] = props("CONNECT",
                                      SessionExpiryInterval=100)
        first = self.client(version, **how)
        self.assertFalse(first.session_present)
        first.subscribe("sleep", 2)
        first.close()
        alice = self.client(version)
        alice.publish("sleep", "one", 1)
        alice.publish("sleep", "two", 2)
        again = self.client(version, **how)
        self.assertEqual(again.receive().payload, b"one")
        self.assertEqual(again.receive().payload, b"two")
        if version != mqtt.MQTTv31:
            self.assertTrue(again.session_present)

    @each_version
    def test_a_clean_session_forgets(self, version):
        name = f"forgetful-{version}"
        first = self.client(version, name)
        first.subscribe("forget")
        first.close()
        second = self.client(version, name)
        self.assertFalse(second.session_present)
        self.client(version).publish("forget", "x", 1)
        second.subscribe("mark")
        self.client(version).publish("mark", "mark", 1)
        self.assertEqual(second.receive().payload, b"mark")

    @each_version
    def test_unsubscribe(self, version):
        bob = self.client(version)
        bob.subscribe("a/+")
        bob.subscribe("b")
        bob.unsubscribe("a/+")
        alice = self.client(version)
        alice.publish("a/x", "lost", 1)
        alice.publish("b", "kept", 1)
        self.assertEqual(bob.receive().payload, b"kept")

    @each_version
    def test_wildcards(self, version):
        bob = self.client(version)
        bob.subscribe("w/+/c")
        bob.subscribe("v/#")
        alice = self.client(version)
        wanted = ["w/b/c", "w//c", "v", "v/", "v/a/b"]
        for topic in ["w/b", "w/b/c/d", "x"] + wanted:
            alice.publish(topic, topic, 1)
        came = [bob.receive().topic for _ in wanted]
        self.assertEqual(came, wanted)

    @each_version
    def test_take_over(self, version):
        name = f"twin-{version}"
        first = self.client(version, name)
        self.client(version, name)
        first.farewell.get(timeout=TIMEOUT_S)


class VersionFiveTest(PahoCase):
    """What came with 5.0."""

    def test_publish_properties_in_their_order(self):
        bob = self.client()
        bob.subscribe("props", 1)
        pairs = [("z", "1"), ("a", "2"), ("z", "3"), ("", "")]
        self.client().publish("props", "p", 1, properties=props(
            "PUBLISH", ContentType="text/plain", ResponseTopic="answer",
            CorrelationData=b"\x00\x01", PayloadFormatIndicator=1,
            UserProperty=pairs))
        came = bob.receive().properties
        self.assertEqual(came.UserProperty, pairs)
        self.assertEqual(came.ContentType, "text/plain")
        self.assertEqual(came.ResponseTopic, "answer")
        self.assertEqual(came.CorrelationData, b"\x00\x01")
        self.assertEqual(came.PayloadFormatIndicator, 1)

    def test_message_expiry_counts_down(self):
        sleeper = {"client_id": "expiry", "clean": False,
                   "properties": props("CONNECT", SessionExpiryInterval=99)}
        first = self.client(**sleeper)
        first.subscribe("expiry", 1)
        first.close()
        until(lambda: "Client expiry disconnected" in self.broker.log(),
              "the sleeper is gone")
        alice = self.client()
        alice.publish("expiry", "short", 1, properties=props(
            "PUBLISH", MessageExpiryInterval=1))
        alice.publish("expiry", "long", 1, properties=props(
            "PUBLISH", MessageExpiryInterval=100))
        watch = self.client()
        watch.subscribe("watch")
        with self.assertRaises(queue.Empty):
            watch.inbox.get(timeout=2.1)
        message = self.client(**sleeper).receive()
        self.assertEqual(message.payload, b"long")
        self.assertIn(message.properties.MessageExpiryInterval, (97, 98))

    def test_topic_alias_towards_the_broker(self):
        bob = self.client()
        bob.subscribe("alias/long/name", 1)
        alice = self.client()
        self.assertGreaterEqual(alice.props.TopicAliasMaximum, 1)
        alias = props("PUBLISH", TopicAlias=1)
        alice.publish("alias/long/name", "1", 1, properties=alias)
        number = alice.paho._mid_generate()  # publish() wants a topic
        alice.paho._send_publish(number, b"", b"2", properties=alias,
                                 info=mqtt.MQTTMessageInfo(number))
        self.assertEqual(bob.receive().topic, "alias/long/name")
        second = bob.receive()
        self.assertEqual((second.topic, second.payload),
                         ("alias/long/name", b"2"))

    def test_shared_subscription(self):
        members = [self.client() for _ in range(3)]
        for member in members:
            member.subscribe("$share/team/job/+", 1)
        alice = self.client()
        for number in range(30):
            alice.publish(f"job/{number}", None, 1)

        until(lambda: sum(m.inbox.qsize() for m in members) >= 30,
              "all jobs to be given")
        shares = [m.inbox.qsize() for m in members]
        topics = [m.receive().topic for m in members
                  for _ in range(m.inbox.qsize())]
        self.assertEqual(sorted(topics),
                         sorted(f"job/{number}" for number in range(30)))
        self.assertTrue(all(shares), shares)

    def test_subscription_identifiers(self):
        bob = self.client()
        for number, topic in ((5, "ident/+"), (268435455, "ident/#")):
            bob.subscribe(topic, 1, properties=props(
                "SUBSCRIBE", SubscriptionIdentifier=number))
        self.client().publish("ident/x", None, 1)
        self.client().publish("ident/x/y", None, 1)
        seen = set()
        while seen != {("ident/x", 5), ("ident/x", 268435455),
                       ("ident/x/y", 268435455)}:
            message = bob.receive()
            for number in message.properties.SubscriptionIdentifier:
                seen.add((message.topic, number))
        self.assertTrue(bob.inbox.empty())

    def test_no_local(self):
        alice = self.client()
        alice.subscribe("echo", options=SubscribeOptions(1, noLocal=True))
        alice.publish("echo", "mine", 1)
        self.client().publish("echo", "yours", 1)
        self.assertEqual(alice.receive().payload, b"yours")

    def test_retain_as_published(self):
        bob = self.client()
        bob.subscribe("rap", options=SubscribeOptions(
            1, retainAsPublished=True))
        self.client().publish("rap", "x", 1, retain=True)
        self.assertTrue(bob.receive().retain)

    def test_retain_handling(self):
        """0: at every subscribe, 1: only at a new one, 2: never."""
        alice = self.client()
        alice.publish("rh", "kept", 1, retain=True)
        for handling, twice in ((0, [b"kept", b"kept"]), (1, [b"kept"]),
                                (2, [])):
            bob = self.client()
            for _ in range(2):
                bob.subscribe("rh", options=SubscribeOptions(
                    1, retainHandling=handling))
            # Its answer comes behind what is retained.
            bob.unsubscribe("nothing")
            alice.publish("rh", "live", 1)
            came = []
            while (payload := bob.receive().payload) != b"live":
                came.append(payload)
            self.assertEqual(came, twice, f"retain handling {handling}")

    def test_assigned_client_identifier(self):
        client = Client("", mqtt.MQTTv5).connect(self.broker.port)
        self.addCleanup(client.close)
        self.assertTrue(client.props.AssignedClientIdentifier)

    def test_session_expiry_zero_forgets(self):
        name = {"client_id": "mayfly", "clean": False}
        self.client(**name).close()
        self.assertFalse(self.client(**name).session_present)

    def test_session_expiry_set_at_disconnect(self):
        name = {"client_id": "decides-late", "clean": False,
                "properties": props("CONNECT", SessionExpiryInterval=100)}
        self.client(**name).close()
        second = self.client(**name)
        self.assertTrue(second.session_present)
        second.close(properties=props("DISCONNECT", SessionExpiryInterval=0))
        self.assertFalse(self.client(**name).session_present)

    def test_session_expires_in_time(self):
        name = {"client_id": "one-second", "clean": False,
                "properties": props("CONNECT", SessionExpiryInterval=1)}
        self.client(**name).close()
        with self.assertRaises(queue.Empty):
            self.client().inbox.get(timeout=2.5)
        self.assertFalse(self.client(**name).session_present)

    def test_will_delay_called_off_by_the_same_client(self):
        heir = self.client()
        heir.subscribe("delayed", 1)
        name = {"client_id": "flaky", "clean": False,
                "properties": props("CONNECT", SessionExpiryInterval=100)}
        will = {"topic": "delayed", "payload": "gone", "qos": 1,
                "properties": props("WILLMESSAGE", WillDelayInterval=1)}
        self.client(will=will, **name).cut()
        self.client(**name)
        with self.assertRaises(queue.Empty):
            heir.inbox.get(timeout=2.5)

    def test_will_delay_passes(self):
        heir = self.client()
        heir.subscribe("late", 1)
        will = {"topic": "late", "payload": "gone", "qos": 1,
                "properties": props("WILLMESSAGE", WillDelayInterval=1,
                                    ContentType="text/plain")}
        dying = self.client(will=will, client_id="late", clean=False,
                            properties=props("CONNECT",
                                             SessionExpiryInterval=100))
        dying.cut()
        with self.assertRaises(queue.Empty):
            heir.inbox.get(timeout=0.5)
        message = heir.receive()
        self.assertEqual(message.payload, b"gone")
        self.assertEqual(message.properties.ContentType, "text/plain")

    def test_several_filters_and_their_reasons(self):
        bob = self.client()
        reasons = bob.subscribe([
            ("ok/0", SubscribeOptions(0)), ("ok/1", SubscribeOptions(1)),
            ("ok/2", SubscribeOptions(2))])
        self.assertEqual(reasons, [0, 1, 2])

    def test_no_matching_subscribers(self):
        reasons = queue.Queue()
        alice = self.client()
        receive = alice.paho._handle_pubackcomp
        alice.paho._handle_pubackcomp = lambda kind: (
            reasons.put(alice.paho._in_packet["packet"][2:3]), receive(kind)
        )[1]
        alice.publish("nobody/listens", "x", 1)
        self.assertEqual(reasons.get(timeout=TIMEOUT_S), b"\x10")


if __name__ == "__main__":
    unittest.main()
