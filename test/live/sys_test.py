#!/usr/bin/python3
"""What the broker tells about itself below $SYS, in Mosquitto's words."""

import re
import time
import unittest

from harness import TIMEOUT_S, BrokerCase

NAMES = """
    version uptime
    clients/active clients/connected clients/disconnected clients/expired
    clients/inactive clients/maximum clients/total
    messages/received messages/sent messages/stored
    bytes/received bytes/sent
    publish/messages/dropped publish/messages/received publish/messages/sent
    publish/bytes/received publish/bytes/sent
    store/messages/count store/messages/bytes
    subscriptions/count shared_subscriptions/count
    denied/publish denied/subscribe denied/receive
""".split() + ["retained messages/count"] + [
    f"load/{what}/{minutes}min" for minutes in (1, 5, 15) for what in (
        "messages/received", "messages/sent", "bytes/received", "bytes/sent",
        "publish/dropped", "publish/received", "publish/sent",
        "sockets", "connections")]


class SysTest(BrokerCase):
    options = {"sys_interval": 1}

    def watch(self, *names):
        """A client that reads these topics."""
        client = self.connect("watch")
        client.subscribe(*(f"$SYS/broker/{name}" for name in names))
        return client

    def read_until(self, client, wanted):
        """Read until every topic had its wanted value: {name: pattern}."""
        missing = dict(wanted)
        deadline = time.monotonic() + TIMEOUT_S
        while missing:
            self.assertLess(time.monotonic(), deadline, missing)
            message = client.receive()
            name = message.topic.removeprefix("$SYS/broker/")
            pattern = missing.get(name)
            if pattern and re.fullmatch(pattern, message.payload.decode()):
                del missing[name]

    def test_every_name_has_a_value(self):
        """Most are numbers; some say more."""
        wanted = {name: r"\d+(\.\d\d)?" for name in NAMES}
        wanted["version"] = r"\w+ version \S+"
        wanted["uptime"] = r"\d+ seconds"
        self.read_until(self.watch("#"), wanted)

    def test_numbers_are_those_of_the_world(self):
        others = [self.connect(f"other-{number}") for number in range(4)]
        others[0].publish("kept", b"x", 1, retain=True)
        for other in others:
            other.subscribe("a", "b/#")
        others[0].subscribe("$share/g/c")
        client = self.watch("clients/connected", "subscriptions/count",
                            "shared_subscriptions/count")
        self.read_until(client, {
            "clients/connected": "5",
            "subscriptions/count": r"1[12]",  # with or without the shared one
            "shared_subscriptions/count": "1"})
        for other in others:
            other.close()
        self.read_until(client, {"clients/connected": "1"})

    def test_a_wildcard_in_front_does_not_match(self):
        client = self.connect("outside")
        client.subscribe("#", "+/broker/uptime")
        inside = self.watch("uptime")
        first = inside.receive().payload
        while inside.receive().payload == first:
            pass
        client.expect_nothing()


if __name__ == "__main__":
    unittest.main()
