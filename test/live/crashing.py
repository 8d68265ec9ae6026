"""Clients that remember what they were promised, for tests that kill brokers.

    world = World(port, seed)
    world.run(1.5)          traffic for a while
    world.hang_up()         the broker is gone: read what it still said
    world.run(...)          they come back by themselves
    world.finish()          all is delivered
    world.check()           raises AssertionError with what was lost

A publisher numbers its messages, sends them again after a crash as MQTT asks,
and knows which were acknowledged. A subscriber knows what it received, once or
twice, and in which order. Members of a group receive each message among them.
"""

import collections
import random
import select
import socket
import time

import packets
from harness import TIMEOUT_S

WINDOW = 20
TOPICS = 5

# Publishers rest while a subscriber, there or away, lacks so many messages.
BEHIND_MAX = 2000


class Client:
    """A persistent session over connections that come and go."""

    def __init__(self, world, client_id, version=5):
        self.world = world
        self.client_id = client_id
        self.version = version
        self.socket = None
        self.buffer = bytearray()
        self.output = bytearray()
        self.ready = False  # CONNACK came
        self.known = False  # the broker has promised to know us
        self.retry_at = 0

    def open(self):
        try:
            self.socket = socket.create_connection(
                ("127.0.0.1", self.world.port), TIMEOUT_S)
        except OSError:
            self.socket = None
            self.retry_at = time.monotonic() + 0.02
            return
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.buffer.clear()
        self.output.clear()
        self.ready = False
        props = [("session_expiry_interval", 3600),
                 ("receive_maximum", WINDOW)]
        self.send(packets.connect(self.client_id, self.version, clean=False,
                                  keepalive=0, props=props))

    def send(self, *parts):
        for part in parts:
            self.output += part

    def flush(self):
        if self.socket is None or not self.output:
            return
        try:
            del self.output[:self.socket.send(self.output)]
        except BlockingIOError:
            pass
        except OSError:
            self.output.clear()  # what came before is still read

    def read(self):
        """Take what came. False: the connection has ended."""
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        self.buffer += data
        self.take_packets()
        return bool(data)

    def take_packets(self):
        start = 0
        while (found := packets.split(self.buffer, start)) is not None:
            begin, end = found
            packet = packets.decode(self.buffer[start],
                                    bytes(self.buffer[begin:end]),
                                    self.version)
            start = end
            self.take(packet)
        del self.buffer[:start]

    def take(self, packet):
        if packet.kind == "connack":
            assert packet.reason == 0, f"{self.client_id}: {packet}"
            assert packet.session_present or not self.known, (
                f"the session of {self.client_id} is lost")
            self.known = self.ready = True
            self.resume()
        else:
            getattr(self, "on_" + packet.kind)(packet)

    def on_disconnect(self, packet):
        assert packet.reason == 0x8B, packet  # it is shutting down

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None
        self.ready = False
        self.output.clear()

    def resume(self):
        """The connection stands."""

    def work(self):
        """Time for something new."""


class Publisher(Client):
    """Publishes numbers on a topic of QoS 1 and one of QoS 2, and keeps a
    retained one."""

    def __init__(self, world, name, version):
        super().__init__(world, name, version)
        self.next = {1: 0, 2: 0}
        self.acknowledged = {1: 0, 2: 0}  # all below
        self.flight = collections.OrderedDict()  # id: [qos, number, state]
        self.last_id = 0
        self.retained = [0, 0]  # sent, acknowledged
        self.resting = False

    def new_id(self):
        while True:
            self.last_id = self.last_id % 65535 + 1
            if self.last_id not in self.flight:
                return self.last_id

    def message(self, packet_id, dup=False):
        qos, number, _ = self.flight[packet_id]
        if qos == "retained":
            return packets.publish(f"kept/{self.client_id}", str(number), 1,
                                   packet_id, retain=True, dup=dup,
                                   version=self.version)
        size = self.world.random.choice((0, 10, 100, 100, 1000))
        payload = f"{number} ".encode() + b"x" * size
        topic = f"m/{self.client_id}/{qos}/{number % TOPICS}"
        return packets.publish(topic, payload, qos, packet_id, dup=dup,
                               version=self.version)

    def resume(self):
        for packet_id, (_, _, state) in self.flight.items():
            if state == "released":
                self.send(packets.ack(packets.PUBREL, packet_id))
            else:
                self.send(self.message(packet_id, dup=True))

    def work(self):
        while (self.ready and not self.resting and not self.world.behind
               and len(self.flight) < WINDOW
               and len(self.output) < 1 << 14):
            packet_id = self.new_id()
            pick = self.world.random.random()
            if pick < 0.02:
                if any(f[0] == "retained" for f in self.flight.values()):
                    continue
                self.retained[0] += 1
                self.flight[packet_id] = ["retained", self.retained[0], ""]
            else:
                qos = 1 if pick < 0.5 else 2
                self.flight[packet_id] = [qos, self.next[qos], ""]
                self.next[qos] += 1
            self.send(self.message(packet_id))

    def settle(self, packet_id):
        """The broker has taken it over."""
        qos, number, _ = self.flight[packet_id]
        if qos == "retained":
            self.retained[1] = number
        else:
            self.acknowledged[qos] = max(self.acknowledged[qos], number + 1)

    def on_puback(self, packet):
        assert packet.reason in (0, 0x10), packet
        self.settle(packet.packet_id)
        del self.flight[packet.packet_id]

    def on_pubrec(self, packet):
        assert packet.reason in (0, 0x10), packet
        self.settle(packet.packet_id)
        self.flight[packet.packet_id][2] = "released"
        self.send(packets.ack(packets.PUBREL, packet.packet_id))

    def on_pubcomp(self, packet):
        self.flight.pop(packet.packet_id, None)


