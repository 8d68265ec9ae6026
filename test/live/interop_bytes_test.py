#!/usr/bin/python3
"""Single exchanges, answered to the byte.

What Mosquitto's own tests send to its broker, in our words, with the answers
that a client written against Mosquitto may count on. `here(ours, theirs)`
says where Mosquitto 2.0.11 and we part on purpose.
The stories that Eclipse Paho plays with brokers are in `interop_test.py`.
"""

import contextlib
import unittest

import packets
from harness import (IS_MOSQUITTO, TIMEOUT_S, BrokerCase, Closed,
                     unless_mosquitto)
from packets import (PINGREQ_BYTES, PUBACK, PUBCOMP, PUBREC, PUBREL, ack,
                     binary, connect, disconnect, frame, publish, subscribe,
                     u16, unsubscribe, will)

END = None  # in an answer: then the broker closes
OLD, NEW = (3, 4), (5,)
ALL = OLD + NEW

REFUSED_FILTERS = ("a#", "#/a", "a+/b", "", "a/#/b")


def here(ours, mosquitto):
    """An answer on which the two differ."""
    return mosquitto if IS_MOSQUITTO else ours


# To a client of 5.0 that asks for nothing special; 2.0.11 has no
# Maximum Packet Size by default, and 2.1 has ours.
ACCEPTED = here("20 0e 00 00 0b 22 000a 27 001e8480 21 0014",
                "20 09 00 00 06 22 000a 21 0014")


class ExchangeCase(BrokerCase):

    def exchange(self, client, sent, *answer):
        """`sent` must be answered by these bytes, in hex, and no others."""
        closes = bool(answer) and answer[-1] is END
        wanted = bytes.fromhex("".join(answer[:-1] if closes else answer))
        client.send(sent)
        if not closes:
            client.send(PINGREQ_BYTES)
            wanted += b"\xd0\x00"
        client.socket.settimeout(TIMEOUT_S)
        came = bytes(client.buffer)
        client.buffer.clear()
        ended = False
        try:
            while not ended and (closes or len(came) < len(wanted)):
                data = client.socket.recv(65536)
                ended = not data
                came += data
        except ConnectionError:
            ended = True
        except TimeoutError:
            pass
        seen = came.hex(" ") + (" then closed" if ended else "")
        expected = wanted.hex(" ") + (" then closed" if closes else "")
        self.assertEqual(seen, expected, sent[:40].hex(" "))

    def first(self, version, sent, *answer):
        """As `exchange`, on a fresh connection."""
        client = self.raw(version)
        with self.subTest(version=version, sent=sent[:40].hex(" ")):
            self.exchange(client, sent, *answer)
        client.close()

    def later(self, versions, sent, *answer, **fields):
        """As `exchange`, for a client that has been let in.

        `sent` may be a function of the version.
        """
        for version in versions:
            client = self.connect(f"later-{version}", version, **fields)
            data = sent(version) if callable(sent) else sent
            with self.subTest(version=version, sent=data[:40].hex(" ")):
                self.exchange(client, data, *answer)
            client.close()

    def refused(self, reason, sent, **fields):
        """5.0 is told this reason, and the older versions are closed."""
        self.later(OLD, sent, END, **fields)
        told = () if reason is END else (f"e0 01 {reason:02x}",)
        self.later(NEW, sent, *told, END, **fields)


