"""The pages on which figures are put down: cells, rows, and the machine.

Used by run, durable, growth and scaling.
"""
import os
import pathlib
import platform
import subprocess


def number(value, digits=3):
    """Enough figures, and no more."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def ratio(above, below):
    if above is None or not below:
        return "-"
    return f"{above / below:.2f}"


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def heading(*cells):
    return [row(*cells), row(*["---"] + ["--:"] * (len(cells) - 1))]


def version_of(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              timeout=10, check=False)
    except OSError:
        return "?"
    text = (done.stdout + done.stderr).strip()
    return text.splitlines()[0] if text else "?"


def machine_lines(options):
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return [
        f"- {os.cpu_count()} x {model}, {memory / 2**30:.0f} GiB, "
        f"{platform.system()} {platform.release()} {platform.machine()}",
        "- " + version_of([options.mogi, "version"]) + ", " +
        version_of(["mosquitto", "-h"]),
        f"- {options.rounds} rounds, each against a broker just started; "
        f"{options.seconds} s of load a round; medians",
        "- broker with one thread on one processor, load on another, loopback "
        "TCP, MQTT 3.1.1, payload 64 bytes",
    ]
