#!/usr/bin/python3
"""2,000 clients at once: each sends its neighbour a message.

Everyone is connected before anyone subscribes, and everyone is subscribed
before anyone publishes.
"""

import asyncio
import unittest

import packets
from harness import TIMEOUT_S, BrokerCase, raise_open_files

CLIENTS = 2000


class Neighbour:
    """One of the clients: 3.1.1, 5.0, and every QoS take their turn."""

    def __init__(self, number):
        self.number = number
        self.version = (4, 5)[number % 2]
        self.qos = number % 3

    async def connect(self, port):
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", port)
        self.send(packets.connect(f"client-{self.number}", self.version))
        connack = await self.read()
        assert connack.kind == "connack" and connack.reason == 0, connack

    async def subscribe(self):
        self.send(packets.subscribe(1, (f"to/{self.number}", self.qos),
                                    version=self.version))
        suback = await self.read()
        assert suback.kind == "suback" and suback.reasons == [self.qos], suback

    async def greet(self):
        """Publish to the neighbour, and hear from the other one."""
        next_number = (self.number + 1) % CLIENTS
        self.send(packets.publish(f"to/{next_number}", f"{self.number}", 1,
                                  version=self.version))
        first, second = await self.read(), await self.read()
        message = first if first.kind == "publish" else second
        expected = f"{(self.number - 1) % CLIENTS}".encode()
        assert message.payload == expected, message
        assert {first.kind, second.kind} == {"publish", "puback"}

    def send(self, data):
        self.writer.write(data)

    async def read(self):
        head = bytearray(await self.reader.readexactly(2))
        while head[-1] >= 0x80:
            head += await self.reader.readexactly(1)
        size = packets.Reader(head[1:]).varint()
        body = await self.reader.readexactly(size)
        return packets.decode(head[0], body, self.version)


class ManyTest(BrokerCase):

    @classmethod
    def setUpClass(cls):
        raise_open_files(CLIENTS + 200)
        super().setUpClass()

    def test_everyone_hears_from_a_neighbour(self):
        asyncio.run(self.play())

    async def play(self):
        clients = [Neighbour(number) for number in range(CLIENTS)]
        async with asyncio.timeout(3 * TIMEOUT_S):
            await every(client.connect(self.broker.port)
                        for client in clients)
            await every(client.subscribe() for client in clients)
            await every(client.greet() for client in clients)
        for client in clients:
            client.writer.close()


async def every(steps):
    await asyncio.gather(*steps)


if __name__ == "__main__":
    unittest.main()