class ConnectTest(ExchangeCase):

    def test_accepted(self):
        self.first(3, connect("a", 3), "20020000")
        self.first(4, connect("a", 4), "20020000")
        self.first(5, connect("a", 5), ACCEPTED)

    def test_odd_but_accepted(self):
        for version in ALL:
            answer = "20020000" if version < 5 else ACCEPTED
            for odd in (connect("x" * 30, version),
                        connect("x" * 65000, version),
                        connect("\U0002a6d4", version),
                        connect("a", version, username=""),
                        connect("a", version, username="u",
                                password=b"\x00p\x00"),
                        connect("a", version, will=will("w"))):
                self.first(version, odd, answer)
        for props in ([("maximum_packet_size", 0xffffffff)],
                      [("topic_alias_maximum", 0)],
                      [("user_property", ("", ""))],
                      [("session_expiry_interval", 0xfffffffe)]):
            self.first(5, connect("b", props=props), ACCEPTED)
        self.first(5, connect("a", password=b"alone"), ACCEPTED)

    def test_present_sessions(self):
        """3.1 has no bit to say it in."""
        for version, again in ((3, "20020000"), (4, "20020100")):
            client_id = f"present-{version}"
            for answer in ("20020000", again):
                self.first(version, connect(client_id, version, clean=False),
                           answer)
            self.first(version, connect(client_id, version), "20020000")

    def test_empty_client_id(self):
        self.first(3, connect("", 3), "20020002", END)
        self.first(4, connect("", 4), "20020000")
        self.first(4, connect("", 4, clean=False), "20020002", END)

    def test_other_protocols(self):
        for name, level in (("MQTT", 2), ("MQTT", 3), ("MQTT", 6),
                            ("MQIsdp", 2), ("MQIsdp", 4)):
            later = here(level > 5, False)  # then it can read 5.0's, as 2.1
            self.first(4, frame(1, 0, binary(name) + bytes([level]) +
                                b"\x02\0\x3c\0\x01a"),
                       "2003008400" if later else "20020001", END)
        for name in ("MQT", "", "MQTTT", "MQTU", "hj", "mqtt"):
            self.first(4, frame(1, 0, binary(name) +
                                b"\x04\x02\0\x3c\0\x01a"), END)

    def test_malformed_in_the_older_versions(self):
        def body(flags, rest=b"\0\x01a"):
            return binary("MQTT") + b"\x04" + bytes([flags]) + b"\0\x3c" + rest

        for flags in (1, 2, 4, 8):
            self.first(4, frame(1, flags, body(2)), END)
        for bad in (body(0x03),             # reserved
                    body(0x0a), body(0x22),  # a will's, without a will
                    body(0x06),             # a will without its fields
                    body(0x1e, b"\0\x01a\0\x01w\0\0"),
                    body(0x42, b"\0\x01a\0\x01p"),
                    body(0x82), body(0x02, b"\0\x01a\0\x01u"),
                    body(0x02, b"\0\x01\0"), body(0x02, b"\0\x01\xff"),
                    body(0x02, b"\0\x03\xed\xa0\x80"),
                    body(0x06, b"\0\x01a\0\0\0\0"),
                    body(0x06, b"\0\x01a\0\x03a/#\0\0")):
            self.first(4, frame(1, 0, bad), END)

    def test_authentication_methods_that_we_do_not_have(self):
        self.first(5, connect("a", props=[("authentication_method", "x")]),
                   "2003008c00", END)

    def test_nothing_before_connect(self):
        for version in ALL:
            for early in (PINGREQ_BYTES, publish("a", version=version),
                          subscribe(1, ("a", 0), version=version),
                          disconnect(version=version)):
                self.first(version, early, END)


