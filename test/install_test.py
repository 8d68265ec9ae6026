#!/usr/bin/python3
"""What `make install` installs is there, below DESTDIR and prefix, and works:
    install_test.py BUILD"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop()).resolve()
PROGRAM = r"""
#include <mogi/client.h>
#include <stdio.h>
int main(void)
{
    struct mogi_client_options options = mogi_client_defaults();
    struct mogi_client *client = mogi_client_new(&options);
    mogi_client_free(client);
    return client == NULL;
}
"""


def run(*command, **environment):
    done = subprocess.run(command, env={**os.environ, **environment},
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


class InstallTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.stage = pathlib.Path(folder.name) / "stage"

    def install(self, prefix):
        run("cmake", "--install", str(BUILD), "--prefix", prefix,
            DESTDIR=str(self.stage))
        self.top = self.stage / prefix.strip("/")

    def library(self):
        found = list(self.top.glob("lib/**/libmogi.so"))
        if not found:
            self.skipTest("this build has no libmogi.so")
        return found[0].parent

    def test_files(self):
        self.install("/opt/mogi")
        for name in ("bin/mogi", "share/man/man1/mogi-broker.1",
                     "share/man/man1/mogi-pub.1", "share/man/man1/mogi-sub.1",
                     "share/man/man1/mogi-bench.1",
                     "share/man/man1/mogi-certs.1",
                     "share/man/man5/mogi.conf.5",
                     "share/doc/mogi/mogi.conf", "etc/mogi/mogi.conf",
                     "lib/systemd/system/mogi.service"):
            self.assertTrue((self.top / name).is_file(), name)
        self.assertEqual([path.name for path in self.stage.iterdir()], ["opt"])
        self.assertIn("mogi", run(str(self.top / "bin/mogi"), "--version"))
        run(str(self.top / "bin/mogi"), "broker", "--test-config", "-c",
            str(self.top / "etc/mogi/mogi.conf"))

    def test_configuration_is_kept(self):
        self.install("/opt/mogi")
        conf = self.top / "etc/mogi/mogi.conf"
        conf.write_text("max_connections 7\n", encoding="utf-8")
        self.install("/opt/mogi")
        self.assertEqual(conf.read_text(encoding="utf-8"),
                         "max_connections 7\n")

    def test_usr_means_etc(self):
        self.install("/usr")
        self.assertTrue((self.stage / "etc/mogi/mogi.conf").is_file())
        unit = self.top / "lib/systemd/system/mogi.service"
        self.assertIn("ExecStart=/usr/bin/mogi broker -c /etc/mogi/mogi.conf\n",
                      unit.read_text(encoding="utf-8"))

    def test_a_program_builds_against_it(self):
        self.install("/opt/mogi")
        folder = self.library()
        asked = {"PKG_CONFIG_PATH": str(folder / "pkgconfig"),
                 "PKG_CONFIG_SYSROOT_DIR": str(self.stage)}
        flags = run("pkg-config", "--cflags", "--libs", "mogi",
                    **asked).split()
        source = self.stage / "program.c"
        source.write_text(PROGRAM, encoding="utf-8")
        program = str(self.stage / "program")
        run("cc", "-std=c11", "-o", program, str(source), *flags)
        run(program, LD_LIBRARY_PATH=str(folder))
        version = run("pkg-config", "--modversion", "mogi", **asked).strip()
        self.assertIn(version, run(str(self.top / "bin/mogi"), "--version"))

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd here")
    def test_service(self):
        self.install("/opt/mogi")
        unit = self.top / "lib/systemd/system/mogi.service"
        text = unit.read_text(encoding="utf-8")
        here = unit.with_name("mogi-test.service")
        here.write_text(text.replace("/opt/mogi", str(self.top)),
                        encoding="utf-8")
        run("systemd-analyze", "verify", "--man=no", str(here))
        rating = run("systemd-analyze", "security", "--offline=true",
                     "--threshold=20", str(here))
        self.assertIn("OK", rating)


if __name__ == "__main__":
    unittest.main()
