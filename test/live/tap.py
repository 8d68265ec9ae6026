"""A proxy that listens in: what did the client say, and when was it ready?

    with Tap(broker.port) as tap:
        start_some_client(port=tap.port)
        tap.wait("suback")                 # now it is subscribed
        tap.sent("connect")[0].keepalive   # what it had sent

A client that we did not write says nothing we could rely on when it has
subscribed; on the wire it is plain to see.
"""

import socket
import threading

import packets
from harness import TIMEOUT_S


class Tap:
    """Passes bytes on between clients and a broker, and reads along."""

    def __init__(self, broker_port):
        self.broker_port = broker_port
        self.changed = threading.Condition()
        self.to_broker = []
        self.to_client = []
        self.sockets = []
        self.pumps = 0

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        shut(self.listener)
        for end in self.sockets:
            shut(end)

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
                broker = socket.create_connection(
                    ("127.0.0.1", self.broker_port))
            except OSError:
                return
            self.sockets += [client, broker]
            version = [4]
            self.start_pump(client, broker, self.to_broker, version)
            self.start_pump(broker, client, self.to_client, version)

    def start_pump(self, *args):
        with self.changed:
            self.pumps += 1
        threading.Thread(target=self.pump, args=args, daemon=True).start()

    def pump(self, source, target, seen, version):
        """Bytes are noted before they leave, so a test sees them in time."""
        buffer = bytearray()
        try:
            while data := source.recv(1 << 16):
                buffer += data
                self.note(buffer, seen, version)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            shut(target)
        with self.changed:
            self.pumps -= 1
            self.changed.notify_all()

    def note(self, buffer, seen, version):
        while (found := packets.split(buffer)) is not None:
            start, end = found
            packet = packets.decode(buffer[0], buffer[start:end], version[0])
            del buffer[:end]
            if packet.kind == "connect":
                version[0] = packet.version
            with self.changed:
                seen.append(packet)
                self.changed.notify_all()

    def wait(self, kind, count=1):
        """Wait until the broker has answered `count` packets of a kind."""
        with self.changed:
            came = self.changed.wait_for(
                lambda: len(self.received(kind)) >= count, TIMEOUT_S)
        assert came, f"no {kind} in {TIMEOUT_S} s; came {self.to_client}"

    def drain(self):
        """Wait until clients that have ended are read to their last byte."""
        with self.changed:
            ended = self.changed.wait_for(lambda: self.pumps == 0, TIMEOUT_S)
        assert ended, f"a client is still connected; sent {self.to_broker}"

    def sent(self, *kinds):
        """What clients sent, of these kinds."""
        return [p for p in self.to_broker if p.kind in kinds]

    def received(self, *kinds):
        """What the broker answered, of these kinds."""
        return [p for p in self.to_client if p.kind in kinds]


def shut(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
