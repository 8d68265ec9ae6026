#!/usr/bin/python3
"""Behind a proxy that says where connections come from: the PROXY protocol.

Also the limits by address, which need other addresses than this machine's.
"""

import contextlib
import struct
import time
import unittest

import packets
from harness import Broker, BrokerCase, Closed, Raw, mogi_only, until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v1(source, port=5555):
    family = "TCP6" if ":" in source else "TCP4"
    target = "::1" if ":" in source else "198.51.100.1"
    return f"PROXY {family} {source} {target} {port} 1883\r\n".encode()


def v2(command=0x21, family=0x11, body=b""):
    return SIGNATURE + struct.pack("!BBH", command, family, len(body)) + body


def v2_from(last, tlvs=b""):
    addresses = bytes([192, 0, 2, last, 198, 51, 100, 1])
    return v2(body=addresses + struct.pack("!HH", 5555, 1883) + tlvs)


def enter(port, header, name):
    """A client that is in, or None: its connection was closed."""
    client = Raw(port)
    with contextlib.suppress(Closed, ConnectionError):
        client.send(header, packets.connect(name))
        if client.read().reason == 0:
            return client
    client.close()
    return None


def tls(name, *, proven=True):
    """What a proxy says of TLS, and of a certificate with this name."""
    shown = struct.pack("!BHB", 0x20, 8 + len(name), 7 if name else 1)
    verified = struct.pack("!I", 0 if proven else 1)
    return shown + verified + struct.pack("!BH", 0x22, len(name)) + name


@mogi_only
class FirstVersionTest(BrokerCase):
    options = {"enable_proxy_protocol": 1, "proxy_timeout": 1, "threads": 2,
               "max_connections_per_address": 3}

    def test_address_is_the_clients(self):
        for number, source in enumerate(("192.0.2.1", "2001:db8::7")):
            client = enter(self.broker.port, v1(source), f"who-{number}")
            self.assertIsNotNone(client)
            client.expect_nothing()
            until(lambda: source in self.broker.log(), source)
            client.close()

    def test_header_in_pieces(self):
        client = Raw(self.broker.port)
        for byte in v1("192.0.2.1"):
            client.send(bytes([byte]))
        client.send(packets.connect("pieces"))
        client.expect("connack", reason=0)
        client.close()

    def test_who_says_nothing_or_something_else(self):
        with Raw(self.broker.port) as client:
            client.send(packets.connect("no-header"))
            with self.assertRaises(Closed):
                client.read()
        until(lambda: "PROXY header" in self.broker.log(), "a line in the log")
        with Raw(self.broker.port) as client:
            client.send(b"PROXY TCP4 192.0.2.1 ")
            with self.assertRaises(Closed):
                client.read()

    def test_health_check(self):
        client = enter(self.broker.port, b"PROXY UNKNOWN\r\n", "health")
        self.assertIsNotNone(client)
        client.close()

    def test_one_address_has_so_many(self):
        many = [enter(self.broker.port, v1("192.0.2.9", 6000 + n), f"m{n}")
                for n in range(3)]
        self.assertNotIn(None, many)
        self.assertIsNone(enter(self.broker.port, v1("192.0.2.9"), "m3"))
        self.assertIn("max_connections_per_address", self.broker.log())
        other = enter(self.broker.port, v1("192.0.2.10"), "other")
        self.assertIsNotNone(other)
        many.pop().close()
        again = until(lambda: enter(self.broker.port, v1("192.0.2.9"), "m4"),
                      "room for the address")
        for client in [*many, other, again]:
            client.close()


@mogi_only
class SecondVersionTest(BrokerCase):
    options = {"enable_proxy_protocol": 2, "connect_rate_per_address": 5,
               "proxy_trusted": "127.0.0.0/8"}

    def test_address_is_the_clients(self):
        client = enter(self.broker.port, v2_from(77), "second")
        self.assertIsNotNone(client)
        client.expect_nothing()
        until(lambda: "192.0.2.77" in self.broker.log(), "its address")
        client.close()

    def test_health_check(self):
        client = enter(self.broker.port, v2(0x20, 0), "health")
        self.assertIsNotNone(client)
        client.close()

    def test_first_version_is_not_this(self):
        self.assertIsNone(enter(self.broker.port, v1("192.0.2.1"), "first"))

    def test_one_address_comes_so_often(self):
        """Five in a second, four seconds' worth at once."""
        begin = time.monotonic()
        came = sum(self.comes() for _ in range(60))
        spent_s = time.monotonic() - begin
        self.assertGreaterEqual(came, 20)
        self.assertLessEqual(came, 20 + 5 * spent_s + 1)
        self.assertIn("connect_rate_per_address", self.broker.log())
        other = enter(self.broker.port, v2_from(101), "other")
        self.assertIsNotNone(other)
        other.close()

    def comes(self):
        client = enter(self.broker.port, v2_from(100), "often")
        if client is None:
            return False
        client.close()
        return True


@mogi_only
class TrustTest(unittest.TestCase):

    def test_strangers_are_turned_away(self):
        with Broker(enable_proxy_protocol=1,
                    proxy_trusted="10.0.0.0/8 192.0.2.1") as broker:
            self.assertIsNone(enter(broker.port, v1("192.0.2.1"), "stranger"))
            until(lambda: "proxy_trusted" in broker.log(), "why")

    def test_tls_at_the_proxy_may_be_asked_for(self):
        with Broker(enable_proxy_protocol=2,
                    proxy_protocol_v2_require_tls="true") as broker:
            self.assertIsNone(enter(broker.port, v2_from(1), "plain"))
            until(lambda: "without TLS" in broker.log(), "why")
            client = enter(broker.port, v2_from(1, tls(b"")), "tls")
            self.assertIsNotNone(client)
            client.close()

    def test_certificate_at_the_proxy_may_be_asked_for(self):
        with Broker(enable_proxy_protocol=2,
                    require_certificate="true") as broker:
            for header in (v2_from(1), v2_from(1, tls(b"")), v2(0x20, 0),
                           v2_from(1, tls(b"ann", proven=False))):
                self.assertIsNone(enter(broker.port, header, "unproven"))
            until(lambda: "require_certificate" in broker.log(), "why")
            client = enter(broker.port, v2_from(1, tls(b"ann")), "proven")
            self.assertIsNotNone(client)
            client.close()

    def test_name_in_the_certificate_is_the_users(self):
        with Broker(enable_proxy_protocol=2,
                    use_identity_as_username="true",
                    use_username_as_clientid="true") as broker:
            for name in (b"", b"\xff"):
                header = v2_from(1, tls(name))
                self.assertIsNone(enter(broker.port, header, "nameless"))
            client = enter(broker.port, v2_from(1, tls(b"ann")), "named")
            self.assertIsNotNone(client)
            until(lambda: "Client ann connected" in broker.log(), "its name")
            client.close()


if __name__ == "__main__":
    unittest.main()
