#!/usr/bin/python3
"""The stories of Eclipse Paho's interoperability suite, in our words.

That suite plays them for 3.1.1 and for 5.0 against any broker; topics,
filters and what must arrive are as there, waits are shorter.
The bytes are in `interop_bytes_test.py`.
"""

import contextlib
import time
import unittest

import packets
from harness import IS_MOSQUITTO, BrokerCase, Closed, unless_mosquitto
from packets import (PUBACK, PUBREC, ack, connect, disconnect, publish,
                     unsubscribe, will)

TOPICS = ("TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA")
FOREVER = ("session_expiry_interval", 0xffffffff)


def each_version(story):
    """Play it for 3.1.1 and for 5.0."""
    def play(self):
        for version in (4, 5):
            with self.subTest(version=version):
                self.forget()
                story(self, version)
    play.__doc__ = story.__doc__
    return play


class StoryCase(BrokerCase):
    options = {"max_keepalive": "60"}

    def setUp(self):
        self.forget()

    def forget(self):
        """Clear what is retained, as the suite does before each story."""
        client = self.connect("cleaner", 4)
        client.subscribe("#")
        kept = [m.topic for m in self.messages(client)]
        client.send(unsubscribe(1, "#", version=4)).expect("unsuback")
        for topic in kept:
            client.publish(topic, b"", 1, retain=True)
        client.close()

    def stay(self, client_id, version, **fields):
        """Connect with a session that outlives the connection."""
        props = [FOREVER] + fields.pop("props", [])
        return self.connect(client_id, version, clean=False,
                            props=props if version == 5 else [], **fields)

    def leave(self, client, **fields):
        client.send(disconnect(version=client.version, **fields))
        client.expect_closed()

    def messages(self, client):
        """All that is on its way, acknowledged; the ping says when."""
        client.send(packets.PINGREQ_BYTES)
        found = []
        while (packet := client.read()).kind != "pingresp":
            if packet.kind == "publish":
                found.append(packet)
                if packet.qos:
                    client.send(ack(PUBACK if packet.qos == 1 else PUBREC,
                                    packet.packet_id))
                if packet.qos == 2:
                    client.unreleased.add(packet.packet_id)
            else:
                self.assertTrue(client.answer_pubrel(packet), packet)
        client.settle()
        return found

    def closed_by(self, client, reason=None):
        """The broker closes; 5.0 may be told why before."""
        with contextlib.suppress(Closed):
            packet = client.read()
            self.assertEqual(packet.kind, "disconnect")
            if reason is not None:
                self.assertEqual(packet.reason, reason)
            client.expect_closed()