class PublishTest(ExchangeCase):

    def test_acknowledged_in_the_older_versions(self):
        def at(qos, topic="nobody"):
            return lambda version: publish(topic, b"", qos, 0x1234,
                                           version=version)

        self.later(OLD, at(1), "40021234")
        self.later(OLD, at(1, "$SYS/broker/uptime"), "40021234")
        self.later(OLD, at(2), "50021234")
        self.later(NEW, at(1), "4003123410")
        self.later(NEW, at(2), "50021234")
        self.later(NEW, at(1, "$SYS/broker/uptime"), "4003123487")
        self.later(NEW, at(1, "$share/x/y"), "40031234" + here("10", "87"))
        self.later(NEW, at(1, "$foo"), "4003123410")

    def test_own_messages(self):
        """With a subscriber there is no 0x10; the rest may come before."""
        client = self.connect("own")
        client.subscribe("own", qos=2)
        client.send(publish("own", b"1", 1, packet_id=5))
        kinds = {client.read().kind, client.read().kind}
        self.assertEqual(kinds, {"publish", "puback"})

    def test_release_of_what_was_received(self):
        for version in ALL:
            client = self.connect("twice", version)
            sent = publish("twice", b"1", 2, 0x1234, version=version)
            self.exchange(client, sent, "50021234")
            again = publish("twice", b"1", 2, 0x1234, dup=True,
                            version=version)
            self.exchange(client, again, "50021234")
            release = ack(PUBREL, 0x1234)
            self.exchange(client, release, "70021234")
            known = version < 5 or IS_MOSQUITTO
            self.exchange(client, release,
                          "70021234" if known else "7003123492")

    def test_refused(self):
        def at(topic, **fields):
            return lambda version: publish(topic, b"", packet_id=1,
                                           version=version, **fields)

        self.refused(0x82, lambda version: publish("a", b"", 1, 0,
                                                   version=version))
        self.refused(here(0x90, 0x82), at("a/#"))
        self.refused(here(0x90, 0x82), at("a/+/b"))
        self.refused(0x81, at(b"\xff"))
        self.refused(0x81, at(b"a\0"))
        self.refused(0x81, lambda version: frame(3, 6, binary("a") + u16(1) +
                                                 packets.properties(version,
                                                                    ())))
        self.refused(0x82, at(""))

    def test_refused_properties(self):
        for reason, props in (
                (here(0x94, 0x81), [("topic_alias", 0)]),
                (0x94, [("topic_alias", 11)]),
                (0x81, [("session_expiry_interval", 1)])):
            self.later(NEW, publish("a", props=props), f"e001{reason:02x}",
                       END)
        self.later(NEW, publish("", props=[("topic_alias", 3)]),
                   "e00182", END)
        self.later(NEW, frame(3, 0, binary("a") + b"\x02\x7f\0"),
                   "e00181", END)

    def test_properties_that_may_be_empty(self):
        self.later(NEW, publish("a", b"", 1, 0x1234, props=[
            ("content_type", ""), ("correlation_data", b""),
            ("user_property", ("", "")), ("message_expiry_interval", 0)]),
            "4003123410")


class AcknowledgementTest(ExchangeCase):

    def test_nobody_asked(self):
        for versions, unknown in ((OLD, ""), (NEW, "92")):
            size = "03" if here(unknown, "") else "02"
            tail = here(unknown, "")
            self.later(versions, ack(PUBACK, 0x1234))
            self.later(versions, ack(PUBCOMP, 0x1234))
            self.later(versions, ack(PUBREL, 0x1234), f"70{size}1234{tail}")
            self.later(versions, ack(PUBREC, 0x1234), f"62{size}1234{tail}")

    def test_refused(self):
        for flags in (0, 3, 4, 6, 0xa):
            self.later((4,), frame(PUBREL, flags, u16(1)), END)
        self.later(OLD, frame(PUBACK, 0, u16(0)), END)
        self.later(OLD, frame(PUBACK, 0, b"\0"), END)
        self.later(NEW, frame(0, 0), here("e00181", "e00182"), END)

    def test_ping_and_what_only_a_broker_says(self):
        self.later(ALL, PINGREQ_BYTES, "d000")
        self.later(OLD, b"\x20\x02\0\0", END)
        self.later(OLD, frame(15, 0), END)

    def test_goodbye(self):
        self.later(ALL, b"\xe0\x00", END)
        self.later(NEW, b"\xe0\x01\x04", END)
        self.later(NEW, b"\xe0\x02\x00\x00", END)
        self.later(NEW, disconnect(props=[("session_expiry_interval", 1)]),
                   "e00182", END)