class Subscriber(Client):
    """Receives all that publishers publish, and subscribes to more."""

    main_filter = "m/#"

    def __init__(self, world, name, version=5):
        super().__init__(world, name, version)
        self.came = collections.defaultdict(list)  # (publisher, qos): numbers
        self.unreleased = set()
        self.filters = []   # granted
        self.asked = None   # (packet id, filter)
        self.heard = set()  # topics of filters that were tried
        self.wants = [self.main_filter]
        self.online = True

    def resume(self):
        self.asked = None

    def work(self):
        if not self.ready or self.asked or not self.wants:
            return
        self.asked = (self.world.random.randrange(1, 65536), self.wants[0])
        self.send(packets.subscribe(self.asked[0], (self.asked[1], 2),
                                    version=self.version))

    def on_suback(self, packet):
        assert packet.packet_id == self.asked[0]
        assert packet.reasons == [2], packet
        self.filters.append(self.wants.pop(0))
        self.asked = None

    def on_publish(self, packet):
        parts = packet.topic.split("/")
        if packet.qos == 2 and packet.packet_id in self.unreleased:
            assert packet.dup, f"a used id without DUP: {packet}"
        elif parts[0] == "m":
            number = int(packet.payload.split()[0])
            self.came[parts[1], int(parts[2])].append(number)
        else:
            self.heard.add(packet.topic)
        if packet.qos == 1:
            self.send(packets.ack(packets.PUBACK, packet.packet_id))
        elif packet.qos == 2:
            self.unreleased.add(packet.packet_id)
            self.send(packets.ack(packets.PUBREC, packet.packet_id))

    def on_pubrel(self, packet):
        self.unreleased.discard(packet.packet_id)
        self.send(packets.ack(packets.PUBCOMP, packet.packet_id))


class Member(Subscriber):
    """Receives its part of all that publishers publish."""

    main_filter = "$share/group/m/#"


def missing(came, publishers):
    """How many messages that are acknowledged have not come."""
    return sum(publisher.acknowledged[qos] -
               len({n for n in came[publisher.client_id, qos]
                    if n < publisher.acknowledged[qos]})
               for publisher in publishers for qos in (1, 2))