class BothVersionsTest(StoryCase):

    @each_version
    def test_basic(self, version):
        client = self.connect("myclientid", version)
        client.subscribe("TopicA", qos=2)
        for qos in range(3):
            client.send(publish("TopicA", f"qos {qos}", qos, packet_id=7 + qos,
                                version=version))
        seen = []
        while len(seen) < 3:
            packet = client.read()
            if packet.kind == "publish":
                seen.append((packet.qos, packet.payload))
            if packet.kind == "pubrec":
                client.send(ack(packets.PUBREL, packet.packet_id))
        self.assertEqual(sorted(seen), [(0, b"qos 0"), (1, b"qos 1"),
                                        (2, b"qos 2")])
        client.close()
        client = self.connect("myclientid", version)
        client.send(connect("myclientid", version))
        self.closed_by(client)

    @each_version
    def test_retained(self, version):
        client = self.connect("myclientid", version)
        for qos, topic in enumerate(("TopicA/B", "Topic/C", "TopicA/C")):
            client.publish(topic, f"qos {qos}", qos, retain=True)
        client.subscribe("+/+", qos=2)
        found = self.messages(client)
        self.assertEqual(sorted((m.qos, m.payload, m.retain) for m in found),
                         [(n, b"qos %d" % n, True) for n in range(3)])
        for qos, topic in ((1, "TopicA/B"), (1, "Topic/C"), (2, "TopicA/C")):
            self.connect("other", version).publish(topic, b"", qos,
                                                   retain=True)
        self.messages(client)
        client.subscribe("+/+", qos=2)
        self.assertEqual(self.messages(client), [])

    @each_version
    def test_offline_message_queueing(self, version):
        client = self.stay("sleeper", version)
        client.subscribe("+/+", "TopicA/#", qos=2)
        self.leave(client)
        other = self.connect("myclientid2", version)
        for qos, topic in enumerate(("TopicA/B", "Topic/C", "TopicA/C")):
            other.publish(topic, f"qos {qos}", qos)
        client = self.stay("sleeper", version)
        self.assertTrue(client.connack.session_present)
        came = [m.payload for m in self.messages(client) if m.qos]
        if IS_MOSQUITTO:  # one copy for each subscription
            came = list(dict.fromkeys(came))
        self.assertEqual(came, [b"qos 1", b"qos 2"])
        self.leave(self.connect("sleeper", version))

    @each_version
    def test_will_message(self, version):
        watcher = self.connect("myclientid2", version)
        watcher.subscribe("/TopicA", qos=2)
        self.connect("myclientid", version, will=will(
            "/TopicA", b"client not disconnected", retain=True)).close()
        watcher.receive("/TopicA", b"client not disconnected")
        watcher.expect_nothing()

    @unless_mosquitto("one copy has the QoS of the first filter")
    @each_version
    def test_overlapping_subscriptions(self, version):
        client = self.connect("myclientid", version)
        client.subscribe(("TopicA/#", 2), ("TopicA/+", 1))
        self.connect("other", version).publish("TopicA/C", b"over", 2)
        self.assertEqual([m.qos for m in self.messages(client)], [2])

    @each_version
    def test_keepalive(self, version):
        watcher = self.connect("myclientid2", version)
        watcher.subscribe("/TopicA", qos=2)
        silent = self.connect("myclientid", version, keepalive=1,
                              will=will("/TopicA", b"keepalive expiry"))
        start = time.monotonic()
        watcher.receive("/TopicA", b"keepalive expiry")
        self.assertGreater(time.monotonic() - start, 1)
        self.closed_by(silent, 0x8d)

    @each_version
    def test_redelivery_on_reconnect(self, version):
        client = self.stay("again", version)
        client.subscribe("TopicA/+", qos=2)
        other = self.connect("other", version)
        other.publish("TopicA/B", b"1", 1)
        other.publish("TopicA/C", b"2", 2)
        client.expect("publish", qos=1)
        client.expect("publish", qos=2)
        client.close()
        client = self.stay("again", version)
        self.assertEqual([(m.payload, m.dup) for m in self.messages(client)],
                         [(b"1", True), (b"2", True)])
        self.leave(self.connect("again", version))

    @each_version
    def test_dollar_topics(self, version):
        client = self.connect("myclientid", version)
        client.subscribe("+/+", "#", qos=2)
        client.publish("$TopicA/B", b"not sent", 1, retain=True)
        self.assertEqual(self.messages(client), [])
        client.publish("$TopicA/B", b"", 1, retain=True)

    @each_version
    def test_unsubscribe(self, version):
        client = self.connect("myclientid", version)
        client.subscribe(*TOPICS[:3], qos=2)
        client.send(unsubscribe(3, "TopicA", version=version))
        client.expect("unsuback", packet_id=3)
        other = self.connect("other", version)
        for topic in TOPICS[:3]:
            other.publish(topic, b"x", 1)
        self.assertEqual([m.topic for m in self.messages(client)],
                         list(TOPICS[1:3]))

    def test_zero_length_client_id(self):
        client = self.raw(4).send(connect("", 4, clean=False))
        client.expect("connack", reason=2)
        self.connect("", 4)
        client = self.connect("", 5, clean=False)
        self.assertTrue(client.connack.prop("assigned_client_identifier"))
        # And the name holds: its session can be asked for again.
        name = client.connack.prop("assigned_client_identifier")
        self.connect(name, 5).close()
        self.closed_by(client)


