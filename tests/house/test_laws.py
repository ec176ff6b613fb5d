"""The laws of the house, each a test: what a module may do can be told from where it stands."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "accord"
MODULES = sorted(SOURCE.rglob("*.py"))
CORE = [path for path in MODULES if path.is_relative_to(SOURCE / "core")]
WIRING = SOURCE / "shell" / "wiring.py"


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_the_contracts_of_imports_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_module_imports_itself_in_a_circle() -> None:
    import grimp

    graph = grimp.build_graph("accord", cache_dir=None)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            if imported.startswith(f"{module}.") or module.startswith(f"{imported}."):
                continue
            assert not graph.chain_exists(importer=imported, imported=module), f"{module} ↔ {imported}"


def test_files_and_functions_are_short() -> None:
    long_files = [path for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    assert long_files == []
    sizes = [
        (node.end_lineno or node.lineno) - node.lineno + 1 for path in MODULES for node in functions(path)
    ]
    assert max(sizes) <= 50
    assert sum(size <= 20 for size in sizes) / len(sizes) > 0.85


def test_no_room_is_called_after_nothing() -> None:
    nameless = {"utils", "helpers", "common", "manager", "service"}
    assert [path for path in MODULES if path.stem in nameless or path.parent.name in nameless] == []


def test_clock_and_dice_are_in_wiring_alone() -> None:
    forbidden = re.compile(
        r"datetime\.(?:now|utcnow|today)\(|date\.today\(|\btime\.time\(|^\s*(?:import|from) (?:uuid|random|secrets)\b",
        re.MULTILINE,
    )
    assert forbidden.search(WIRING.read_text(encoding="utf-8"))
    assert [
        path for path in MODULES if path != WIRING and forbidden.search(path.read_text(encoding="utf-8"))
    ] == []


def test_every_module_says_what_it_is_for() -> None:
    assert [path for path in MODULES if not ast.get_docstring(tree(path))] == []


def test_what_is_public_in_core_is_explained() -> None:
    silent = []
    for path in CORE:
        for node in tree(path).body:
            named = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if named and not ast.get_docstring(node):  # type: ignore[arg-type]
                silent.append(f"{path.relative_to(ROOT)}: {node.name}")  # type: ignore[union-attr]
    assert silent == []


def test_nothing_is_swallowed_and_nothing_is_put_off() -> None:
    swallowed = [
        f"{path}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
    ]
    assert swallowed == []
    put_off = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK")))
    assert [
        path
        for path in [*MODULES, *ROOT.glob("tests/**/*.py")]
        if put_off.search(path.read_text(encoding="utf-8"))
    ] == []


def test_no_file_names_this_machine() -> None:
    pattern = re.compile(r"(?<![\w.])/(?:work|farm|root)/")
    named = [
        path
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".txt", ""}
        and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert [path for path in named if path != Path(__file__)] == []


def test_the_map_is_fresh() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "map.py", "--check"], check=False)
    assert done.returncode == 0, "run `make map`"


def closure(name: str, *, extra: str = "") -> set[str]:
    """The distributions that one needs, and they in turn."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    seen: set[str] = set()
    ahead = [(name, extra)]
    while ahead:
        wanted, its_extra = ahead.pop()
        try:
            found = metadata.distribution(wanted)
        except metadata.PackageNotFoundError:
            continue
        for text in found.requires or ():
            needed = Requirement(text)
            if needed.marker is not None and not needed.marker.evaluate({"extra": its_extra}):
                continue
            key = canonicalize_name(needed.name)
            if key not in seen:
                seen.add(key)
                ahead += [(key, each) for each in (*needed.extras, "")]
    return seen


def test_every_dependency_is_pinned_by_name_and_version_alone() -> None:
    lines = [
        line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    shape = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+")
    assert [line for line in lines if not shape.fullmatch(line)] == []
    pinned = {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines}
    missing = (closure("accord") | closure("accord", extra="dev")) - pinned - {"accord"}
    assert missing == set()


def test_nothing_at_run_time_is_under_the_gpl() -> None:
    wrong = []
    for name in closure("accord"):
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue
        words = " ".join(
            [about.get("License-Expression") or about.get("License") or "", *about.get_all("Classifier", [])]
        )
        first = words[:400]
        if re.search(r"\bA?GPL|GNU (?:Affero )?General Public", first) and not re.search(
            r"LGPL|Lesser", first
        ):
            wrong.append(name)
    assert wrong == []


HERMIT = """
import sys
import builders
from datetime import timedelta
from accord.core.casebook import run_cases
from accord.core.consent.evidence import told
from accord.core.expressions.names import Scope
from accord.core.expressions.parse import read_expression
from accord.core.language.parse import parse_scenario
from accord.core.model.place import Span
from accord.core.simulate import Happening, simulate
from accord.core.wayback.read import read

text = open(sys.argv[1], encoding="utf-8").read()
scenario = open(sys.argv[2], encoding="utf-8").read()
venue = builders.a_venue()
venue.entity.clock, __import__("zoneinfo").ZoneInfo("UTC")
words = ("open", "socket.", "subprocess.", "os.listdir", "os.system", "shutil.")

def nobody(event, arguments):
    if event.startswith(words):
        raise RuntimeError(f"core did {event} {arguments}")

def no_clock(*_):
    raise RuntimeError("core read a clock")

import time
for name in ("time", "time_ns", "monotonic", "sleep"):
    setattr(time, name, no_clock)
sys.addaudithook(nobody)
assert run_cases(text, "cases").results
assert read(b"From: mailer-daemon@example.org\\nSubject: failure notice\\n\\n<a@example.org>: 550 5.1.1 no such user").fates
made = parse_scenario(scenario, "essai.yaml", venue).scenario
assert made is not None
assert read_expression("orders.count > 1", Span("f", 1, 1), Scope(venue))[0] is not None
script = [Happening(builders.NOW, entries=tuple(builders.acts(at=builders.NOW)))]
journal = simulate(builders.a_situation(), script, builders.a_catalogue(made, venue=venue), start=builders.NOW, until=builders.NOW + timedelta(days=30))
assert any(row.name == "mail.queued" for row in journal)
"""


def test_core_lives_without_clock_files_and_sockets(tmp_path: Path) -> None:
    scenario = tmp_path / "essai.yaml"
    scenario.write_text(
        "scenario: essai\npurpose: newsletter\nwhy: Parce que.\nenter: {when: consent.given}\n"
        "steps: {un: {send: a/b, nature: editorial}}\n",
        encoding="utf-8",
    )
    cases = ROOT / "tests" / "policy" / "article.yaml"
    done = subprocess.run(
        [sys.executable, "-c", HERMIT, cases, scenario],
        cwd=ROOT / "tests",
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("domain", ["mail", "web"])
def test_french_says_everything(domain: str) -> None:
    from accord.core.mail.frame import SENTENCES
    from accord.shell.wordings import catalogue

    wanted = SENTENCES if domain == "mail" else ()
    french = catalogue("fr", domain)
    assert [sentence for sentence in wanted if french.gettext(sentence) == sentence] == []
