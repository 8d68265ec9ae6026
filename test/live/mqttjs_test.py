#!/usr/bin/python3
"""MQTT.js of npm against the broker; the tests themselves are in js/."""

import os
import subprocess
import threading
import unittest

from harness import HERE, TIMEOUT_S, BrokerCase


class MqttJsTest(BrokerCase):

    def node(self, script, version):
        """Run the tests of one script; show what it says if one fails."""
        if not (HERE / "node_modules" / "mqtt").is_dir():
            self.skipTest("MQTT.js is not here: npm ci --prefix test/live")
        env = os.environ | {"PORT": str(self.broker.port),
                            "VERSION": str(version)}
        node = subprocess.Popen(
            ["node", "--test-reporter=tap", HERE / "js" / script], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        watchdog = threading.Timer(3 * TIMEOUT_S, node.kill)
        watchdog.start()
        out = node.communicate()[0]
        watchdog.cancel()
        self.assertEqual(node.returncode, 0, out)
        self.assertRegex(out, r"# pass [1-9]")

    def test_essentials_in_version_3_1_1(self):
        self.node("essentials.mjs", 4)

    def test_essentials_in_version_5(self):
        self.node("essentials.mjs", 5)

    def test_what_is_new_in_version_5(self):
        self.node("version5.mjs", 5)


if __name__ == "__main__":
    unittest.main()
