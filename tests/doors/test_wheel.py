"""A built package has the example venue in it, from the one copy that git has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built offline from what git knows, and unpacked as an installer would."""
    room = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (room / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, room / "checkout" / name)
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check", "--quiet"]
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "-w", room / "dist", room / "checkout"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = (room / "dist").glob("accord-*.whl")
    zipfile.ZipFile(wheel).extractall(room / "site")
    shutil.rmtree(room / "checkout")
    return room / "site"


def scenario(installed: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    run = "import accord, sys; from accord.shell.cli import main; sys.argv[0] = 'scenario'; main()"
    return subprocess.run(
        [sys.executable, "-c", run, *words],
        cwd=installed.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_starter_is_in_the_package_and_no_code_of_the_samples(installed: Path) -> None:
    starter = installed / "accord" / "starter"
    there = {path.relative_to(starter).as_posix() for path in starter.rglob("*") if path.is_file()}
    assert {
        "config.toml",
        "scenarios/bienvenue.yaml",
        "templates/layout.html",
        "samples/contacts.csv",
    } <= there
    assert not [name for name in there if name.endswith(".py")]
    assert (starter / "config.toml").read_bytes() == (ROOT / "config.toml").read_bytes()


def test_a_venue_made_by_the_package_runs_as_it_is(installed: Path) -> None:
    made = scenario(installed, "init", "theatre")
    assert (made.returncode, made.stderr) == (0, "")
    checked = scenario(installed, "--config", "theatre/config.toml", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 errors, 0 warnings" in checked.stdout
    asked = scenario(
        installed, "--config", "theatre/config.toml", "policy", "test", "theatre/policy/maison.yaml"
    )
    assert asked.returncode == 0, asked.stdout + asked.stderr
