"""mosquitto_pub, _sub and _rr, and ours that must behave like them.

    with Subscriber(broker, "-t", "a/#", "-C", "2") as sub:
        publish(broker, "-t", "a/b", "-m", "one")
        publish(broker, "-t", "a/b", "-m", "two")
        self.assertEqual(sub.lines(), ["one", "two"])
"""

import subprocess

from harness import IS_MOSQUITTO, MOGI, TIMEOUT_S, run
from tap import Tap

TOOLS = ("pub", "sub", "rr")
MOSQUITTO = {tool: ["mosquitto_" + tool] for tool in TOOLS}
OURS = MOSQUITTO if IS_MOSQUITTO else {tool: [MOGI, tool] for tool in TOOLS}


def publish(broker, *args, input=None, status=0, tools=MOSQUITTO):
    """Run the publisher to its end; return its standard output."""
    return run(*tools["pub"], "-p", str(broker.port), *args,
               input=input, status=status)


def subscribe(broker, *args, status=0, tools=MOSQUITTO):
    """Run a subscriber that ends by itself, as with -C, -E or -W."""
    return run(*tools["sub"], "-p", str(broker.port), *args, status=status)


class Subscriber:
    """A subscriber beside the test. `with` waits until it is subscribed."""

    def __init__(self, broker, *args, tools=MOSQUITTO):
        self.tap = Tap(broker.port)
        self.command = [*tools["sub"], *args]

    def __enter__(self):
        self.tap.__enter__()
        self.process = subprocess.Popen(
            [*self.command, "-p", str(self.tap.port)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.tap.wait("suback")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.tap.__exit__()

    def output(self, status=0):
        """Wait until it ends; return what it printed."""
        out, err = self.process.communicate(timeout=TIMEOUT_S)
        ended = self.process.returncode
        assert ended == status, f"{self.command} ended with {ended}: {err}"
        return out

    def lines(self, status=0):
        return self.output(status).decode().splitlines()

    def kill(self):
        """Like a power cut: no DISCONNECT."""
        self.process.kill()
        self.process.wait()
