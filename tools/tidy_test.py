#!/usr/bin/python3
"""Each check of tidy can fail: a clean tree passes, and one wrong thing in it
is found under the check's name, and nothing else is."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("tidy", str(HERE / "tidy"))
tidy = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)

HEADER = """\
/* slot.h - a place. */
#ifndef MOGI_WIRE_SLOT_H
#define MOGI_WIRE_SLOT_H

#include "base/err.h"

#include <stdint.h>

struct slot {
    uint8_t count;
    void (*called)(struct slot *slot);
};

typedef int slot_same(const struct slot *slot);

/* One more. ERR_FULL above 9. [MQTT-1.2.3-4] */
MUST_USE enum err slot_add(struct slot *slot);

/* The first, and the last. */
struct slot *slot_first(void);
struct slot *slot_last(void (*visit)(struct slot *slot),
                       int count);

/* None? */
static inline int slot_empty(const struct slot *slot)
{
    return slot->count == 0;
}

#endif
"""
SOURCE = """\
/* slot.c - says "malloc(1)" and { in a comment only. */
#include "wire/slot.h"

#include <assert.h>

static const char *const words[] = {"free(x)", "}", "strcpy("};

enum err slot_add(struct slot *slot)
{
    assert(slot != NULL);
    if (slot->count > 9 || words[0][0] == '{') {
        return ERR_FULL;
    }
    slot->count++;
    return OK;
}
"""
CLEAN = {
    "src/base/err.h": "/* err.h - errors. */\nenum err { OK, ERR_FULL };\n"
                      "#define MUST_USE\n",
    "src/wire/slot.h": HEADER,
    "src/wire/slot.c": SOURCE,
    "test/unit/wire/slot_test.c": "int main(void)\n{\n    return 0;\n}\n",
    "test/play/slot.play": "a connect # [MQTT-1.2.3-4] [MQTT-1.2.3-5]\n",
    "test/play/README.md": "Write [MQTT-1.2.3-5], which shows nothing.\n",
    "test/rules/mqtt5.tsv": "MQTT-1.2.3-4\tserver\tslots are full\ttest\n"
                            "MQTT-1.2.3-5\tboth\tslots are round\ttest\n"
                            "MQTT-1.2.3-6\tclient\tn\tn/a: clients only\n",
    "include/mogi/tiny.h": "/* tiny.h */\n#define MOGI_TINY_H\n"
                           "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
                           "/* Go. */\nint mogi_go(void);\n"
                           "#ifdef __cplusplus\n}\n#endif\n",
    "tools/untested.tsv": "# path, reason\n",
    "Makefile": "run: build\n\ttrue\nbuild:\n\ttrue\n",
    "README.md": "Type `make run`, and make sense.\n```\nmake build\n```\n",
    "ARCHITECTURE.md": "`slot_add()` in `src/wire/slot.c` adds.\n",
}


def changed(name, old, new):
    assert old in CLEAN[name], (name, old)
    return {name: CLEAN[name].replace(old, new)}


def with_lines(count):
    body = "    slot->count++;\n" * count
    return changed("src/wire/slot.c", "    slot->count++;\n", body + (
        "    assert(1);\n" * 6))


# check -> what to change so that it fails, and it only
BROKEN = {
    "layering": [
        {"src/base/up.h": '/* up */\n#include "wire/slot.h"\n'},
        {"src/base/bare.h": '/* bare */\n#include "err.h"\n'},
        {"src/wire/says.h": '/* says */\n#include "base/log.h"\n'},
        {"src/store/aside.h": '/* aside */\n#include "net/tcp.h"\n'},
        {"src/nowhere/file.h": "/* file */\n"},
    ],
    "include-order": [
        changed("src/wire/slot.c", '#include "wire/slot.h"\n',
                '#include "base/err.h"\n#include "wire/slot.h"\n'),
        changed("src/wire/slot.h", '#include "base/err.h"\n\n#include '
                "<stdint.h>", '#include <stdint.h>\n\n#include "base/err.h"'),
    ],
    "function-length": [with_lines(60)],
    "file-length": [{"src/wire/long.h": "/* long */\n" * 1001}],
    "columns": [changed("src/wire/slot.c", "says", "s" * 60)],
    "pure": [
        changed("src/wire/slot.c", "    slot->count++;",
                "    free(slot);"),
        changed("src/wire/slot.c", "    slot->count++;",
                "    slot->count += time (NULL) & 1;"),
        changed("src/wire/slot.c", "<assert.h>", "<sys/socket.h>"),
        changed("src/wire/slot.c", "<assert.h>", "<unistd.h>"),
    ],
    "banned": [
        changed("src/wire/slot.c", "    slot->count++;",
                '    sprintf(slot, "x");'),
        {"test/unit/wire/slot_test.c":
         "int main(void)\n{\n    return strcpy(1, 2);\n}\n"},
        {"sim/read.c": "/* read */\n\nint n = atoi(words);\n"},
    ],
    "comment": [
        changed("src/wire/slot.h", "/* None? */\n", ""),
        changed("src/wire/slot.h", "struct slot *slot_last",
                "\nstruct slot *slot_last"),
        changed("include/mogi/tiny.h", "/* Go. */\n", ""),
    ],
    "must-use": [changed("src/wire/slot.h", "MUST_USE enum err", "enum err")],
    "unit-test": [
        {"test/unit/wire/slot_test.c": None},
        {"tools/untested.tsv": "src/wire/slot.c\tit has one\n"},
        {"tools/untested.tsv": "src/wire/gone.c\tnobody knows\n"},
        {"tools/untested.tsv": "src/wire/slot.c\n",
         "test/unit/wire/slot_test.c": None},
    ],
    "statement": [
        changed("src/wire/slot.h", "[MQTT-1.2.3-4]", "[MQTT-9.9.9-9]"),
        {"test/play/other.play": "# [MQTT3-1.2.3-4]\n"},
    ],
    "rule": [
        {"test/play/slot.play": "a connect # [MQTT-1.2.3-4]\n"},
        changed("test/rules/mqtt5.tsv", "round\ttest", "round"),
        changed("test/rules/mqtt5.tsv", "n/a: clients only", "n/a: "),
    ],
    "mark": [changed("src/wire/slot.c", "says", "TO" + "DO: says")],
    "typedef": [{"src/wire/kind.h": "/* kind */\ntypedef struct kind kind;\n"}],
    "conditional": [changed("src/wire/slot.c", "    slot->count++;\n",
                            "#ifdef X\n    slot->count++;\n#endif\n")],
    "public-name": [
        changed("include/mogi/tiny.h", "mogi_go", "go"),
        changed("include/mogi/tiny.h", "MOGI_TINY_H", "TINY_H"),
    ],
    "assertions": [changed("src/wire/slot.c", "    assert(slot != NULL);\n",
                           "")],
    "walk": [
        {"ARCHITECTURE.md": "`slot_gone()` adds.\n"},
        {"ARCHITECTURE.md": "It is in `src/wire/gone.c`.\n"},
        {"docs/proof.md": "`slot_gone()` adds.\n"},
        {"docs/proof.md": "`slot_add()` in `src/wire/slot.h` adds.\n",
         "src/wire/slot.h": CLEAN["src/wire/slot.h"].replace("slot_add",
                                                             "slot_new")},
    ],
    "target": [
        {"README.md": "Type `make coffee`.\n"},
        {"README.md": "```\n$ make coffee\n```\n"},
    ],
}


class TidyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, files):
        for name, text in {**CLEAN, **files}.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text, encoding="utf-8")

    def findings(self, build=None):
        return list(tidy.findings(tidy.Tree(self.root, build)))

    def test_clean_tree_passes(self):
        self.write({})
        self.assertEqual(self.findings(), [])

    def test_each_check_can_fail(self):
        for rule, cases in BROKEN.items():
            for files in cases:
                with self.subTest(rule=rule, files=files):
                    self.setUp()
                    self.write(files)
                    found = self.findings()
                    self.assertTrue(found, "nothing was found")
                    for line in found:
                        self.assertRegex(line, rf"^\S+:\d+: {rule}: \S")

    def test_every_check_is_shown_to_fail(self):
        self.assertEqual(set(tidy.CHECKS), set(BROKEN) | {"exports"})

    def library(self, text):
        self.write({})
        (self.root / "lib.c").write_text(text, encoding="utf-8")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", "libmogi.so", "lib.c"],
                       cwd=self.root, check=True)
        return self.findings(self.root)

    def test_exports(self):
        good = "int mogi_go(void) { return 1; }\n"
        self.assertEqual(self.library(good), [])
        found = self.library(good + "int session_offer = 2;\n")
        self.assertEqual(len(found), 1)
        self.assertRegex(found[0], r"exports: session_offer is exported")

    def test_lines_are_right(self):
        self.write(changed("src/wire/slot.c", "    slot->count++;",
                           "    slot->count++;\n    free(slot);"))
        self.assertEqual(self.findings()[0].split(": ")[0],
                         "src/wire/slot.c:15")

    def test_who_shows_a_rule(self):
        self.write({"test/unit/wire/slot_test.c": "/* [MQTT-1.2.3-4] */\n"})
        self.assertEqual(
            {rule: list(names) for rule, names
             in tidy.Tree(self.root).shown.items()},
            {"MQTT-1.2.3-4": ["test/play/slot.play",
                              "test/unit/wire/slot_test.c"],
             "MQTT-1.2.3-5": ["test/play/slot.play"]})

    def test_exit_status(self):
        self.write({})
        command = [sys.executable, str(HERE / "tidy"), str(self.root)]
        self.assertEqual(subprocess.run(command, capture_output=True,
                                        check=False).returncode, 0)
        (self.root / "README.md").write_text("`make coffee`", encoding="utf-8")
        run = subprocess.run(command, capture_output=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"README.md:1: target:", run.stdout)


if __name__ == "__main__":
    unittest.main()
