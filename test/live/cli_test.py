#!/usr/bin/python3
"""mogi pub, sub and rr do what mosquitto_pub, _sub and _rr do.

Each case runs both with the same arguments against the same broker. They
must end with the same status, print the same, and say the same to the
broker. (With MOGI_LIVE_BROKER=mosquitto the original runs twice, which shows
that the comparison itself is steady.)

In arguments, {port} is the broker's port and {file} is a file's name.
"""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import TIMEOUT_S, BrokerCase, free_port, mogi_only
from programs import MOSQUITTO, OURS, Subscriber, publish
from tap import Tap

# What each client may choose for itself, unless it is told.
CHOICES = {"receive_maximum", "topic_alias_maximum", "maximum_packet_size"}

# In JSON, the time, and what mosquitto_sub 2.1, and ours, print otherwise than
# Debian's 2.0: the retain flag, and user properties.
JSON_NOISE = (rb'"tst":\s*"[^"]*"|"retain":\s*(0|1|false|true)'
              rb'|"user-properties":\s*(\{[^}]*\}|\[[^]]*\])')


def spoken(packet, args):
    """What a client said, less what it may choose freely."""
    fields = vars(packet) | {"packet_id": None, "flags": None}
    if packet.kind == "connect" and not {"-i", "--id"} & set(args):
        prefix = args[args.index("-I") + 1] if "-I" in args else ""
        assert packet.client_id.startswith(prefix), packet
        fields["client_id"] = "chosen"
    told = {word.replace("-", "_") for word in args}
    fields["props"] = [(name, value) for name, value in
                       fields.get("props", ())
                       if name in told or name not in CHOICES]
    return fields


class CliCase(BrokerCase):
    maxDiff = None
    # What the tester keeps in ~/.config is not what is tested.
    environment = os.environ | {"XDG_CONFIG_HOME": "/nowhere"}

    def observe(self, tools, tool, args, input):
        """Run one program; return its status, output, and packets."""
        with Tap(self.broker.port) as tap:
            text = [arg.replace("{port}", str(tap.port)) for arg in args]
            command = [*tools[tool], *text]
            if not {"-p", "-L", "--port"} & set(args):
                command += ["-p", str(tap.port)]
            done = subprocess.run(command, input=input, timeout=TIMEOUT_S,
                                  capture_output=True, env=self.environment)
            tap.drain()
            kinds = ["connect", "publish", "subscribe", "unsubscribe"]
            if tool == "pub":  # the others' own races with their exit
                kinds.append("disconnect")
            said = [spoken(packet, args) for packet in tap.sent(*kinds)]
        return {"status": done.returncode, "stdout": done.stdout,
                "said": said}

    def same(self, tool, *args, input=b"", noise=None, before=None):
        """Both programs must be seen to do the same.

        `noise` is a pattern for output that changes from run to run.
        """
        seen = []
        for tools in (MOSQUITTO, OURS):
            if before:
                before()
            result = self.observe(tools, tool, args, input)
            if noise:
                result["stdout"] = re.sub(noise, b"~", result["stdout"])
            seen.append(result)
        self.assertEqual(seen[1], seen[0], f"{tool} {args}")
        return seen[0]

    def each(self, tool, *cases, status=0, **how):
        """Each case is one string of arguments; none may hold a blank."""
        for case in cases:
            with self.subTest(case):
                result = self.same(tool, *case.split(), **how)
                self.assertEqual(result["status"], status, case)


