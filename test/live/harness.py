"""A running broker for a test, and the small tools that question it.

    class RetainTest(BrokerCase):
        options = {"max_packet_size": 1000}

        def test_nothing_is_retained_at_first(self):
            alice = self.connect("alice")
            ...

The broker is $MOGI, or build/mogi. With MOGI_LIVE_BROKER=mosquitto it is
Debian's mosquitto: that is how the tests themselves are tested.
With MOGI_LIVE_THREADS=N every broker that a test does not give a number of
threads runs with N.
"""

import contextlib
import os
import pathlib
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import packets

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MOGI = os.environ.get("MOGI", str(ROOT / "build" / "mogi"))
IS_MOSQUITTO = os.environ.get("MOGI_LIVE_BROKER") == "mosquitto"

# Long enough for a sanitizer build on a busy machine; only a failure waits.
TIMEOUT_S = 20 * float(os.environ.get("MOGI_TIME_FACTOR") or 1)

SANITIZER = re.compile(r"(Address|Thread|Leak|UndefinedBehavior|Memory)"
                       r"Sanitizer|runtime error:")

mogi_only = unittest.skipIf(IS_MOSQUITTO, "mogi only")


def unless_mosquitto(why):
    """For what Debian's mosquitto is known to do otherwise."""
    return unittest.skipIf(IS_MOSQUITTO, f"not with mosquitto: {why}")


