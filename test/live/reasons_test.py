#!/usr/bin/python3
"""A client that is refused reads why, before the connection closes."""

import unittest

from harness import BrokerCase, Closed, mogi_only, unless_mosquitto, until
from packets import (PUBACK, PUBREL, SUBSCRIBE, ack, binary,
                     connect, disconnect, frame, publish, subscribe, u16,
                     varint)

MALFORMED = 0x81
PROTOCOL_ERROR = 0x82
UNSUPPORTED_VERSION = 0x84
KEEP_ALIVE_TIMEOUT = 0x8D
TAKEN_OVER = 0x8E
TOPIC_FILTER_INVALID = 0x8F
TOPIC_NAME_INVALID = 0x90
ID_NOT_FOUND = 0x92
RECEIVE_MAXIMUM_EXCEEDED = 0x93
TOPIC_ALIAS_INVALID = 0x94
PACKET_TOO_LARGE = 0x95
RETAIN_NOT_SUPPORTED = 0x9A
QOS_NOT_SUPPORTED = 0x9B


class ReasonCase(BrokerCase):

    def tearDown(self):
        self.check_healthy()

    def refused(self, reason, sent):
        """`sent` after CONNACK must be answered by DISCONNECT `reason`.

        Where the standard leaves a choice, `reason` is a set of them.
        """
        reasons = reason if isinstance(reason, set) else {reason}
        client = self.connect("refused").send(sent)
        self.assertIn(client.expect("disconnect").reason, reasons)
        client.expect_closed()


class MalformedTest(ReasonCase):

    def test_reserved_packet_type(self):
        self.refused({MALFORMED, PROTOCOL_ERROR}, b"\x00\x00")

    @unless_mosquitto("it lets this pass")
    def test_flags_that_are_fixed(self):
        self.refused(MALFORMED, frame(SUBSCRIBE, 0, b"\x00\x01\x00\x00\x01a"))
        self.refused(MALFORMED, frame(PUBACK, 1, u16(1)))

    def test_both_qos_bits(self):
        self.refused(MALFORMED, b"\x36\x06\x00\x01a\x00\x01\x00")

    @unless_mosquitto("it closes without a word")
    def test_length_of_five_bytes(self):
        self.refused(MALFORMED, b"\x30\xff\xff\xff\xff\x01")

    def test_string_longer_than_the_packet(self):
        self.refused(MALFORMED, b"\x30\x03\x00\xffa")

    def test_topic_that_is_not_utf_8(self):
        for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"a\x00"):
            self.refused(MALFORMED, publish(bad))

    def test_property_that_does_not_exist(self):
        self.refused(MALFORMED,
                     b"\x30\x06" + binary("a") + b"\x02\x7f\x00")

    def test_property_of_another_packet(self):
        self.refused(MALFORMED, publish("a", props=[
            ("session_expiry_interval", 1)]))

    def test_properties_longer_than_the_packet(self):
        self.refused(MALFORMED, frame(SUBSCRIBE, 2, u16(1) + varint(200)))

    def test_subscription_options_reserved_bits(self):
        self.refused(MALFORMED, subscribe(1, ("a", 0xC0)))


class ProtocolErrorTest(ReasonCase):

    @unless_mosquitto("it closes without a word")
    def test_second_connect(self):
        self.refused(PROTOCOL_ERROR, connect("refused"))

    def test_packet_id_zero(self):
        self.refused(PROTOCOL_ERROR, publish("a", b"", 1, packet_id=0))

    @unless_mosquitto("it closes without a word")
    def test_property_twice(self):
        self.refused(PROTOCOL_ERROR, publish("a", props=[
            ("content_type", "x"), ("content_type", "y")]))

    @unless_mosquitto("it gives another reason")
    def test_subscribe_without_a_filter(self):
        self.refused(PROTOCOL_ERROR, subscribe(1))

    @unless_mosquitto("it lets this pass")
    def test_no_local_on_a_shared_subscription(self):
        self.refused(PROTOCOL_ERROR, subscribe(1, ("$share/g/a", 4)))

    @unless_mosquitto("it gives another reason")
    def test_subscription_identifier_zero(self):
        self.refused(PROTOCOL_ERROR, subscribe(1, ("a", 0), props=[
            ("subscription_identifier", 0)]))

    def test_session_expiry_cannot_grow_from_zero(self):
        self.refused(PROTOCOL_ERROR, disconnect(props=[
            ("session_expiry_interval", 10)]))

    def test_topic_empty_without_an_alias(self):
        self.refused(PROTOCOL_ERROR, publish(""))

    @unless_mosquitto("it closes without a word")
    def test_packets_that_only_a_server_sends(self):
        for packet in (b"\x20\x03\x00\x00\x00", b"\xd0\x00",
                       b"\x90\x04\x00\x01\x00\x00"):
            self.refused({MALFORMED, PROTOCOL_ERROR}, packet)

    @unless_mosquitto("it closes without a word")
    def test_auth_without_a_method(self):
        self.refused(PROTOCOL_ERROR, b"\xf0\x00")


