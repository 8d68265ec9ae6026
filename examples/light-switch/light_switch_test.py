#!/usr/bin/python3
"""Runs the programs of this folder against a broker, and reads what they say.

The broker is $MOGI (or build/mogi); with MOGI_LIVE_BROKER=mosquitto it is
Debian's mosquitto.
"""

import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MOGI = os.environ.get("MOGI", str(ROOT / "build" / "mogi"))
IS_MOSQUITTO = os.environ.get("MOGI_LIVE_BROKER") == "mosquitto"
TIMEOUT_S = 20 * float(os.environ.get("MOGI_TIME_FACTOR") or 1)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program:
    """A program of this folder; its lines can be waited for."""

    def __init__(self, build, port, name, *words):
        self.name = name
        self.lines = []
        self._queue = queue.Queue()
        self._process = subprocess.Popen(
            [str(build / name), "-h", "127.0.0.1", "-p", str(port), *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_line(self, wanted):
        """Wait for a line; those before it are kept in `lines`."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            left = deadline - time.monotonic()
            try:
                line = self._queue.get(timeout=max(left, 0.01))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(
                    f"{self.name} never said {wanted!r}; it said {self.lines}")
            self.lines.append(line)
            if line == wanted:
                return

    def say(self, text):
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def end_input(self):
        self._process.stdin.close()

    def wait_end(self):
        """All lines, and the exit status."""
        status = self._process.wait(TIMEOUT_S)
        while (line := self._queue.get(timeout=TIMEOUT_S)) is not None:
            self.lines.append(line)
        return status

    def kill(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(TIMEOUT_S)
        for stream in (self._process.stdin, self._process.stdout):
            try:
                stream.close()
            except OSError:
                pass


class LightSwitchTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="light-switch-"))
        cls.build = cls.folder / "build"
        subprocess.run(["make", "-s", "-C", str(HERE), f"BUILD={cls.build}"],
                       check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.port = free_port()
        self.programs = []
        config = self.folder / f"{self._testMethodName}.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\n"
                          "allow_anonymous true\n")
        command = (["mosquitto"] if IS_MOSQUITTO else [MOGI, "broker"])
        with open(self.folder / "broker.log", "ab") as log:
            self.broker = subprocess.Popen([*command, "-c", str(config)],
                                           stdout=log, stderr=log)
        self.await_broker()

    def tearDown(self):
        for program in self.programs:
            program.kill()
        self.broker.terminate()
        self.broker.wait(TIMEOUT_S)

    def await_broker(self):
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.broker.poll() is not None:
                    self.fail((self.folder / "broker.log").read_text())
                if time.monotonic() > deadline:
                    self.fail("the broker does not listen")
                time.sleep(0.02)

    def start(self, name, *words):
        program = Program(self.build, self.port, name, *words)
        self.programs.append(program)
        return program

    def test_sensor_and_switch(self):
        switch = self.start("lamp_switch")
        switch.wait_line("listening to house/bedroom/light")
        sensor = self.start("light_sensor", "-i", "0.02")
        switch.wait_line("lamp off at 160 lux")
        self.assertEqual(switch.lines[1:], ["lamp on at 90 lux",
                                            "lamp off at 160 lux"])
        self.assertEqual(sensor.wait_end(), 0)
        self.assertEqual(sensor.lines[0], "house/bedroom/light 420")
        self.assertEqual(len(sensor.lines), 11)

    def test_readings_from_standard_input(self):
        switch = self.start("lamp_switch", "attic")
        switch.wait_line("listening to house/attic/light")
        sensor = self.start("light_sensor", "-s", "-i", "0", "attic")
        for lux in ("99", "151", "100", "0"):
            sensor.say(lux)
        sensor.end_input()
        self.assertEqual(sensor.wait_end(), 0)
        switch.wait_line("lamp on at 0 lux")
        self.assertEqual(switch.lines[1:], ["lamp on at 99 lux",
                                            "lamp off at 151 lux",
                                            "lamp on at 0 lux"])

    def test_server_decides_for_every_room(self):
        server = self.start("iot_server")
        server.wait_line("at your service")
        bedroom = self.start("smart_switch")
        kitchen = self.start("smart_switch", "kitchen")
        for switch in (bedroom, kitchen):
            switch.wait_line("lamp off")
        self.start("light_sensor", "-i", "0.02")
        for line in ("bedroom: 90 lux, switch on", "bedroom: the lamp is on",
                     "bedroom: 160 lux, switch off",
                     "bedroom: the lamp is off"):
            server.wait_line(line)
        bedroom.wait_line("lamp off")
        self.assertEqual(bedroom.lines, ["lamp off", "lamp on", "lamp off"])
        self.assertEqual(kitchen.lines, ["lamp off"])

    def test_switch_that_disappears(self):
        server = self.start("iot_server")
        server.wait_line("at your service")
        switch = self.start("smart_switch")
        server.wait_line("bedroom: the switch is there")
        switch.kill()
        server.wait_line("bedroom: the switch is gone")

    def test_who_comes_later_knows(self):
        switch = self.start("smart_switch")
        switch.wait_line("lamp off")
        server = self.start("iot_server")
        for line in ("bedroom: the lamp is off", ):
            server.wait_line(line)

    def test_chat(self):
        names = ("mina", "juno", "sora")
        people = {name: self.start("chat", name) for name in names}
        for name, person in people.items():
            person.wait_line(f"welcome, {name}")
        people["mina"].say("hello")
        people["juno"].wait_line("mina: hello")
        people["sora"].wait_line("mina: hello")
        people["sora"].say("안녕")
        people["mina"].wait_line("sora: 안녕")
        people["mina"].end_input()
        self.assertEqual(people["mina"].wait_end(), 0)
        self.assertNotIn("mina: hello", people["mina"].lines)


if __name__ == "__main__":
    unittest.main()
