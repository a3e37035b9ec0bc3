"""Tables of docs/bad-input/: what was tried and what it got, each as it comes out when it is tried again.

The pages hold what is expected: a test tries every row, and compares the table with the page. BALLAST_WRITE_DOCS=1 writes it anew,
to be read before it is committed.
"""
import difflib
import os
import pathlib
import re
import shutil
import subprocess

from daemon import PROJECT, binary

PAGES = PROJECT / "docs" / "bad-input"
NOBODY = 65534


def code(text):
    """As Markdown shows it verbatim, one line under the other."""
    def one(line):
        line = line.replace("|", "\\|")
        return f"`` {line} ``" if "`" in line else f"`{line}`"
    return "<br>".join(one(line) for line in text.splitlines() if line.strip())


def shown(content):
    """A short file in a table's cell."""
    return code(content.rstrip("\n").replace("\n", " ⏎ ")) if content else "nothing"


class Table:
    """Between `<!-- NAME: begin -->` and `<!-- NAME: end -->` of a page."""

    def __init__(self, page, name, *head):
        self.path, self.name = PAGES / f"{page}.md", name
        self.lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]

    def row(self, *cells):
        self.lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")

    def agrees(self, test):
        begin, end = f"<!-- {self.name}: begin -->\n", f"<!-- {self.name}: end -->\n"
        page, now = self.path.read_text(), "\n".join(self.lines) + "\n"
        before, rest = page.split(begin)
        was, after = rest.split(end)
        if os.environ.get("BALLAST_WRITE_DOCS"):
            self.path.write_text(before + begin + now + end + after)
        elif was != now:
            differ = difflib.unified_diff(was.splitlines(), now.splitlines(), str(self.path), "what came out now", lineterm="", n=0)
            test.fail("\n".join(differ))
        print(f"{self.path.name}, {self.name}: {len(self.lines) - 2} rows tried", flush=True)


class Shell:
    """Commands in a folder, as a person types them there."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)

    def write(self, name, content=""):
        file = self.folder / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def unreadable(self, name, content=""):
        self.write(name, content).chmod(0)

    def ballast(self, *words, seconds=20, **env):
        """Its status, stdout and stderr. With `nobody` somebody does it who may not read everything, as root may."""
        program, as_user = str(binary()), {}
        if env.pop("nobody", False) and os.geteuid() == 0:
            as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            program = f"./{shutil.copy2(program, self.folder / 'ballast').name}"  # For the folders above us may be closed to it.
        done = subprocess.run([program, *words], cwd=self.folder, capture_output=True, text=True, errors="replace", timeout=seconds,
                              stdin=subprocess.DEVNULL, env={**os.environ, "USER": "pat", **env}, **as_user)
        if not 0 <= done.returncode <= 2:
            raise AssertionError(f"status {done.returncode} of {words}: {done.stderr}")
        return done.returncode, done.stdout, done.stderr.replace(str(self.folder), "/site")

    def complains(self, *words, **options):
        """Its status, and what it says on stderr; an empty line is a complaint too few."""
        status, _, errors = self.ballast(*words, **options)
        if "\n\n" in errors or (status != 0 and not errors.strip()):
            raise AssertionError(f"{words} says {errors!r}")
        return status, re.sub(r"(Known are:)\n.*", r"\1 ...", errors, flags=re.DOTALL)  # The list of formats.