def until(condition, what, timeout_s=TIMEOUT_S):
    """Wait until `condition()` is true, and return what it said."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s} s in vain for {what}")
        time.sleep(0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def raise_open_files(count):
    """Let this process, and so the broker it starts, open `count` files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        assert hard == resource.RLIM_INFINITY or hard >= count, (
            f"this machine allows only {hard} open files, {count} are needed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


class Broker:
    """The program under test, on a free port, with a file of its own.

    Options are keys of the configuration file; `threads` is dropped for
    mosquitto, which has none. `open_files` is the broker's RLIMIT_NOFILE.
    """

    def __init__(self, open_files=None, **options):
        self.open_files = open_files
        self.port = free_port()
        self.options = {"allow_anonymous": "true"} | options
        threads = os.environ.get("MOGI_LIVE_THREADS")
        if threads:
            self.options.setdefault("threads", threads)
        if IS_MOSQUITTO:
            self.options.pop("threads", None)
            self.options["set_tcp_nodelay"] = "true"  # ours always does
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.kill()

    def start(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mogi-live-"))
        self.folder.chmod(0o755)  # mosquitto reads it as another user
        self.config = self.folder / "broker.conf"
        self.stderr = self.folder / "stderr"
        self.write_config()
        with open(self.stderr, "wb") as stderr:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL,
                stdout=stderr, stderr=stderr, preexec_fn=self.limit)
        until(self.is_ready, "the broker to listen")
        return self

    def command(self):
        program = (["mosquitto"] if IS_MOSQUITTO else [MOGI, "broker"])
        return program + ["-c", str(self.config)]

    def limit(self):
        if self.open_files:
            resource.setrlimit(resource.RLIMIT_NOFILE,
                               (self.open_files, self.open_files))

    def write_config(self):
        """Write the file from `options`, for the start or for a SIGHUP.

        At once, as the broker may be reading the one before.
        """
        lines = [f"listener {self.port} 127.0.0.1"]
        lines += [f"{key} {value}" for key, value in self.options.items()]
        draft = self.config.with_suffix(".new")
        draft.write_text("\n".join(lines) + "\n")
        draft.rename(self.config)

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("the broker ended at once:\n" + self.log())
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def log(self):
        """All that the broker has written until now."""
        return self.stderr.read_text(errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """End it as an administrator would, and see that it ends well."""
        self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            status = "none: it did not end"
        log = self.log()
        self.kill()
        assert status == 0, f"exit status {status}\n{log[-4000:]}"
        assert not SANITIZER.search(log), log

    def kill(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def memory_bytes(self):
        """What the broker holds in RAM now."""
        return self.status_bytes("VmRSS")

    def has_sanitizer(self):
        """Sanitizers reserve terabytes, and keep freed memory for a while."""
        return self.status_bytes("VmSize") > 1 << 40

    def status_bytes(self, name):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(name + r":\s+(\d+)", status)[1]) * 1024

    def cpu_s(self):
        """Processor time that the broker has used until now."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def is_running(self):
        return self.process.poll() is None


class Closed(Exception):
    """The broker has closed the connection."""


class Raw:
    """A client that sends exactly the bytes it is told to.

    `version` says how to read what comes back.
    """

    def __init__(self, port, version=5, receive_buffer=None):
        self.version = version
        self.buffer = bytearray()
        self.unreleased = set()
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                   receive_buffer)
        self.socket.settimeout(TIMEOUT_S)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, *parts):
        self.socket.sendall(b"".join(parts))
        return self

    def read(self, timeout_s=TIMEOUT_S):
        """The next packet. Raises Closed when there will be none."""
        self.socket.settimeout(timeout_s)
        while (found := packets.split(self.buffer)) is None:
            try:
                data = self.socket.recv(1 << 20)
            except ConnectionError:
                data = b""
            if not data:
                raise Closed(bytes(self.buffer))
            self.buffer += data
        start, end = found
        body = bytes(memoryview(self.buffer)[start:end])
        packet = packets.decode(self.buffer[0], body, self.version)
        del self.buffer[:end]
        return packet

    def has_input(self):
        """Whether `read` would find something without waiting."""
        return bool(packets.split(self.buffer)
                    or select.select([self.socket], [], [], 0)[0])

    def expect(self, kind, **fields):
        """Read the next packet; it must be a `kind` with these fields."""
        packet = self.read()
        while self.answer_pubrel(packet):
            packet = self.read()
        seen = {name: getattr(packet, name, None) for name in fields}
        assert packet.kind == kind and seen == fields, (
            f"expected {kind} {fields}, came {str(packet)[:500]}")
        return packet

    def expect_closed(self):
        """The broker must close, without another packet."""
        try:
            packet = self.read()
        except Closed:
            return
        raise AssertionError(f"expected the end, came {packet}")

    def expect_nothing(self):
        """No packet may be on its way: the answer to a ping comes first."""
        self.settle()
        self.send(packets.PINGREQ_BYTES).expect("pingresp")

    def subscribe(self, *filters, qos=0, props=()):
        """Subscribe and wait until it is granted; return the SUBACK."""
        wanted = [f if isinstance(f, tuple) else (f, qos) for f in filters]
        self.send(packets.subscribe(9, *wanted, version=self.version,
                                    props=props))
        return self.expect("suback", packet_id=9)

    def publish(self, topic, payload=b"", qos=0, **fields):
        """Publish and see it acknowledged, as its QoS asks."""
        self.send(packets.publish(topic, payload, qos, packet_id=7,
                                  version=self.version, **fields))
        if qos == 1:
            self.expect("puback", packet_id=7)
        if qos == 2:
            self.expect("pubrec", packet_id=7)
            self.send(packets.ack(packets.PUBREL, 7))
            self.expect("pubcomp", packet_id=7)

    def receive(self, topic=None, payload=None, **fields):
        """Read a PUBLISH and acknowledge it.

        At QoS 2 the PUBREL may come after further messages; `receive` and
        `settle` answer it when it does.
        """
        if topic is not None:
            fields["topic"] = topic
        if payload is not None:
            fields["payload"] = payload
        message = self.expect("publish", **fields)
        if message.qos == 1:
            self.send(packets.ack(packets.PUBACK, message.packet_id))
        if message.qos == 2:
            self.unreleased.add(message.packet_id)
            self.send(packets.ack(packets.PUBREC, message.packet_id))
        return message

    def settle(self):
        """See all that was received at QoS 2 to its end."""
        while self.unreleased:
            self.answer_pubrel(self.read())

    def answer_pubrel(self, packet):
        """Whether it was the PUBREL of something received."""
        if packet.kind != "pubrel" or packet.packet_id not in self.unreleased:
            return False
        self.unreleased.remove(packet.packet_id)
        self.send(packets.ack(packets.PUBCOMP, packet.packet_id))
        return True

    def close(self):
        """Vanish without DISCONNECT."""
        self.socket.close()

    def abort(self):
        """Vanish with a TCP reset."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()


def run(*command, input=None, status=0, env=None):
    """Run a program to its end; return what it printed, as bytes."""
    done = subprocess.run(command, input=input, capture_output=True,
                          timeout=TIMEOUT_S * 3, env=env)
    assert status is None or done.returncode == status, (
        f"{command} ended with {done.returncode}:\n"
        f"{done.stdout.decode(errors='replace')[-4000:]}\n"
        f"{done.stderr.decode(errors='replace')[-4000:]}")
    return done.stdout


class ProofCase(unittest.TestCase):
    """Tests with brokers of their own, which ask who a client is."""

    def start(self, **options):
        broker = Broker(**({"allow_anonymous": "false"} | options))
        broker.start()
        self.addCleanup(broker.kill)
        return broker

    def raw(self, broker, version=5):
        """A connected socket; nothing is sent yet."""
        client = Raw(broker.port, version)
        self.addCleanup(client.close)
        return client


class BrokerCase(unittest.TestCase):
    """Tests that share one broker, started with `options`."""

    options = {}

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(**cls.options).start()

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()

    def raw(self, version=5, **how):
        """A connected socket; nothing is sent yet."""
        client = Raw(self.broker.port, version, **how)
        self.addCleanup(client.close)
        return client

    def connect(self, client_id, version=5, receive_buffer=None, **fields):
        """A client that has been let in; its CONNACK is `client.connack`."""
        client = self.raw(version, receive_buffer=receive_buffer)
        client.send(packets.connect(client_id, version, **fields))
        client.connack = client.expect("connack", reason=0)
        return client

    def check_healthy(self):
        """A pair of clients must be able to talk, whatever went before."""
        bob = self.connect("healthy-bob")
        bob.subscribe("healthy", qos=1)
        alice = self.connect("healthy-alice")
        alice.publish("healthy", b"yes", qos=1)
        bob.receive("healthy", b"yes")
        for client in (alice, bob):
            client.send(packets.disconnect())
            client.expect_closed()
