#!/usr/bin/python3
"""`mogi passwd` and `mogi acl`: files that mosquitto_passwd and mosquitto read,
and theirs that we do."""

import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import unittest

from harness import MOGI, TIMEOUT_S, free_port, mogi_only, until

ACL = """\
topic read news/#
user ann
topic home/ann/#
topic deny home/ann/lock
user a/b
topic read x
pattern write devices/%c/state
pattern read users/%u/#
"""


@mogi_only
class FileCase(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mogi-passwd-"))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        self.file = self.folder / "pw"

    def mogi(self, *args, status=0, input=None):
        """Run it; return (stdout, stderr)."""
        ended = subprocess.run([MOGI, *map(str, args)], input=input,
                               capture_output=True, timeout=TIMEOUT_S)
        out, err = ended.stdout.decode(), ended.stderr.decode()
        self.assertEqual(ended.returncode, status, (args, out, err))
        return out, err


class PasswdTest(FileCase):

    def passwd(self, *args, status=0, input=None):
        return self.mogi("passwd", *args, status=status, input=input)

    def users(self):
        lines = self.file.read_text().splitlines()
        return {line.split(":")[0]: line.split(":", 1)[1] for line in lines
                if line and not line.startswith("#")}

    def test_users_come_change_and_go(self):
        self.passwd("-c", "-b", self.file, "ann", "secret")
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.passwd("-b", self.file, "bob", "other")
        first = self.users()
        self.assertEqual(list(first), ["ann", "bob"])
        self.assertTrue(first["ann"].startswith("$argon2id$v=19$"))
        self.passwd("-b", self.file, "ann", "changed")
        second = self.users()
        self.assertEqual(list(second), ["ann", "bob"])
        self.assertNotEqual(first["ann"], second["ann"])
        self.assertEqual(first["bob"], second["bob"])
        self.passwd("-D", self.file, "ann")
        self.assertEqual(list(self.users()), ["bob"])
        _, err = self.passwd("-D", self.file, "ann", status=1)
        self.assertIn("there is no user 'ann'", err)

    def test_each_hash(self):
        for name, start in (("argon2id", "$argon2id$v=19$m=19456,t=3,p=1$"),
                            ("sha512-pbkdf2", "$7$3$"), ("sha512", "$6$")):
            with self.subTest(hash=name):
                out, _ = self.passwd("-b", "-H", name, "-I", "3", "-c", "-",
                                     "ann", "secret")
                self.assertTrue(out.startswith("ann:" + start), out)

    def test_plain_files_are_hashed_and_hashes_left_alone(self):
        self.file.write_text("# names\nann:secret\r\nbob : two words \n")
        self.file.chmod(0o640)
        _, err = self.passwd("-U", self.file)
        self.assertIn("passwords hashed: 2", err)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o640)
        before = self.file.read_text()
        self.assertTrue(before.startswith("# names\nann:$argon2id$"))
        self.passwd("-U", self.file)
        self.assertEqual(self.file.read_text(), before)

    def test_scram(self):
        self.passwd("--scram", "-c", "-b", self.file, "ann", "secret")
        lines = self.file.read_text().splitlines()
        self.assertEqual([line.split("$")[0] for line in lines],
                         ["ann:SCRAM-SHA-256", "ann:SCRAM-SHA-512"])
        self.passwd("--scram", "-b", self.file, "ann", "other")
        self.assertEqual(len(self.file.read_text().splitlines()), 2)
        self.passwd("--scram", "-D", self.file, "ann")
        self.assertEqual(self.file.read_text(), "")

    def test_the_password_comes_from_a_pipe(self):
        self.passwd("-c", self.file, "ann", input=b"one\none\n")
        self.assertEqual(list(self.users()), ["ann"])
        before = self.file.read_text()
        for given, what in ((b"one\ntwo\n", "do not match"),
                            (b"", "no password was given"),
                            (b"one\n", "no password was given"),
                            (b"\n\n", "a password is not empty")):
            _, err = self.passwd(self.file, "ann", input=given, status=1)
            self.assertIn(what, err)
        self.assertEqual(self.file.read_text(), before)

    def test_mistakes_change_nothing_and_say_what_to_do(self):
        for args, what in (
                ((), "Usage: mogi passwd"),
                ((self.file,), "the user name is missing"),
                (("-b", self.file, "ann"), "-b needs a password"),
                ((self.file, "ann", "x"), "needs -b"),
                (("-b", self.file, "a:b", "x"), "holds no ':'"),
                (("-b", self.file, "ann", "x"), "-c makes a new one"),
                (("-x", self.file, "ann"), "unknown option '-x'"),
                (("-H", "md5", self.file, "a"), "none of argon2id"),
                (("-I", "0", self.file, "a"), "a number from 1"),
                (("-H",), "-H needs a value"),
                (("-U", self.file, "a"), "takes the password file alone"),
                (("-c", "-D", self.file, "a"), "do not go together"),
                (("-b", "-", "a", "x"), "needs -c"),
                (("-b", "-c", self.folder / "no" / "pw", "a", "x"),
                 "No such file")):
            with self.subTest(args=args):
                _, err = self.passwd(*args, status=1)
                self.assertIn(what, err)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_help(self):
        out, _ = self.passwd("--help")
        self.assertIn("mogi passwd -U", out)

    def test_a_terminal_does_not_show_what_is_typed(self):
        shown = self.at_terminal([b"secret\n", b"secret\n"], status=0)
        self.assertIn(b"Password: ", shown)
        self.assertIn(b"Reenter password: ", shown)
        self.assertNotIn(b"secret", shown)
        self.assertEqual(list(self.users()), ["ann"])

    def test_an_interrupt_gives_the_terminal_back(self):
        shown = self.at_terminal([b"secr\x03"], status=-signal.SIGINT)
        self.assertNotIn(b"secr", shown)
        self.assertFalse(self.file.exists())

    def at_terminal(self, typed, status):
        """Type each of `typed` at a question; return what was to be seen."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [MOGI, "passwd", "-c", str(self.file), "ann"], stdin=theirs,
            stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=lambda: self.take_terminal(theirs))
        shown = b""
        for text in typed:
            asked = shown.count(b"assword: ")
            while shown.count(b"assword: ") == asked:
                shown += self.seen(ours)
            os.write(ours, text)
        self.assertEqual(process.wait(TIMEOUT_S), status)
        while select.select([ours], [], [], 0.05)[0]:
            shown += self.seen(ours)
        echo = termios.tcgetattr(theirs)[3] & termios.ECHO
        os.close(ours)
        os.close(theirs)
        self.assertTrue(echo, "the terminal does not echo any more")
        return shown

    @staticmethod
    def take_terminal(fd):
        import fcntl
        fcntl.ioctl(fd, termios.TIOCSCTTY, 0)

    def seen(self, fd):
        if not select.select([fd], [], [], TIMEOUT_S)[0]:
            self.fail("nothing was asked")
        return os.read(fd, 1024)

    @unittest.skipUnless(shutil.which("mosquitto"), "needs mosquitto")
    def test_mosquitto_reads_ours(self):
        self.passwd("-c", "-b", "-H", "sha512-pbkdf2", "-I", "1000",
                    self.file, "ann", "one")
        self.passwd("-b", "-H", "sha512", self.file, "bob", "two")
        self.file.chmod(0o644)
        port = free_port()
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\n"
                          f"password_file {self.file}\n")
        with open(self.folder / "log", "wb") as log:
            process = subprocess.Popen(["mosquitto", "-c", str(config)],
                                       stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        until(lambda: b"running" in (self.folder / "log").read_bytes(),
              "mosquitto to listen")
        for user, password, status in (("ann", "one", 0), ("bob", "two", 0),
                                       ("bob", "one", 5)):
            ended = subprocess.run(
                ["mosquitto_pub", "-p", str(port), "-u", user, "-P", password,
                 "-t", "x", "-m", "y"], capture_output=True, timeout=TIMEOUT_S)
            self.assertEqual(ended.returncode, status)


class AclTest(FileCase):

    def explain(self, status, *args):
        return self.mogi("acl", "explain", *args, status=status)[0]

    def ask(self, status, user, topic, action, client="c1"):
        args = ["--user", user] if user is not None else []
        return self.explain(status, "--file", self.file, "--topic", topic,
                            "--action", action, "--client", client, *args)

    def setUp(self):
        super().setUp()
        self.file.write_text(ACL)

    def test_a_line_is_named(self):
        said = self.ask(0, "ann", "home/ann/x", "publish")
        self.assertIn('allowed: user "ann" may publish', said)
        self.assertIn(f"{self.file}:3: topic home/ann/#", said)
        said = self.ask(1, "ann", "home/ann/lock", "receive")
        self.assertIn(f"{self.file}:4: topic deny home/ann/lock", said)
        self.assertIn("whatever others say", said)
        said = self.ask(0, None, "news/x", "receive")
        self.assertIn(f"{self.file}:1: topic read news/#", said)
        said = self.ask(0, None, "devices/c1/state", "publish")
        self.assertIn(f"{self.file}:7: pattern write", said)

    def test_what_no_line_allows(self):
        said = self.ask(1, "ann", "news/x", "receive")
        self.assertIn("None of the rules about it allows it", said)
        self.assertIn(f"{self.file}:3:", said)
        said = self.ask(1, "a/b", "users/a/b", "receive")
        self.assertIn("holds '+', '#' or '/'", said)
        said = self.ask(1, "ann", "$SYS/x", "publish")
        self.assertIn("Nobody publishes there", said)

    def test_subscriptions_are_judged_again(self):
        said = self.ask(0, "ann", "#", "subscribe")
        self.assertIn("judged again", said)
        self.ask(1, "ann", "home/ann/lock", "subscribe")

    def test_the_configuration_names_the_file(self):
        config = self.folder / "conf"
        config.write_text("per_listener_settings true\nlistener 1\n"
                          f"listener 2\nacl_file {self.file}\n")
        args = ["-c", config, "-t", "news/x", "-a", "publish"]
        said = self.explain(0, *args, "-p", "1")
        self.assertIn("there is no acl_file", said)
        self.explain(1, *args, "-p", "2")
        self.mogi("acl", "explain", *args, "-p", "3", status=2)

    def test_mistakes(self):
        file = ["-f", self.file]
        for args, what in (
                ((), "Usage: mogi acl explain"),
                (("show",), "Usage"),
                (("explain", *file, "-a", "publish"), "--topic is missing"),
                (("explain", *file, "-t", "x"), "--action is missing"),
                (("explain", "-t", "x", "-a", "publish"), "--file or --config"),
                (("explain", *file, "-t", "x", "-a", "eat"), "not: eat"),
                (("explain", *file, "-t", "#", "-a", "publish"), "no topic na"),
                (("explain", *file, "-t"), "a value is missing"),
                (("explain", *file, "-z", "1"), "unknown argument: -z"),
                (("explain", "-f", "/no/file", "-t", "x", "-a", "publish"),
                 "/no/file: No such file")):
            with self.subTest(args=args):
                _, err = self.mogi("acl", *args, status=2)
                self.assertIn(what, err)
        self.file.write_text("user ann\nread x\n")
        _, err = self.mogi("acl", "explain", *file, "-t", "x", "-a", "publish",
                           status=2)
        self.assertIn("pw:2: 'read' begins no rule", err)
        out, _ = self.mogi("acl", "--help")
        self.assertIn("--action", out)


if __name__ == "__main__":
    unittest.main()
