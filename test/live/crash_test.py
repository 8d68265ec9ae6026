#!/usr/bin/python3
"""kill -9 at random moments: what was acknowledged is there afterwards.

ROUNDS=1000 SECONDS=1 SEED=7 test/live/crash_test.py is a long run: SECONDS
between two kills at most.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import packets
from crashing import World
from harness import TIMEOUT_S, Broker, Raw, mogi_only, until

ROUNDS = int(os.environ.get("ROUNDS") or 4)
SECONDS = float(os.environ.get("SECONDS") or 1.2)
SEED = int(os.environ.get("SEED") or time.time())


class LastingBroker(Broker):
    """One that can be killed and started again on what it has stored.

    `environment` is for the process, on top of our own.
    """

    environment = {}

    def __init__(self, **options):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="mogi-store-"))
        super().__init__(persistence="true",
                         persistence_location=self.home / "data",
                         max_queued_messages=0,
                         connection_messages="false", **options)

    def murder(self):
        self.process.kill()
        self.process.wait()

    def launch(self, **options):
        self.options |= options
        self.write_config()
        with open(self.stderr, "ab") as stderr:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=stderr,
                stderr=stderr, env=os.environ | self.environment)
        until(self.is_ready, "the broker to listen again")

    def kill(self):
        super().kill()
        shutil.rmtree(self.home, ignore_errors=True)


def publish(broker, topic):
    with Raw(broker.port) as client:
        client.send(packets.connect("trier")).expect("connack", reason=0)
        client.publish(topic, b"try", qos=1)


def retained(broker, topic):
    with Raw(broker.port) as client:
        client.send(packets.connect("reader")).expect("connack", reason=0)
        client.subscribe(topic)
        return int(client.receive(retain=True).payload)


@mogi_only
class CrashTest(unittest.TestCase):
    def play(self, rounds, threads, crash, **options):
        """`crash(broker, round)` ends it, however it likes; it is launched
        again with the next number of `threads`."""
        print(f"seed {SEED}", file=sys.stderr)
        with LastingBroker(threads=threads[0], **options) as broker:
            world = World(broker.port, SEED)
            for number in range(rounds):
                world.stir(number)
                world.run(world.random.uniform(0.1, SECONDS))
                crash(broker, number)
                world.hang_up()
                count = threads[(number + 1) % len(threads)]
                broker.launch(threads=count)
            world.run(0.2)
            world.finish()
            world.check()
            world.check_filters(lambda topic: publish(broker, topic))
            world.check_kept(lambda topic: retained(broker, topic))
            for publisher in world.publishers:
                self.assertGreater(publisher.acknowledged[1], rounds)
                self.assertGreater(publisher.acknowledged[2], rounds)
            log = broker.log()
            for word in ("is dropped", "is lost", "lost:", "Sanitizer"):
                self.assertNotIn(word, log)
            return world

    def test_killed(self):
        self.play(ROUNDS, [2], lambda broker, _: broker.murder())

    def test_killed_and_started_with_other_threads(self):
        self.play(ROUNDS, [1, 3, 2, 4], lambda broker, _: broker.murder())

    def test_killed_while_starting(self):
        """A start that is killed, again and again, loses nothing."""
        def crash(broker, number):
            broker.murder()
            for _ in range(4):
                process = subprocess.Popen(
                    broker.command(), stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(number % 4 * 0.01)
                process.kill()
                process.wait()
        self.play(min(ROUNDS, 3), [2], crash)

    def test_terminated(self):
        """SIGTERM is no crash, and loses no more."""
        def end(broker, _):
            broker.process.terminate()
            self.assertEqual(broker.process.wait(TIMEOUT_S), 0)
        self.play(min(ROUNDS, 3), [2], end)


if __name__ == "__main__":
    unittest.main()
