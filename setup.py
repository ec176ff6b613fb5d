"""What pyproject.toml cannot say: the example venue and its sample base become part of a built package.

They stand in the repository's root, where the README runs them, and in `accord/starter` of a wheel, where
`scenario init` and `scenario demo` find them. There is one copy of each in git.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
STARTER = ("config.toml", "scenarios", "templates", "forms", "policy", "samples")


class BuildWithStarter(build_py):
    """Builds as ever, and puts the starter beside; an editable install reads the repository itself."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for source, target in self._starter():
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        starter = [] if self.editable_mode else [target for _, target in self._starter()]
        return [*super().get_outputs(include_bytecode), *starter]

    def _starter(self) -> list[tuple[Path, str]]:
        files = [file for name in STARTER for file in (ROOT / name, *(ROOT / name).rglob("*"))]
        kept = [file for file in files if file.is_file() and file.suffix not in (".py", ".pyc")]
        there = Path(self.build_lib) / "accord" / "starter"
        return [(file, str(there / file.relative_to(ROOT))) for file in kept]


setup(cmdclass={"build_py": BuildWithStarter})