class PubTest(CliCase):

    def each_pub(self, *cases, **how):
        self.each("pub", *cases, **how)

    def test_what_is_sent(self):
        self.each_pub("-t a -m hello", "--topic a --message hello",
                      "-t a -n", "-t a --null-message", "-t a -r -n",
                      "-t a -m x -r", "-t a -m x --retain")
        self.same("pub", "-t", "a", "-m", "")
        self.same("pub", "-t", "ä/ö", "-m", "grüße 모기")

    def test_qos(self):
        self.each_pub(*(f"-t a -m x -q {qos} -V {version}"
                        for qos in (0, 1, 2) for version in (31, 311, 5)),
                      "-t a -m x --qos 1")

    def test_versions_and_their_other_names(self):
        self.each_pub(*(f"-t a -m x -V {name}" for name in (
            "31", "mqttv31", "311", "mqttv311", "5", "mqttv5")),
            "-t a -m x --protocol-version 5")

    def test_standard_input(self):
        text = b"one\ntwo\n\nfour"
        for version in ("311", "5"):
            for qos in "012":
                self.same("pub", "-t", "a", "-l", "-q", qos, "-V", version,
                          input=text)
            self.same("pub", "-t", "a", "-s", "-V", version, input=text)
        self.same("pub", "-t", "a", "--stdin-line", input=text)
        self.same("pub", "-t", "a", "--stdin-file", input=b"\0\xff" * 5000)
        self.same("pub", "-t", "a", "-l", input=b"")
        self.same("pub", "-t", "a", "-l", input=b"x" * 5000 + b"\ny\n")

    def test_file(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\0binary\xff" * 10000)
            file.flush()
            self.same("pub", "-t", "a", "-f", file.name)
            self.same("pub", "-t", "a", "--file", file.name, "-q", "1")
        self.same("pub", "-t", "a", "-f", "/no/such/file")

    def test_identity(self):
        self.each_pub("-t a -m x -i me", "-t a -m x --id me",
                      "-t a -m x -I prefix", "-t a -m x -u joe -P secret",
                      "-t a -m x -u joe", "-t a -m x --username joe --pw s",
                      "-t a -m x -i me -c", "-t a -m x -k 30",
                      "-t a -m x --keepalive 5",
                      "-t a -m x -i me -c -V 5 -x 60",
                      "-t a -m x -V 5 -x 60")

    def test_url(self):
        self.each_pub("-L mqtt://127.0.0.1:{port}/a/b -m x",
                      "--url mqtt://127.0.0.1:{port}/a -m x -p {port}",
                      "-L mqtt://joe:secret@127.0.0.1:{port}/a -m x",
                      "-h 127.0.0.1 -p {port} -t a -m x",
                      "--host localhost --port {port} -t a -m x")

    def test_will(self):
        will = "-t a -m x --will-topic w"
        self.each_pub(f"{will} --will-payload gone",
                      f"{will} --will-payload gone --will-qos 1",
                      f"{will} --will-payload gone --will-retain",
                      f"{will} --will-payload gone -V 5"
                      " -D will will-delay-interval 5"
                      " -D will user-property k v")

    def test_properties(self):
        pub = "-V 5 -t a -m x -q 1 -D publish"
        self.each_pub(
            f"{pub} content-type text/plain",
            f"{pub} response-topic r", f"{pub} correlation-data c",
            f"{pub} message-expiry-interval 9", f"{pub} topic-alias 3",
            f"{pub} payload-format-indicator 1",
            f"{pub} user-property z 1 -D publish user-property a 2",
            "-V 5 -t a -m x -D PUBLISH Content-Type text/plain",
            "-V 5 -t a -m x -D connect user-property k v",
            "-V 5 -t a -m x -D connect session-expiry-interval 9",
            "-V 5 -t a -m x -D connect receive-maximum 7",
            "-V 5 -t a -m x -D connect maximum-packet-size 1000",
            "-V 5 -t a -m x -D connect request-problem-information 0",
            "-V 5 -t a -m x -D disconnect user-property k v",
            "-V 5 -t a -m x -D disconnect session-expiry-interval 0")

    def test_repeat(self):
        self.each_pub("-t a -m x --repeat 3",
                      "-t a -m x --repeat 3 --repeat-delay 0.02",
                      "-t a -m x -q 2 --repeat 3")

    def test_quiet_and_debug(self):
        self.each_pub("-t a -m x --quiet")
        for tools in (MOSQUITTO, OURS):
            out = publish(self.broker, "-t", "a", "-m", "x", "-d",
                          tools=tools)
            self.assertIn(b"CONNECT", out)

    def test_mistakes(self):
        # Who says too little is shown how it is done, by each in its way.
        self.each_pub("-m x", "-t a", status=1, noise=rb"(?s)\A.*\Z")
        self.each_pub(
            "-t a -m x -q 3", "-t a -m x -q -1",
            "-t a/# -m x", "-t a/+ -m x", "-t a -m x -V 6", "-t a -m x -p 0",
            "-t a -m x -p 65536", "-t a -m x -k 70000", "-t", "-t a -m",
            "--nope", "-t a -m x -n", "-t a -m x -l", "-t a -m x -f /dev/null",
            "-t a -m x --will-payload w",
            "-t a -m x --will-topic w/#", "-t a -m x --will-topic w"
            " --will-qos 3", "-t a -m x -i i -I p",
            "-t a -m x --repeat 0x", "-t a -m x --repeat-delay -1",
            "-t a -m x -L http://x/y", "-t a -m x -L mqtt://127.0.0.1",
            "-V 5 -t a -m x -D publish nope 1",
            "-V 5 -t a -m x -D publish topic-alias-maximum 1",
            "-V 5 -t a -m x -D publish topic-alias",
            "-V 5 -t a -m x -D publish user-property k",
            "-V 5 -t a -m x -D nowhere user-property k v", status=1)

    def test_a_will_needs_no_more_than_its_topic(self):
        self.each_pub("-t a -m x --will-qos 1", "-t a -m x --will-topic w")

    def test_nobody_is_there(self):
        closed = str(free_port())
        for tool in ("pub", "sub"):
            extra = ["-m", "x"] if tool == "pub" else []
            self.same(tool, "-t", "a", *extra, "-p", closed)
            self.same(tool, "-t", "a", *extra, "-h", "no.such.invalid")


class DefaultsTest(CliCase):
    """Options that a file in the user's folder holds."""

    def with_file(self, tool, text, *args, below="", **how):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, below, f"mosquitto_{tool}")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            self.environment = os.environ | {"HOME": folder}
            self.environment.pop("XDG_CONFIG_HOME", None)
            if not below:
                self.environment["XDG_CONFIG_HOME"] = folder
            result = self.same(tool, *args, **how)
            del self.environment
            return result

    def test_options_come_from_a_file(self):
        text = "# who\n-u joe\n-P correct horse\n-q 1\n-m a  b \n"
        for below in ("", ".config"):
            said = self.with_file("pub", text, "-t", "a", below=below)["said"]
            self.assertEqual(said[1]["payload"], b"a  b ")
        self.with_file("pub", "-n\n-t one\n", "-t", "two", "-q", "2")
        self.with_file("sub", "-t one\n-E\n", "-t", "two")

    def test_mistakes_in_a_file(self):
        for text in ("-q 3\n", "--nope\n", "-q\n", "-m x\n"):
            result = self.with_file("pub", text, "-t", "a", "-n")
            self.assertEqual(result["status"], 1)

    def test_a_file_that_is_named(self):
        """Only ours: Debian's has no -o yet."""
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("-t named\n-m text\n-D publish user-property k v w\n")
            file.flush()
            result = self.observe(OURS, "pub", ["-o", file.name], b"")
        self.assertEqual(result["status"], 0)
        self.assertEqual(result["said"][1]["topic"], "named")
        self.assertEqual(result["said"][1]["props"],
                         [("user_property", ("k", "v w"))])

    def test_a_file_that_is_wrong_is_named(self):
        for text, words in (("-q 3\n", "Invalid QoS"), (None, "No such file")):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(text or "")
                file.flush()
                name = file.name if text else file.name + ".not"
                done = subprocess.run(
                    [*OURS["pub"], "-o", name, "-t", "a", "-n"],
                    capture_output=True, text=True, timeout=TIMEOUT_S)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)
            self.assertIn(name, done.stderr)