class LimitTest(ReasonCase):
    options = {"max_packet_size": 1000}

    def test_wildcard_in_a_topic(self):
        self.refused({TOPIC_NAME_INVALID, MALFORMED, PROTOCOL_ERROR},
                     publish("a/#"))

    def test_alias_beyond_the_maximum(self):
        self.refused(TOPIC_ALIAS_INVALID, publish("a", props=[
            ("topic_alias", 11)]))

    def test_alias_zero(self):
        self.refused({TOPIC_ALIAS_INVALID, PROTOCOL_ERROR, MALFORMED},
                     publish("a", props=[("topic_alias", 0)]))

    def test_alias_that_was_never_set(self):
        self.refused(PROTOCOL_ERROR, publish("", props=[("topic_alias", 3)]))

    @unless_mosquitto("it lets this pass")
    def test_receive_maximum(self):
        """20 may be open, the 21st is one too many."""
        self.refused_after(20, RECEIVE_MAXIMUM_EXCEEDED)

    def refused_after(self, count, reason):
        client = self.connect("eager")
        for number in range(count + 1):
            client.send(publish("a", b"", 2, packet_id=number + 1))
        while (packet := client.read()).kind == "pubrec":
            pass
        self.assertEqual((packet.kind, packet.reason),
                         ("disconnect", reason))
        client.expect_closed()

    @unless_mosquitto("it lets this pass")
    def test_packet_too_large(self):
        """The limit counts the whole packet, to the byte."""
        room = 1000 - len(publish("a")) - 1  # its length takes two bytes
        client = self.connect("exact")
        self.assertEqual(client.connack.prop("maximum_packet_size"), 1000)
        fits = publish("a", bytes(room))
        self.assertEqual(len(fits), 1000)
        client.send(fits)
        client.expect_nothing()
        self.refused(PACKET_TOO_LARGE, publish("a", bytes(room + 1)))

    def test_packet_too_large_is_known_from_its_header(self):
        self.refused(PACKET_TOO_LARGE, b"\x30\xff\xff\xff\x7f")

    @unless_mosquitto("it closes without a word")
    def test_keep_alive(self):
        """One and a half times the keep alive, then it is over."""
        client = self.connect("silent", keepalive=1)
        client.expect("disconnect", reason=KEEP_ALIVE_TIMEOUT)
        client.expect_closed()

    @unless_mosquitto("it closes without a word")
    def test_take_over(self):
        first = self.connect("twin")
        self.connect("twin")
        first.expect("disconnect", reason=TAKEN_OVER)
        first.expect_closed()

    @unless_mosquitto("it lets this pass")
    def test_unknown_packet_id_is_told_and_forgiven(self):
        client = self.connect("lost")
        client.send(ack(PUBREL, 77))
        client.expect("pubcomp", packet_id=77, reason=ID_NOT_FOUND)
        client.expect_nothing()

    @unless_mosquitto("it lets this pass")
    def test_filter_that_cannot_be(self):
        """The filter or the whole packet is refused."""
        for bad in ("a/#/b", "a#", "+a", "$share//x", "$share/a+/x",
                    "$share/g/", ""):
            client = self.connect("filters")
            client.send(subscribe(5, ("ok", 1), (bad, 1)))
            answer = client.read()
            if answer.kind == "suback":
                self.assertEqual(answer.reasons, [1, TOPIC_FILTER_INVALID])
            else:
                self.assertEqual(answer.kind, "disconnect")
                self.assertIn(answer.reason, {MALFORMED, PROTOCOL_ERROR,
                                              TOPIC_FILTER_INVALID})