class SubscribeTest(ExchangeCase):

    def test_granted(self):
        for filters, codes in (((("q", 0),), "00"), ((("q", 1),), "01"),
                               ((("q", 2),), "02"),
                               ((("q", 2), ("r/#", 0)), "0200"),
                               ((("$SYS/broker/missing", 0),), "00"),
                               ((("$share/share/#", 0),), "00"),
                               ((("+", 0), ("/", 1), ("a//b", 2)), "000102")):
            for versions, extra in ((OLD, ""), (NEW, "00")):
                size = 2 + len(extra + codes) // 2
                self.later(versions, lambda version: subscribe(
                    0x1234, *filters, version=version),
                    f"90{size:02x}1234{extra}{codes}")

    def test_unsubscribed(self):
        def of(*filters):
            return lambda version: (
                subscribe(1, ("q", 0), version=version) +
                unsubscribe(2, *filters, version=version))

        self.later(OLD, of("q"), "9003000100", "b0020002")
        self.later(OLD, of("z"), "9003000100", "b0020002")
        self.later(NEW, of("q"), "900400010000", "b004000200", "00")
        self.later(NEW, of("q", "z", "q"), "900400010000",
                   "b006000200", "001111")

    def test_refused_filters(self):
        for bad in REFUSED_FILTERS:
            self.refused(0x81, lambda version: subscribe(
                1, ("good", 0), (bad, 0), version=version))
            self.refused(0x81, lambda version: unsubscribe(
                1, bad, version=version))

    def test_refused(self):
        for options in (3, 4, 0x80) if not IS_MOSQUITTO else (3, 0x80):
            self.later(OLD, subscribe(1, ("a", options), version=4), END)
        for reason, options in ((0x81, 3), (0x81, 0x40), (0x81, 0x80),
                                (here(0x82, 0x81), 0x30)):
            self.later(NEW, subscribe(1, ("a", options)),
                       f"e001{reason:02x}", END)
        self.refused(here(0x82, 0x81), lambda version: subscribe(
            0, ("a", 0), version=version))
        none = (4, 5) if IS_MOSQUITTO else ALL  # it lets 3.1 pass
        for version in none:
            self.later((version,), subscribe(1, version=version),
                       *([here("e00182", "e00181")] if version == 5 else []),
                       END)
        self.later(NEW, subscribe(1, ("a", 0), props=[
            ("subscription_identifier", 0)]), here("e00182", "e00181"), END)

    @unless_mosquitto("2.0.11 grants these")
    def test_shared_that_cannot_be(self):
        for bad, options in (("$share/+/p", 0), ("$share/p/", 0),
                             ("$share//p", 0), ("$share/p", 0),
                             ("$share/p/p", 4)):
            self.later(NEW, subscribe(1, (bad, options)), "e00182", END)

    def test_over_long_identifiers(self):
        for number in ("01", "8001", "ffffff7f"):
            body = bytes.fromhex("0b" + number)
            sent = frame(8, 2, u16(1) + bytes([len(body)]) + body +
                         binary("a") + b"\0")
            self.later(NEW, sent, "900400010000")