class RequestTest(CliCase):
    """Who asks on the topic on which it listens answers itself."""

    def each_rr(self, *cases, **how):
        self.each("rr", *cases, **how)

    def test_requests(self):
        ask = "-t echo -e echo -m hello"
        self.each_rr(ask, f"{ask} -v", f"{ask} -N", f"{ask} -q 1",
                     f"{ask} -q 2", f"{ask} -V 311", f"{ask} -V 31 -i me",
                     f"{ask} -F %t:%p:%R", f"{ask} -F %j -V 311",
                     "-t echo -e echo -n -v",
                     f"{ask} -D publish user-property k v",
                     f"{ask} -D publish correlation-data c", f"{ask} -i me -c",
                     "-L mqtt://127.0.0.1:{port}/echo -e echo -m x",
                     noise=JSON_NOISE)

    def test_nobody_answers(self):
        self.each_rr("-t ask -e answer -m x -W 1", status=27)

    def test_mistakes(self):
        self.each_rr("", "-t a -e b", "-t a -m x", "-e b -m x",
                     "-t a -e b/+ -m x", "-t a/# -e b -m x", "-t a -e",
                     "-t a -e b -m x -l", "-t a -e b -m x -U c",
                     "-t a -e b -m x -W 0", "-t a -e b -m x -n", status=1)

    def test_somebody_else_answers(self):
        for tools in (MOSQUITTO, OURS):
            with Subscriber(self.broker, "-t", "ask", "-C", "1") as other:
                asks = subprocess.Popen(
                    [*tools["rr"], "-p", str(self.broker.port), "-t", "ask",
                     "-e", "answer", "-m", "x"], stdout=subprocess.PIPE)
                self.assertEqual(other.lines(), ["x"])
                publish(self.broker, "-t", "answer", "-m", "42")
                out, _ = asks.communicate(timeout=TIMEOUT_S)
                self.assertEqual((asks.returncode, out), (0, b"42\n"))

    def test_latency(self):
        done = subprocess.run(
            [*OURS["rr"], "-p", str(self.broker.port), "-t", "a", "-e", "a",
             "-m", "x", "--latency"], capture_output=True, timeout=TIMEOUT_S)
        self.assertRegex(done.stdout.decode(),
                         r"\Ax\nLatency: [0-9.]+(ns|µs|ms)?\n\Z")