class SessionTest(StoryCase):

    def test_expiry(self):
        def present(client_id, expiry, **fields):
            client = self.connect(client_id, clean=False, props=[
                ("session_expiry_interval", expiry)])
            self.leave(client, **fields)
            return client.connack.session_present

        def at_end(expiry):
            return {"props": [("session_expiry_interval", expiry)]}

        self.assertFalse(present("none", 0))
        self.assertFalse(present("none", 0))
        self.assertFalse(present("short", 2))
        self.assertTrue(present("short", 2, **at_end(0)))
        self.assertFalse(present("short", 1, **at_end(4)))
        time.sleep(2)
        self.assertTrue(present("short", 1))
        time.sleep(2.5)
        self.assertFalse(present("short", 0))

    def test_will_delay(self):
        """At the delay or the session's end, whichever comes first."""
        watcher = self.connect("watcher")
        watcher.subscribe("wills/#")
        start = time.monotonic()
        cases = {"later": (2, 9), "end": (9, 1)}
        if not IS_MOSQUITTO:  # it waits for the delay then
            cases["once"] = (9, 0)
        for name, (delay, expiry) in cases.items():
            self.connect(name, props=[("session_expiry_interval", expiry)],
                         will=will("wills/" + name, props=[
                             ("will_delay_interval", delay)])).close()
        came = {}
        for _ in cases:
            topic = watcher.receive().topic
            came[topic[6:]] = time.monotonic() - start
        self.assertEqual(list(came), ["once", "end", "later"][-len(cases):])
        self.assertGreater(came["end"], 0.9)
        self.assertGreater(came["later"], 1.9)
        self.assertLess(came["later"], 8)


class PropertyTest(StoryCase):

    def test_shared_subscriptions(self):
        for shared in ("$share/sharename/TopicA", "$share/sharename/#"):
            members = [self.connect(f"member-{n}") for n in range(2)]
            for member in members:
                member.subscribe(shared, qos=2)
            other = self.connect("other")
            for number in range(8):
                other.publish("TopicA", b"%d" % number, 1)
            took = [[int(m.payload) for m in self.messages(member)]
                    for member in members]
            self.assertEqual(sorted(took[0] + took[1]), list(range(8)))
            self.assertTrue(all(took), took)

    def test_subscribe_identifiers(self):
        client = self.connect("myclientid")
        client.subscribe("TopicA", props=[("subscription_identifier",
                                           456789)])
        other = self.connect("other")
        other.publish("TopicA", b"1")
        self.assertEqual(client.receive().props,
                         [("subscription_identifier", 456789)])
        client = self.connect("myclientid")
        for number, wanted in ((2, "TopicA"), (3, "TopicA/#")):
            client.subscribe(wanted, qos=2, props=[
                ("subscription_identifier", number)])
        other.publish("TopicA", b"2", 1)
        found = [p for m in self.messages(client) for p in m.props]
        self.assertEqual({value for _, value in found}, {2, 3})

    def test_properties_forwarded(self):
        props = [("payload_format_indicator", 1), ("user_property", ("a", "2")),
                 ("user_property", ("c", "3")), ("content_type", "text"),
                 ("response_topic", "TopicA/C"), ("correlation_data", b"334")]
        client = self.connect("myclientid")
        client.subscribe("TopicA", qos=2)
        other = self.connect("other")
        for qos in (2, 0, 1):
            other.publish("TopicA", b"x", qos, props=props)
        for message in self.messages(client):
            self.assertEqual(sorted(message.props, key=str),
                             sorted(props, key=str))

    def test_publication_expiry(self):
        client = self.stay("dozing", 5)
        client.subscribe("TopicA", qos=2)
        self.leave(client)
        other = self.connect("other")
        for name, expiry in (("short", 1), ("long", 9), ("ever", None)):
            other.publish("TopicA", name.encode(), 1, props=(
                [("message_expiry_interval", expiry)] if expiry else []))
        time.sleep(2.2)
        found = [(m.payload, m.prop("message_expiry_interval"))
                 for m in self.messages(self.stay("dozing", 5))]
        self.assertIn(found, ([(b"long", n), (b"ever", None)]
                              for n in (5, 6, 7)))

    def test_subscribe_options(self):
        client = self.connect("myclientid")
        client.subscribe(("TopicA", 2 | 4), ("TopicB", 2), ("TopicC", 2 | 8))
        client.publish("TopicA", b"own", 1)
        self.assertEqual(self.messages(client), [])
        other = self.connect("other")
        for topic in ("TopicB", "TopicC"):
            other.publish(topic, b"kept", 1, retain=True)
        self.assertEqual([(m.topic, m.retain) for m in self.messages(client)],
                         [("TopicB", False), ("TopicC", True)])
        for handling, counts in ((0, (1, 1)), (1, (1, 0)), (2, (0, 0))):
            fresh = self.connect("fresh")
            for count in counts:
                fresh.subscribe(("TopicB", 2 | handling << 4))
                self.assertEqual(len(self.messages(fresh)), count, handling)

    def test_request_response(self):
        asks, answers = self.connect("asks"), self.connect("answers")
        asks.subscribe("TopicA", qos=2)
        answers.subscribe("Topic/C", qos=2)
        asks.publish("Topic/C", b"request", 1, props=[
            ("response_topic", "TopicA"), ("correlation_data", b"334")])
        message = answers.receive("Topic/C", b"request")
        answers.send(publish(message.prop("response_topic"), b"response",
                             props=[("correlation_data", b"334")]))
        self.assertEqual(asks.receive("TopicA", b"response").props,
                         [("correlation_data", b"334")])

    def test_client_topic_alias(self):
        client = self.connect("aliases", props=[FOREVER], clean=False)
        client.send(publish("TopicA", props=[("topic_alias", 0)]))
        self.closed_by(client, None if IS_MOSQUITTO else 0x94)
        client = self.connect("aliases", props=[FOREVER])
        client.subscribe("TopicA", qos=2)
        for topic in ("TopicA", "", ""):
            client.send(publish(topic, b"x", props=[("topic_alias", 1)]))
        self.assertEqual([m.topic for m in self.messages(client)],
                         ["TopicA"] * 3)
        client.close()
        client = self.stay("aliases", 5)
        self.assertTrue(client.connack.session_present)
        client.send(publish("", b"x", props=[("topic_alias", 1)]))
        self.closed_by(client, 0x82)

    @unless_mosquitto("it has no aliases towards the client")
    def test_server_topic_alias(self):
        client = self.connect("aliases", props=[("topic_alias_maximum", 1)])
        client.subscribe("TopicA", qos=2)
        other = self.connect("other")
        for qos in (2, 0, 1):
            other.publish("TopicA", b"x", qos)
        found = [(m.topic, m.prop("topic_alias"))
                 for m in self.messages(client)]
        self.assertEqual(found, [("TopicA", 1), ("", 1), ("", 1)])
        for props in ([("topic_alias_maximum", 0)], []):
            client = self.connect("aliases", props=props)
            client.subscribe("TopicA", qos=2)
            other.publish("TopicA", b"x", 1)
            other.publish("TopicA", b"x", 1)
            self.assertEqual([(m.topic, m.props) for m in
                              self.messages(client)], [("TopicA", [])] * 2)