class DeliveryTest(ExchangeCase):
    """What arrives, to the byte, and what is sent again."""

    def tail(self, version):
        return "00" if version == 5 else ""

    def subscriber(self, version, topic, qos=2, **fields):
        if version == 5 and not fields.get("clean", True):
            fields["props"] = [("session_expiry_interval", 60)]
        client = self.connect(f"reader-{version}", version, **fields)
        client.subscribe(topic, qos=qos)
        return client

    def told(self, client, *answer):
        """These bytes must be on their way, and no others."""
        self.exchange(client, b"", *answer)

    def test_identifiers_count_from_one(self):
        for version in ALL:
            reader = self.subscriber(version, "count")
            writer = self.connect("writer")
            writer.publish("count", b"0")
            writer.publish("count", b"1", 1)
            writer.publish("count", b"2", 2)
            tail = self.tail(version)
            sizes = (("08", "0a"), ("09", "0b"))[version == 5]
            self.told(reader,
                      f"30{sizes[0]}0005", b"count".hex(), tail, "30",
                      f"32{sizes[1]}0005", b"count".hex(), "0001", tail, "31",
                      f"34{sizes[1]}0005", b"count".hex(), "0002", tail, "32")
            self.exchange(reader, ack(PUBREC, 2), "62020002")
            self.exchange(reader, ack(PUBREC, 2), "62020002")
            self.exchange(reader, ack(PUBCOMP, 2))
            self.exchange(reader, ack(PUBACK, 1))

    def test_an_error_ends_qos_2(self):
        reader = self.subscriber(5, "error",
                                 props=[("receive_maximum", 1)])
        writer = self.connect("writer")
        for payload in b"12":
            writer.publish("error", bytes([payload]), 2)
        self.told(reader, "340b0005", b"error".hex(), "000100", "31")
        self.exchange(reader, ack(PUBREC, 1, 0x80),
                      "340b0005", b"error".hex(), "000200", "32")

    def test_sent_again(self):
        for version in (4, 5):
            reader = self.subscriber(version, "again", clean=False)
            writer = self.connect("writer")
            writer.publish("again", b"1", 1)
            writer.publish("again", b"2", 2)
            reader.expect("publish", packet_id=1, dup=False)
            reader.expect("publish", packet_id=2, dup=False)
            props = [("session_expiry_interval", 60)]
            for _ in range(2):
                reader.close()
                reader = self.connect(f"reader-{version}", version,
                                      clean=False, props=props)
                for number in (1, 2):
                    reader.expect("publish", packet_id=number, dup=True,
                                  qos=number)
            self.exchange(reader, ack(PUBACK, 1))
            self.exchange(reader, ack(PUBREC, 2), "62020002")
            reader.close()
            reader = self.connect(f"reader-{version}", version, clean=False,
                                  props=props)
            self.told(reader, "62020002")
            self.exchange(reader, ack(PUBCOMP, 2))

    def test_retained(self):
        """SUBACK, then what is retained, at each SUBSCRIBE again."""
        self.connect("writer").publish("kept", b"k", 1, retain=True)
        for version in ALL:
            reader = self.connect("keeper", version)
            extra = self.tail(version)
            again = subscribe(1, ("kept", 0), version=version)
            size = "04" if extra else "03"
            body = "08" if extra else "07"
            for _ in range(2):
                self.exchange(reader, again, f"90{size}0001{extra}00",
                              f"31{body}0004", b"kept".hex(), extra, "6b")
        self.connect("writer").publish("kept", b"", 1, retain=True)
        reader = self.connect("keeper", 4)
        self.exchange(reader, subscribe(1, ("kept", 0), version=4),
                      "9003000100")

    def test_properties_in_their_order(self):
        reader = self.subscriber(5, "props", 0)
        props = [("user_property", ("b", "2")), ("content_type", "t"),
                 ("payload_format_indicator", 1), ("response_topic", "r"),
                 ("user_property", ("a", "1")), ("correlation_data", b"\0c")]
        self.connect("writer").publish("props", b"x", props=props)
        self.assertEqual(reader.receive("props", b"x").props, props)

    def test_wildcards(self):
        for wanted, topic, matches in (
                ("foo/#", "foo", True), ("foo/+", "foo", False),
                ("+/#", "foo", True), ("/+", "/foo", True),
                ("+/+", "/foo", True), ("+", "/foo", False),
                ("foo//bar", "foo//bar", True), ("foo/+/bar", "foo//bar",
                                                 True),
                ("foo/+/bar/#", "foo/x/bar", True), ("#", "/", True),
                ("a b/+", "a b/c d", True), ("#", "$foo/a", False),
                ("+/a", "$foo/a", False), ("$foo/#", "$foo/a", True)):
            with self.subTest(filter=wanted, topic=topic):
                client = self.connect("wild", 4)
                client.subscribe(wanted)
                client.send(publish(topic, b"m", version=4))
                if matches:
                    client.receive(topic, b"m")
                client.expect_nothing()


