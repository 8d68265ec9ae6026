"""A round of a measurement: a broker just started, and load on it.

Used by run, durable, growth and scaling.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


class NoStart(Exception):
    """A broker does not begin to listen."""


class Broker:
    """How to start one; the relay is told what to relay."""

    def __init__(self, name, command, config=None):
        self.name, self.command, self.config = name, command, config

    def start(self, folder, relay="", pinned=True):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = pathlib.Path(folder) / f"{self.name}.conf"
        if self.config:
            config.write_text(self.config.format(port=port), encoding="utf-8")
        words = [word.format(port=port, dir=folder, config=config, relay=relay)
                 for word in self.command]
        process = subprocess.Popen((pin(0) if pinned else []) + words, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    time.sleep(0.1)
                    return process, port
            time.sleep(0.02)
        process.kill()
        process.wait()
        raise NoStart(f"{self.name} does not start: {' '.join(words)}")


def pin(processor):
    """The broker and the load each get a processor, where there are two."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2 or not shutil.which("taskset"):
        return []
    return ["taskset", "-c", str(allowed[processor])]


def lost_ms():
    """What this machine's programs have lost so far: the time in which one of
    them waited for a processor, and what the hypervisor gave to others. A
    figure is None where the system does not tell."""
    try:
        pressure = pathlib.Path("/proc/pressure/cpu").read_text()
        waited = int(pressure.split("total=", 1)[1].split()[0]) / 1000
    except (OSError, IndexError):
        waited = None
    processors = pathlib.Path("/proc/stat").read_text().split()
    stolen = int(processors[8]) * 1000 / os.sysconf("SC_CLK_TCK")
    return waited, stolen


def lost_since(before, start):
    """The same in ms for each second since `start`."""
    seconds = time.monotonic() - start
    return [None if then is None or now is None else (now - then) / seconds
            for then, now in zip(before, lost_ms())]


def measure(load, broker, arguments, relay="", timeout_s=300, pinned=True):
    """One round: the report of mogi bench, or None when there is none. Not
    `pinned`, broker and load share all processors."""
    with tempfile.TemporaryDirectory() as folder:
        process, port = broker.start(folder, relay, pinned)
        try:
            words = [load, "bench"] + arguments.split() + [
                "-p", str(port), "--pid", str(process.pid), "--json",
                "--quiet"]
            before, start = lost_ms(), time.monotonic()
            done = subprocess.run((pin(1) if pinned else []) + words,
                                  capture_output=True, text=True,
                                  timeout=timeout_s, check=False)
            report = json.loads(done.stdout) if done.stdout else None
            if report:
                report["lost"] = lost_since(before, start)
            trouble = done.stderr.strip()
        except subprocess.TimeoutExpired:
            report, trouble = None, "no end"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    if trouble or report is None or not report["good"]:
        print(f"  {broker.name}: {arguments}: {trouble or 'not good'}",
              file=sys.stderr)
    return report


def cpu_of(report):
    return report["steps"][0]["broker"]["cpu_us_per_message"]


def rate_of(report):
    return report["steps"][0].get("messages_per_s")


def latency_of(percentile):
    def take(report):
        return report["steps"][0].get("latency_us", {}).get(percentile)
    return take


def lost_of(index):
    def take(report):
        return report["lost"][index]
    return take
