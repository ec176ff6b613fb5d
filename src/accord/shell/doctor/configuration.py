"""Configuration and keys: whom their files are open to, and whether git has them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from accord.shell.doctor.findings import Finding, fine, mend, note, unseen
from accord.shell.doctor.patient import Patient
from accord.shell.keys import KeysFault, read_keys

_ANYBODY_ELSE = 0o077
_OTHERS = 0o027


def configuration(patient: Patient) -> Iterator[Finding]:
    """Who reaches here has a configuration that is valid; what may be amiss with it all the same."""
    settings = patient.settings
    yield fine("config", f"config.toml is valid: {len(settings.values)} values")
    if settings.allow_time_travel and patient.sends:
        yield note(
            "time-travel",
            "[engine] allow_time_travel is on where mail really leaves: `tick --now` could send tomorrow's today.",
            "Set allow_time_travel = false in config.toml, under [engine].",
        )
    if not patient.sends:
        yield unseen(
            "delivery",
            f"Mail goes to the folder {settings.mailbox.name}, not to people; the outside was not looked at.",
            'To send: kind = "smtp" in config.toml, under [delivery]. To look now: scenario doctor dns relay page',
        )


def keys(patient: Patient) -> Iterator[Finding]:
    """accord.keys, and the keys that sign mail: there, whole, and their owner's alone."""
    file = patient.settings.keys_file
    try:
        read_keys(file)
    except KeysFault as fault:
        yield mend("keys", str(fault), f"Restore {file.name} from your backup.")
        return
    if file.stat().st_mode & _ANYBODY_ELSE:
        yield mend(
            "keys",
            f"{file.name} is open to others, who could forge links and read the objection list.",
            f"chmod 600 {file}",
        )
    else:
        yield fine("keys", f"{file.name} is whole, and its owner's alone")
    signing = patient.settings.dkim.keys
    for key in signing:
        yield fine("keys", f"{key.file.name} signs ({key.signer.algorithm}), and nobody else can read it")
    yield from _in_git([file, *(key.file for key in signing)])
    yield from _secrets(patient)


def _secrets(patient: Patient) -> Iterator[Finding]:
    """Files of passwords and secrets that config.toml names."""
    named = [(key, value) for key, value, _ in patient.settings.values if key.endswith("_file") and value]
    for key, value in named:
        file = patient.settings.root / value
        if file.exists() and file.stat().st_mode & _OTHERS:
            yield mend("secrets", f"{value}, of «{key}», is open to others.", f"chmod 600 {file}")


def _in_git(files: list[Path]) -> Iterator[Finding]:
    """Whether git tracks a key: whoever has the repository would have it."""
    git = shutil.which("git")
    if git is None:
        return
    for file in files:
        asked = [git, "-C", str(file.parent), "ls-files", "--error-unmatch", "--", file.name]
        try:
            known = subprocess.run(asked, capture_output=True, check=False, timeout=10).returncode == 0  # noqa: S603 - fixed words
        except (OSError, subprocess.TimeoutExpired):
            return
        if known:
            yield mend(
                "keys",
                f"git keeps {file.name}: whoever has the repository can sign in your name.",
                f"git rm --cached {file.name}, add it to .gitignore, and make a new key.",
            )
