#!/usr/bin/python3
"""bench/relay.c, the limit that mogi is measured against: a limit that lost
bytes would be none. Through plain writes and through io_uring."""
# tsan: skip

import json
import pathlib
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import packets
from harness import MOGI, ROOT, TIMEOUT_S, free_port, until

BENCH = pathlib.Path(ROOT) / "bench"


def read_all(client, size):
    """Exactly `size` bytes."""
    data = bytearray()
    while len(data) < size:
        more = client.recv(1 << 20)
        assert more, f"the end after {len(data)} of {size} bytes"
        data += more
    return bytes(data)


class RelayTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.program = str(pathlib.Path(cls.folder.name) / "relay")
        subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-o", cls.program,
                        str(BENCH / "relay.c"),
                        str(BENCH / "relay_output.c"), "-luring"], check=True)

    def start(self, *words):
        port = free_port()
        relay = subprocess.Popen([self.program, str(port), *words],
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(relay.communicate)
        self.addCleanup(relay.kill)

        def listens():
            if relay.poll() is not None:
                trouble = relay.communicate()[1]
                if "io_uring: there is none" in trouble:
                    self.skipTest(trouble)
                self.fail(trouble)
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        until(listens, "the relay")
        return port

    def connect(self, port, name, receive_size=0):
        client = socket.socket()
        self.addCleanup(client.close)
        client.settimeout(TIMEOUT_S)
        if receive_size:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                              receive_size)
        client.connect(("127.0.0.1", port))
        client.sendall(packets.connect(name, version=4))
        read_all(client, 4)
        if name.startswith("r"):
            client.sendall(packets.subscribe(1, ("t", 0), version=4))
            read_all(client, 5)
        return client

    def play(self, port, line):
        done = subprocess.run(
            [MOGI, "bench", *line.split(), "-p", str(port), "--json"],
            capture_output=True, text=True, check=False,
            timeout=TIMEOUT_S * 3)
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)["steps"][0]

    def test_pairs(self):
        port = self.start("pairs")
        for qos in range(2):
            step = self.play(port, f"pairs -c 10 -L 1000 -q {qos}")
            self.assertEqual(step["delivered"], 1000)

    def test_all_get_all(self):
        for words in (["all"], ["all", "--uring"]):
            port = self.start(*words)
            step = self.play(port, "fanout -c 600 -L 20 -F 1")
            self.assertEqual(step["delivered"], 12000)
            step = self.play(port, "fanin -c 7 -L 700 -F 3")
            self.assertEqual(step["delivered"], 700)

    def test_who_is_slow_is_waited_for(self):
        sent = b"".join(packets.publish("t", b"%09d" % i * 100, version=4)
                        for i in range(16000))
        for words in (["all"], ["all", "--uring"]):
            port = self.start(*words)
            slow = self.connect(port, "r0", 8192)
            fast = self.connect(port, "r1")
            sender = self.connect(port, "s0")
            heard = []
            threads = [
                threading.Thread(target=sender.sendall, args=(sent,)),
                threading.Thread(target=lambda client=fast: heard.append(
                    read_all(client, len(sent)))),
            ]
            for thread in threads:
                thread.start()
            # So that buffers fill, most likely.
            time.sleep(0.3)
            self.assertTrue(read_all(slow, len(sent)) == sent)
            for thread in threads:
                thread.join()
            self.assertTrue(heard[0] == sent)

    def test_who_is_gone_is_left_out(self):
        packet = packets.publish("t", b"x" * 100, version=4)
        for words in (["all"], ["all", "--uring"]):
            port = self.start(*words)
            self.connect(port, "r0").close()
            stays = self.connect(port, "r1")
            sender = self.connect(port, "s0")
            for _ in range(3):
                sender.sendall(packet)
                self.assertEqual(read_all(stays, len(packet)), packet)


if __name__ == "__main__":
    unittest.main()