class World:
    def __init__(self, port, seed, publishers=4, online=2, away=2, members=3):
        self.port = port
        self.random = random.Random(seed)
        self.publishers = [Publisher(self, f"pub{n}", 5 if n % 2 else 4)
                           for n in range(publishers)]
        self.online = [Subscriber(self, f"on{n}", 5 if n % 2 else 4)
                       for n in range(online)]
        self.away = [Subscriber(self, f"away{n}") for n in range(away)]
        self.subscribers = self.online + self.away
        self.members = [Member(self, f"member{n}") for n in range(members)]
        self.clients = self.subscribers + self.members + self.publishers
        self.behind = False
        for publisher in self.publishers:
            publisher.resting = True
        self.run_until(lambda: all(s.filters for s in
                                   self.subscribers + self.members))
        for publisher in self.publishers:
            publisher.resting = False
        for subscriber in self.away:
            self.send_away(subscriber)

    def send_away(self, subscriber):
        subscriber.online = False
        subscriber.close()

    def step(self, wait_s=0.02):
        now = time.monotonic()
        for client in self.clients:
            if getattr(client, "online", True) and client.socket is None:
                if now >= client.retry_at:
                    client.open()
            client.work()
            client.flush()
        open_ones = {c.socket: c for c in self.clients if c.socket}
        blocked = [s for s, c in open_ones.items() if c.output]
        if not open_ones:
            time.sleep(wait_s)
            return
        readable, _, _ = select.select(list(open_ones), blocked, [], wait_s)
        for sock in readable:
            client = open_ones[sock]
            if not client.read():
                client.close()
            else:
                client.flush()

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            published = sum(sum(p.next.values()) for p in self.publishers)
            self.behind = any(
                published - sum(map(len, s.came.values())) > BEHIND_MAX
                for s in self.subscribers)
            self.step()

    def run_until(self, condition, timeout_s=TIMEOUT_S * 3):
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, "it takes too long"
            self.step()

    def hang_up(self):
        """The broker is dead. What it said before that was promised."""
        for client in self.clients:
            if client.socket is None:
                continue
            client.socket.setblocking(True)
            client.socket.settimeout(TIMEOUT_S)
            while client.read():
                pass
            client.close()

    def stir(self, number):
        """Somebody subscribes to something new, or comes and goes."""
        subscriber = self.random.choice(self.subscribers)
        subscriber.wants.append(f"more/{subscriber.client_id}/{number}/+")
        for subscriber in self.away:
            if self.random.random() < 0.3:
                subscriber.online = True
            elif subscriber.online:
                self.send_away(subscriber)
        for member in self.members:
            if self.random.random() < 0.3:
                self.send_away(member)
            else:
                member.online = True

    def came_to_group(self):
        """As a subscriber's `came`, of all members."""
        came = collections.defaultdict(list)
        for member in self.members:
            for stream, numbers in member.came.items():
                came[stream] += numbers
        return came

    def finish(self):
        """Let all that is under way come to its end."""
        for publisher in self.publishers:
            publisher.resting = True
        for client in self.away + self.members:
            client.online = True
        self.run_until(lambda: not any(p.flight for p in self.publishers))
        self.run_until(lambda: all(s.ready and not s.wants for s in
                                   self.subscribers + self.members))
        last = [0, 0.0]  # no hurry as long as something comes

        def quiet():
            count = sum(map(len, (c for s in self.subscribers + self.members
                                  for c in s.came.values())))
            now = time.monotonic()
            if count != last[0]:
                last[:] = [count, now]
            cames = [s.came for s in self.subscribers]
            cames.append(self.came_to_group())
            done = not any(missing(c, self.publishers) for c in cames)
            return done or now - last[1] > TIMEOUT_S / 4
        self.run_until(quiet, TIMEOUT_S * 10)
        self.run(0.3)  # what comes too much comes now

    def check(self):
        wrong = []
        for subscriber in self.subscribers:
            for publisher in self.publishers:
                for qos in (1, 2):
                    wrong += self.check_stream(subscriber, publisher, qos)
        group = self.came_to_group()
        for publisher in self.publishers:
            for qos in (1, 2):
                wrong += self.check_came(group, "the group", publisher, qos)
        assert not wrong, "\n".join(wrong[:20])

    def check_came(self, came, name, publisher, qos):
        came = came[publisher.client_id, qos]
        count = publisher.acknowledged[qos]
        who = f"{publisher.client_id} to {name}, QoS {qos}"
        lost = sorted(set(range(count)) - set(came))
        if lost:
            yield f"{who}: {len(lost)} of {count} are lost, as {lost[:5]}"
        if qos == 2 and len(came) != len(set(came)):
            twice = [n for n, k in collections.Counter(came).items() if k > 1]
            yield f"{who}: {len(twice)} came twice, as {twice[:5]}"

    def check_stream(self, subscriber, publisher, qos):
        yield from self.check_came(subscriber.came, subscriber.client_id,
                                   publisher, qos)
        came = subscriber.came[publisher.client_id, qos]
        who = f"{publisher.client_id} to {subscriber.client_id}, QoS {qos}"
        # Order holds on each topic: [MQTT-4.6.0-5].
        for topic in range(TOPICS):
            firsts = list(dict.fromkeys(
                n for n in came if n % TOPICS == topic))
            if firsts != sorted(firsts):
                yield f"{who}: out of order on topic {topic}"

    def check_filters(self, publish):
        """Every filter that was granted still works."""
        for subscriber in self.subscribers:
            topics = {f[:-1] + "try" for f in subscriber.filters
                      if f.startswith("more/")}
            for topic in topics:
                publish(topic)
            self.run_until(lambda s=subscriber, t=topics: t <= s.heard)

    def check_kept(self, read):
        """What is retained is the last that was acknowledged, or later."""
        for publisher in self.publishers:
            sent, acknowledged = publisher.retained
            if sent == 0:
                continue
            number = read(f"kept/{publisher.client_id}")
            assert acknowledged <= number <= sent, (
                f"{publisher.client_id}: retained is {number}, "
                f"acknowledged {acknowledged}, sent {sent}")