class RefusedTest(CliCase):
    options = {"allow_anonymous": "false"}

    def test_connection_refused_by_the_broker(self):
        for version in ("31", "311", "5"):
            self.same("pub", "-t", "a", "-m", "x", "-V", version)
            self.same("sub", "-t", "a", "-V", version)


class SubTest(CliCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keep("f/text", "-m", "hello")
        cls.keep("f/empty-level//x", "-m", 'say "hi"\tto\\')
        cls.keep("f/binary", "-s", input=b"\0\x01\xff\n\x80abc")
        cls.keep("f/full", "-m", "body", "-V", "5",
                 *("-D publish content-type text/plain"
                   " -D publish response-topic r/t"
                   " -D publish correlation-data corr"
                   " -D publish payload-format-indicator 1"
                   " -D publish user-property z 1"
                   " -D publish user-property a 2").split())
        cls.keep("f/json", "-m", '{"a": [1, 2.5, "x"], "b": null}')

    @classmethod
    def keep(cls, topic, *args, input=None):
        publish(cls.broker, "-t", topic, "-r", "-q", "1", *args, input=input)

    def each_sub(self, *cases, **how):
        self.each("sub", *cases, **how)

    def test_plain(self):
        self.each_sub("-t f/text -C 1", "-t f/text -C 1 -v",
                      "-t f/text -C 1 -N", "-t f/text -C 1 --verbose",
                      "-t f/binary -C 1", "-t f/binary -C 1 -v",
                      "--topic f/text -C 1", "-t f/text -C 1 -q 2",
                      "-t f/text -t f/full -C 2 -v", "-t f/text -C 1 --quiet")

    def test_versions(self):
        self.each_sub(*(f"-t f/full -C 1 -q 1 -V {version}" for version in (
            "31", "mqttv31", "311", "mqttv311", "5", "mqttv5")))

    def test_formats(self):
        for version in ("311", "5"):
            for letter in "AlmpqRrtxXCDFPS":
                for topic in ("f/text", "f/binary", "f/full"):
                    self.format(f"<%{letter}>", topic, version)

    def test_formats_of_time(self):
        for text in ("%I", "%U", "%@Y-%@m-%@d", "%@H:%@M:%@S", "%@s"):
            self.format(text, "f/text", "5", noise=rb"[0-9]+")

    def test_format_of_expiry(self):
        self.keep("f/expiry", "-m", "x", "-V", "5",
                  "-D", "publish", "message-expiry-interval", "9999")
        for topic in ("f/expiry", "f/text"):
            self.format("<%E>", topic, "5", noise=rb"99\d\d")

    def test_format_of_subscription_identifier(self):
        self.each_sub("-V 5 -t f/text -C 1 -F %S:%p"
                      " -D subscribe subscription-identifier 9")

    def test_formats_of_json(self):
        for topic in ("f/text", "f/full", "f/empty-level//x"):
            for version in ("311", "5"):
                self.format("%j", topic, version, noise=JSON_NOISE)
                self.same("sub", "-t", topic, "-C", "1", "-V", version,
                          "-F", "%j", "--pretty", noise=JSON_NOISE)
        self.format("%J", "f/json", "311", noise=JSON_NOISE)
        self.format("%J", "f/json", "5", noise=JSON_NOISE)
        self.same("sub", "-t", "f/json", "-C", "1", "-F", "%J", "--pretty",
                  noise=JSON_NOISE)

    def test_format_text_around(self):
        for text in (r"a\tb\nc\\d", r"\a\b\e\r\v\0", "100%%", "%t=%p (%q)",
                     "grüße %t", r"%%p", r"\%p", "", "%t%t%t"):
            self.format(text, "f/text", "311")
        self.each_sub("-t f/text -C 1 -v -F %p", "-t f/text -C 1 -N -F %p")

    def format(self, text, topic, version, noise=None):
        with self.subTest(text, topic=topic, version=version):
            self.same("sub", "-t", topic, "-C", "1", "-q", "1", "-V",
                      version, "-F", text, noise=noise)

    def test_sessions_and_properties(self):
        self.each_sub(
            "-t f/text -C 1 -i me", "-t f/text -C 1 -I pre",
            "-t f/text -C 1 -i me -c", "-t f/text -C 1 -i me -c -V 5",
            "-t f/text -C 1 -i me -c -V 5 -x 50",
            "-t f/text -C 1 -V 5 -x 50", "-t f/text -C 1 -k 20",
            "-t f/text -C 1 -i me5 -c -V 5 -x -1",
            "-t f/text -C 1 -u joe -P secret",
            "-t f/text -C 1 -V 5 -D connect receive-maximum 3",
            "-t f/text -C 1 -V 5 -D subscribe user-property k v",
            "-t f/text -C 1 --will-topic w --will-payload p --will-qos 2",
            "-t f/text -C 1 -V 5 --retain-as-published",
            "-L mqtt://127.0.0.1:{port}/f/text -C 1")

    def test_exit_when_subscribed(self):
        self.each_sub("-t f/text -E", "-t f/text -E -i me -c",
                      "-t f/text -U f/old -E -i me -c")

    def test_unsubscribe(self):
        self.each_sub("-t f/text -U f/other -C 1",
                      "-t f/text -U a -U b/# -C 1 -V 5",
                      "-t f/text -U a -C 1 -V 5"
                      " -D unsubscribe user-property k v")

    def test_filter_out(self):
        self.each_sub("-t f/# -T f/binary -T f/empty-level/# -T f/full"
                      " -T f/json -T f/expiry -C 1 -v")

    def test_timeout(self):
        self.each_sub("-t nothing/here -W 1", status=27)

    def test_no_retained(self):
        """-R does not print what is retained, and a live message comes."""
        for tools in (MOSQUITTO, OURS):
            with Subscriber(self.broker, "-t", "f/text", "-R", "-C", "1",
                            tools=tools) as sub:
                publish(self.broker, "-t", "f/text", "-m", "live")
                self.assertEqual(sub.lines(), ["live"])

    def test_retained_only(self):
        """A live message ends it, and is not printed."""
        for tools in (MOSQUITTO, OURS):
            with Subscriber(self.broker, "-t", "f/text", "--retained-only",
                            tools=tools) as sub:
                sub.tap.wait("publish")
                publish(self.broker, "-t", "f/text", "-m", "live")
                self.assertEqual(sub.lines(), ["hello"])

    def test_remove_retained(self):
        def prepare():
            self.keep("old/a", "-m", "1")

        result = self.same("sub", "-t", "old/a", "--remove-retained", "-W",
                           "1", "-v", before=prepare)
        self.assertIn(("publish", "old/a", b"", True), [
            (said["kind"], said.get("topic"), said.get("payload"),
             said.get("retain")) for said in result["said"]])

    def test_count_and_order_of_live_messages(self):
        for tools in (MOSQUITTO, OURS):
            with Subscriber(self.broker, "-t", "live/+", "-q", "2", "-C",
                            "100", "-v", tools=tools) as sub:
                publish(self.broker, "-t", "live/x", "-q", "2", "-l",
                        input=b"".join(b"%d\n" % n for n in range(100)))
                self.assertEqual(sub.lines(),
                                 [f"live/x {n}" for n in range(100)])

    def test_output_is_there_when_the_message_is(self):
        """A pipe gets each line at once, not when a buffer is full."""
        for tools in (MOSQUITTO, OURS):
            with Subscriber(self.broker, "-t", "now", tools=tools) as sub:
                publish(self.broker, "-t", "now", "-m", "line")
                self.assertEqual(sub.process.stdout.readline(), b"line\n")

    @mogi_only
    def test_message_rate(self):
        """A line for each second, also when nothing comes; -C and -W end it
        as ever."""
        with Subscriber(self.broker, "-t", "rate/+", "-q", "1", "-C", "100",
                        "--message-rate", "-w", tools=OURS) as sub:
            publish(self.broker, "-t", "rate/x", "-q", "1", "-l",
                    input=b"x\n" * 99)
            line = b"0 msgs/s\n"
            while line == b"0 msgs/s\n":
                line = sub.process.stdout.readline()
            self.assertRegex(line, rb"^[1-9][0-9]? msgs/s\n$")
            publish(self.broker, "-t", "rate/y", "-q", "1", "-m", "y")
            sub.output()
        with Subscriber(self.broker, "-t", "rate/+", "--message-rate", "-W",
                        "2", tools=OURS) as sub:
            self.assertEqual(set(sub.lines(27)), {"0 msgs/s"})

    @mogi_only
    def test_watch(self):
        with Subscriber(self.broker, "-t", "watch/+", "-C", "3", "-v", "-w",
                        tools=OURS) as sub:
            for topic, text in ("a", "long"), ("b", "2"), ("a", "1"):
                publish(self.broker, "-t", f"watch/{topic}", "-m", text)
            self.assertEqual(
                sub.output().decode(),
                "\33[2J\33[1;1HBroker: localhost\n"
                "\33[2;1H\33[Kwatch/a long\n\33[3;1H"
                "\33[3;1H\33[Kwatch/b 2\n\33[4;1H"
                "\33[2;1H\33[Kwatch/a 1\n\33[4;1H")

    def test_debug(self):
        for tools in (MOSQUITTO, OURS):
            with Subscriber(self.broker, "-t", "f/text", "-d", "-C", "1",
                            tools=tools) as sub:
                self.assertIn("CONNECT", "".join(sub.lines()))

    def test_refused_subscription(self):
        """All filters refused ends it; the broker here refuses none."""
        self.each_sub("-t a#", "-t +a", "-t a/#/b", status=1)

    def test_mistakes(self):
        self.each_sub(
            "", "-t", "-t f/text -q 3", "-t f/text -C 0", "-t f/text -C -1",
            "-t f/text -W 0", "-t f/text -F %Z", "-t f/text -F %",
            "-t f/text -F %@", "-t f/text -R --retained-only",
            "-t f/text -T a#", "-t f/text -U a#", "--nope",
            "-t f/text -V 9", "-t f/text -i a -I b", "-t f/text -c",
            "-t f/text -F", r"-t f/text -F \q",
            "-t f/text -D subscribe nope 1", status=1)


if __name__ == "__main__":
    unittest.main()
