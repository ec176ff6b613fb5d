"""The example venue: where it stands, and how its files come into a folder of one's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from accord.shell.cli.output import InputFault

PARTS = ("config.toml", "scenarios", "templates", "forms", "policy")


@contextmanager
def starter(preferred: Path | None = None, samples: Sequence[str] = ()) -> Iterator[Path]:
    """The folder of the example venue: `preferred` where it has these samples, else the package's, else the
    checkout's that this runs in. Raises InputFault where there is none.
    """
    if (
        preferred is not None
        and samples
        and all((preferred / "samples" / name).is_file() for name in samples)
    ):
        yield preferred
        return
    packaged = files("accord") / "starter"
    checkout = Path(__file__).parents[4]
    if packaged.joinpath("config.toml").is_file():
        with as_file(packaged) as root:
            yield root
    elif (checkout / "config.toml").is_file():
        yield checkout
    else:
        raise InputFault("The example venue is not part of this installation.")


def copy_parts(root: Path, folder: Path, parts: Sequence[str]) -> None:
    """Copy these files and folders; hidden files and what programs left there stay behind."""
    left = shutil.ignore_patterns(".*", "__pycache__")
    for name in parts:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=left)
        elif source.is_file():
            shutil.copyfile(source, folder / name)