class LimitTest(StoryCase):
    options = {"max_keepalive": "60", "max_packet_size": "1000"}

    def test_server_keep_alive(self):
        client = self.connect("myclientid", keepalive=120)
        self.assertEqual(client.connack.prop("server_keep_alive"), 60)
        client = self.connect("myclientid", keepalive=20)
        self.assertIsNone(client.connack.prop("server_keep_alive"))

    def test_maximum_packet_size(self):
        client = self.connect("small", props=[("maximum_packet_size", 64)])
        self.assertEqual(client.connack.prop("maximum_packet_size"), 1000)
        client.subscribe("TopicA", qos=2)
        other = self.connect("other")
        for size in (32, 64, 33):
            other.publish("TopicA", bytes(size), 1)
        self.assertEqual([len(m.payload) for m in self.messages(client)],
                         [32, 33])
        with contextlib.suppress(ConnectionError):
            other.send(publish("TopicA", bytes(1000)))
        self.closed_by(other, 0x95)

    @unless_mosquitto("it sends one too many")
    def test_flow_control_towards_the_client(self):
        client = self.connect("flow", props=[("receive_maximum", 2)])
        client.subscribe("TopicA", qos=2)
        other = self.connect("other")
        for number in range(4):
            other.publish("TopicA", b"%d" % number, 1)
        first = client.expect("publish", payload=b"0")
        client.expect("publish", payload=b"1")
        client.expect_nothing()
        client.send(ack(PUBACK, first.packet_id))
        client.expect("publish", payload=b"2")
        client.expect_nothing()

    def test_flow_control_towards_the_broker(self):
        client = self.connect("flow")
        window = client.connack.prop("receive_maximum")
        for number in range(1, window + 2):
            client.send(publish("TopicA", b"x", 2, packet_id=number))
        for number in range(1, window + 1):
            client.expect("pubrec", packet_id=number)
        if IS_MOSQUITTO:
            client.expect("pubrec", packet_id=window + 1, reason=0x97)
        else:
            self.closed_by(client, 0x93)


if __name__ == "__main__":
    unittest.main()