class AnnouncedTest(ReasonCase):
    options = {"retain_available": "false", "max_qos": 1}

    def test_what_is_not_available_is_announced_and_refused(self):
        client = self.connect("modest")
        self.assertEqual(client.connack.prop("maximum_qos"), 1)
        self.assertEqual(client.connack.prop("retain_available"), 0)
        self.refused(QOS_NOT_SUPPORTED, publish("a", b"", 2))
        self.refused(RETAIN_NOT_SUPPORTED, publish("a", b"x", retain=True))


class ConnectTest(ReasonCase):

    def no_entry(self, version, reason, packet):
        client = self.raw(version).send(packet)
        client.expect("connack", reason=reason)
        client.expect_closed()

    def test_version_that_does_not_exist(self):
        """Its reader is unknown, so either way of saying no is right."""
        packet = connect("x").replace(b"MQTT\x05", b"MQTT\x06")
        client = self.raw().send(packet)
        answer = client.expect("connack")
        self.assertIn(answer.reason, {UNSUPPORTED_VERSION, 1})
        client.expect_closed()

    def test_version_that_does_not_fit_its_name(self):
        self.no_entry(4, 1, connect("x", 4).replace(b"MQTT\x04", b"MQTT\x02"))

    def test_empty_client_id(self):
        self.no_entry(3, 2, connect("", 3))
        self.no_entry(4, 2, connect("", 4, clean=False))
        assigned = self.connect("", 5, clean=False)
        self.assertTrue(assigned.connack.prop("assigned_client_identifier"))

    @unless_mosquitto("it closes without a word")
    def test_malformed_connect(self):
        reserved = bytearray(connect("x"))
        reserved[9] |= 1
        self.no_entry(5, MALFORMED, bytes(reserved))

    @unless_mosquitto("it closes without a word")
    def test_receive_maximum_zero(self):
        self.no_entry(5, PROTOCOL_ERROR, connect("x", props=[
            ("receive_maximum", 0)]))

    def test_first_packet_is_not_connect(self):
        for packet in (publish("a"), b"\xc0\x00", disconnect()):
            self.raw().send(packet).expect_closed()

    @mogi_only
    def test_the_log_says_what_strangers_speak(self):
        for words, speaks in ((b"GET /mqtt HTTP/1.1\r\n", "HTTP or WebSocket"),
                              (b"SSH-2.0-x\r\n", "not begin with MQTT")):
            self.raw().send(words).expect_closed()
            until(lambda: speaks in self.broker.log(), f"{speaks} in the log")

    def test_defaults_that_are_announced(self):
        """As Mosquitto's, so that what works there works here."""
        connack = self.connect("defaults").connack
        self.assertEqual(connack.prop("topic_alias_maximum"), 10)
        self.assertEqual(connack.prop("receive_maximum"), 20)


class OlderVersionsTest(ReasonCase):
    """3.1 and 3.1.1 have no reason to read: only the end."""

    def test_the_connection_ends(self):
        for version in (3, 4):
            for bad in (b"\x00\x00", publish("a/#", version=version),
                        b"\x30\xff\xff\xff\xff\x01",
                        connect("again", version)):
                self.connect("old", version).send(bad).expect_closed()

    def test_subscribe_without_a_filter(self):
        client = self.connect("old", 4)
        client.send(subscribe(1, version=4)).expect_closed()

    def test_a_bad_filter_gets_failure_or_the_end(self):
        client = self.connect("old", 4)
        client.send(subscribe(1, ("ok", 2), ("a#", 0), version=4))
        try:
            client.expect("suback", reasons=[2, 0x80])
        except Closed:
            pass


if __name__ == "__main__":
    unittest.main()
