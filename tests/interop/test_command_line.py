#!/usr/bin/python3
"""What a command does with its output: lost, unread, or on a terminal too narrow for it; and what it says it is."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bad_input import Shell  # noqa: E402
from daemon import PROJECT, binary  # noqa: E402
from test_bad_input import FLEET, HOURS, SITE  # noqa: E402

LOST = "ballast: cannot write the output: No space left on device\n"


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ballast-")
        self.addCleanup(folder.cleanup)
        self.shell = Shell(folder.name)
        self.shell.write("site.toml", SITE)
        self.shell.write("fleet.csv", FLEET + "".join(f"x-{i},127.20.1.{i},3400,20\n" for i in range(1, 200)))
        self.shell.write("day.csv", HOURS + "".join(f"2024-08-20,{hour},10,{500 if 17 < hour < 21 else 20}\n" for hour in range(1, 25)))
        status, errors = self.shell.complains("replay", "site.toml", "--prices", "day.csv", "--journal", "day.db")
        self.assertEqual(status, 0, errors)
        self.shell.write("day.toml", SITE.replace("mesa", "day"))  # Whose journal that is.

    def all_that_print(self):
        return (["--help"], ["--version"], ["check", "--help"], ["check", "site.toml"], ["check", "site.toml", "--json"], ["presets"], ["presets", "ercot_sced"],
                ["replay", "site.toml", "--prices", "day.csv"], ["replay", "site.toml", "--prices", "day.csv", "--json"], ["plan", "site.toml", "--price", "85"],
                ["plan", "site.toml", "--price", "85", "--machines"], ["plan", "site.toml", "--price", "85", "--machines", "--json"], ["explain", "day.db"], ["explain", "day.db", "--json"],
                ["explain", "day.db", "--event", "1"], ["receipt", "day.db"], ["receipt", "day.db", "1"], ["receipt", "day.db", "1", "--json"], ["audit", "day.db"], ["audit", "day.db", "--json"], ["discover", "127.41.9.1"], ["discover", "127.41.9.1", "--json"],
                ["fleet", "day.toml"], ["fleet", "day.toml", "--machines", "--json"], ["fleet", "day.toml", "--watch", "0.2"])

    def test_output_that_is_lost_is_work_that_failed(self):
        for words in self.all_that_print():
            with self.subTest(words), open("/dev/full", "w") as full:
                whole = self.shell.ballast(*[word for word in words if word not in ("--watch", "0.2")])  # Which would not end by itself.
                done = subprocess.run([binary(), *words], cwd=self.shell.folder, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (whole[0] or 1, whole[2] + LOST))

    def test_a_reader_who_leaves_is_no_error(self):
        for words in self.all_that_print():
            for ignored in (False, True):  # As under systemd, which ignores SIGPIPE.
                with self.subTest(words, ignored=ignored):
                    reader, writer = os.pipe()
                    os.close(reader)
                    done = subprocess.run([binary(), *words], cwd=self.shell.folder, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, restore_signals=not ignored)
                    os.close(writer)
                    self.assertEqual((done.returncode, done.stderr), (0 if ignored else -13, ""))

    def test_it_says_what_it_is(self):
        status, out, _ = self.shell.ballast("--version")
        version = re.search(r"project\(ballast VERSION ([0-9.]+)", (PROJECT / "CMakeLists.txt").read_text())[1]
        self.assertEqual(status, 0)
        self.assertRegex(out, rf"\Aballast {re.escape(version)}( \(git [0-9a-f]+(-dirty)?\))?\n"
                              r"engine revision \d+, journal encoding \d+, snapshot \d+, journal schema \d+\n(\S.* [0-9.]+, )+toml\+\+ [0-9.]+\n\Z")

    def on_a_terminal(self, columns, term):
        """What a replay of a year of hours shows on stderr."""
        self.shell.write("year.csv", HOURS + "".join(f"2023-{month:02}-{day:02},{hour},10,{hour}\n" for month in range(1, 13) for day in range(1, 29) for hour in range(1, 25)))
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        done = subprocess.run([binary(), "replay", "site.toml", "--prices", "year.csv"], cwd=self.shell.folder, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "TERM": term}, timeout=60)
        os.close(theirs)
        self.assertEqual(done.returncode, 0)
        try:
            return os.read(ours, 100_000).decode()
        except OSError:  # Nothing was written.
            return ""
        finally:
            os.close(ours)

    def test_progress_fits_its_terminal(self):
        for columns in (200, 20, 5):
            shown = self.on_a_terminal(columns, "xterm")
            self.assertIn("\r", shown)
            for line in shown.replace("\033[K", "").split("\r"):
                self.assertLess(len(line), columns)
        self.assertEqual(self.on_a_terminal(80, "dumb"), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