class AnnouncedTest(ExchangeCase):
    """What CONNACK says of limits, in Mosquitto's order, and their reasons."""

    options = {"max_qos": "1", "retain_available": "false",
               "max_packet_size": "60", "max_inflight_messages": "1",
               "max_topic_alias": "0", "max_keepalive": "60"}
    limits = "25 00 27 0000003c 21 0001 24 01"

    def test_announced(self):
        self.first(5, connect("a"), "20 0f 00 00 0c", self.limits)
        self.first(4, connect("a", 4), "20020000")

    def test_keep_alive(self):
        for asked in (61, 0):
            self.first(5, connect("a", keepalive=asked),
                       "20 12 00 00 0f 13 003c", self.limits)
        # What its manual and 2.1 say; 2.0.11 lets it in.
        self.first(4, connect("a", 4, keepalive=61),
                   *here(("20020002", END), ("20020000",)))

    def test_wills_beyond_them(self):
        for reason, wish in ((0x9b, will("w", qos=2)),
                             (0x9a, will("w", retain=True))):
            self.first(5, connect("a", will=wish),
                       here(f"2003 00 {reason:02x} 00",
                            f"2005 00 {reason:02x} 02 24 01"), END)
            self.first(4, connect("a", 4, will=wish), END)

    def test_publish_beyond_them(self):
        self.refused(0x9b, lambda version: publish("a", b"", 2,
                                                   version=version))
        self.refused(0x9a, lambda version: publish("a", retain=True,
                                                   version=version))
        self.later(NEW, publish("a", props=[("topic_alias", 1)]),
                   "e00194", END)
        self.refused(0x95, lambda version: publish("a", bytes(60),
                                                   version=version))

    def test_granted(self):
        self.later(NEW, subscribe(1, ("a", 2)), "9004 0001 00 01")
        self.later(OLD, subscribe(1, ("a", 2), version=4), "9003 0001 01")


class MessageSizeTest(ExchangeCase):
    """Too large a payload is acknowledged, and goes nowhere."""

    options = {"message_size_limit": "1"}

    def test_acknowledged(self):
        self.later(ALL, lambda version: publish("a", b"xx", version=version))
        self.later(OLD, publish("a", b"xx", 1, 0x1234, version=4), "40021234")
        self.later(NEW, publish("a", b"xx", 1, 0x1234),
                   "40031234" + here("97", "95"))


class StrangerTest(ExchangeCase):
    options = {"allow_anonymous": "false"}

    def check_healthy(self):
        """Nobody gets in."""

    def test_refused(self):
        for version in OLD:
            self.first(version, connect("a", version), "20020005", END)
        self.first(5, connect("a"), "2003008700", END)


class WillTest(ExchangeCase):
    """Who takes over whom, and whether the will of the old is published."""

    def taken(self, version, old, new, delay=0):
        """Whether it is; `old` and `new`: does the session last?"""
        def session(lasts):
            return {"clean": not lasts, "props": [
                ("session_expiry_interval", 60)] if lasts else []}

        watcher = self.connect("watcher")
        watcher.subscribe("will")
        last = will("will", b"", props=[("will_delay_interval", delay)])
        first = self.connect("prey", version, will=last, **session(old))
        second = self.connect("prey", version, **session(new))
        with contextlib.suppress(Closed):  # with 0x8e, or without
            first.read()
            first.expect_closed()
        self.connect("writer").publish("will", b"end", 1)
        seen = watcher.receive().payload == b""
        second.close()
        self.connect("prey", version).close()
        return seen

    def test_take_over(self):
        for version in (4, 5):
            for old, new, published in ((False, False, True),
                                        (True, False, True),
                                        (False, True, True)):
                with self.subTest(version=version, old=old, new=new):
                    self.assertEqual(self.taken(version, old, new), published)

    @unless_mosquitto("it keeps the will to itself when the session goes on")
    def test_take_over_of_a_session_that_goes_on(self):
        self.assertTrue(self.taken(4, True, True))
        self.assertTrue(self.taken(5, True, True))
        self.assertFalse(self.taken(5, True, True, delay=30))

    def test_ends(self):
        for bye, published in ((disconnect(), False), (disconnect(4), True),
                               (b"", True), (b"\xf0\x00", True)):
            watcher = self.connect("watcher")
            watcher.subscribe("will")
            client = self.connect("mortal", will=will("will"))
            client.send(bye)
            if bye:
                with contextlib.suppress(Closed):
                    client.read()
            client.close()
            if published:
                watcher.receive("will", b"")
            watcher.expect_nothing()


if __name__ == "__main__":
    unittest.main()
