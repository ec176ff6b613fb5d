"""The page of codes is made of the golden cases, and no code is without one."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "errors.py"


def the_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("errors_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_is_fresh() -> None:
    done = subprocess.run([sys.executable, TOOL, "--check"], check=False)
    assert done.returncode == 0, "run `make docs`"


def test_every_code_has_its_example_or_is_told_by_hand() -> None:
    tool = the_tool()
    without = tool.codes_in_the_source() - set(tool.examples())
    page = tool.PAGE.read_text(encoding="utf-8")
    assert sorted(code for code in without if f"(`{code}`)" not in page) == []
    assert without == {"not-utf-8", "template-missing", "unreadable"}
