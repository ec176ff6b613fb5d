"""config.toml: every fault at its place and all of them at once, the environment over it, secrets never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.core.language.report import as_text
from accord.core.model.time import Duration
from accord.shell.settings import ConfigFault, Settings, load_settings
from cli_driver import SMALL


def read(folder: Path, text: str, **environ: str) -> Settings:
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return load_settings(folder / "config.toml", environ)


def faults(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigFault) as raised:
        read(folder, text, **environ)
    return as_text(raised.value.diagnostics, {"config.toml": raised.value.text})


def test_the_small_venue_is_right_and_paths_count_from_its_folder(tmp_path: Path) -> None:
    settings = read(tmp_path, SMALL)
    assert settings.database_url == f"sqlite:///{tmp_path / 'accord.db'}"
    assert settings.keys_file == tmp_path / "accord.keys"
    assert settings.alarm_lag == Duration(minutes=15)
    assert settings.venue.frequency["prospecting"].count == 4


@pytest.mark.parametrize(
    ("added", "told"),
    [
        (
            '[smpt]\nhost = "x"',
            (
                "config.toml:2:1: «smpt» is not a key of the configuration. Did you mean smtp? [unknown-key]\n"
                "    [smpt]\n    ^~~~~~\n"
            ),
        ),
        (
            "[policy]\nreview_is_prospectin = true",
            (
                "config.toml:3:1: «policy.review_is_prospectin» is not a key of the configuration. "
                "Did you mean review_is_prospecting? [unknown-key]\n"
                "    review_is_prospectin = true\n    ^~~~~~~~~~~~~~~~~~~~\n"
            ),
        ),
        (
            '[smtp]\nport = "x"',
            (
                "config.toml:3:8: «smtp.port»: «x» is not a whole number. [wrong-value]\n"
                '    port = "x"\n           ^~~\n'
            ),
        ),
        (
            '[smtp]\nsecurity = "startls"',
            (
                "config.toml:3:12: «smtp.security»: «startls» is none of none, starttls, tls. "
                "Did you mean starttls? [wrong-value]\n"
                '    security = "startls"\n               ^~~~~~~~~\n'
            ),
        ),
        (
            "[retention]\nmonths = 48  # longer",
            (
                "config.toml:3:10: «retention.months»: «48» must be at most 36. [wrong-value]\n"
                "    months = 48  # longer\n             ^~\n"
            ),
        ),
        (
            '[database]\nurl = "mysql://x"',
            (
                "config.toml:3:7: «database.url»: write sqlite:///FILE or postgresql://…. [wrong-value]\n"
                '    url = "mysql://x"\n          ^~~~~~~~~~~\n'
            ),
        ),
        (
            '[frequency]\nprospecting = "often"\nnewsleter = "1 per 28 days"',
            (
                "config.toml:3:15: «often»: write «4 per 28 days». [wrong-value]\n"
                '    prospecting = "often"\n                  ^~~~~~~\n'
                "config.toml:4:1: There is no purpose «newsleter». Did you mean newsletter? [unknown-purpose]\n"
                '    newsleter = "1 per 28 days"\n    ^~~~~~~~~\n'
            ),
        ),
        (
            '[smtp]\npassword = "hunter2"',
            (
                "config.toml:3:12: A password does not belong in a file that git keeps. "
                "Use ACCORD_SMTP__PASSWORD or smtp.password_file. [secret-in-file]\n"
                "    password = ********\n               ^~~~~~~~\n"
            ),
        ),
        (
            '[database]\nurl = "postgresql://accord:hunter2@db.example.org/accord"',
            (
                "config.toml:3:7: The password in the database's address does not belong in a file that git keeps. "
                "Use ACCORD_DATABASE__URL, or ~/.pgpass. [secret-in-file]\n"
                '    url = "postgresql://accord:********@db.example.org/accord"\n'
                f"          ^{'~' * 50}\n"
            ),
        ),
    ],
)
def test_a_fault_is_told_at_its_place(tmp_path: Path, added: str, told: str) -> None:
    assert faults(tmp_path, f"\n{added}\n{SMALL}") == told


def test_all_faults_are_told_at_once_whatever_their_kind(tmp_path: Path) -> None:
    wrong = SMALL.replace("allow_time_travel = true", 'alarm_lag = "soon"\nalarm_lagg = 1').replace(
        "[purposes.newsletter]", '[smtp]\nconnections = 0\n\n[purposes.newsletter]\nfamilie = ["x"]'
    )
    codes = [line.rpartition("[")[2] for line in faults(tmp_path, wrong).splitlines() if line.endswith("]")]
    assert codes.count("unknown-key]") == 2
    assert codes.count("wrong-value]") == 2


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    told = faults(tmp_path, '[entity]\nname = "x"\n')
    assert [
        line.partition(": ")[2] for line in told.splitlines() if line.endswith("]") and "config" in line
    ] == [
        "«web» is missing. [missing-key]",
        "«entity.address» is missing. [missing-key]",
        "«entity.senders» is missing. [missing-key]",
    ]


def test_what_is_no_toml_is_told_and_nothing_else(tmp_path: Path) -> None:
    assert faults(tmp_path, "[smtp\n") == (
        "config.toml:1:6: This can't be read as TOML: Expected ']' at the end of a table declaration. [toml]\n"
        "    [smtp\n         ^\n"
    )


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault) as missing:
        load_settings(tmp_path / "config.toml", {})
    [told] = missing.value.diagnostics
    assert (told.code, told.hint) == (
        "config-unreadable",
        "Run `scenario init` to make a venue, or name its file with --config.",
    )
    (tmp_path / "config.toml").write_bytes(b'[entity]\nname = "\xff"\n')
    with pytest.raises(ConfigFault) as binary:
        load_settings(tmp_path / "config.toml", {})
    assert binary.value.diagnostics[0].message.endswith("can't be read: it is not UTF-8 text.")


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    settings = read(tmp_path, SMALL, ACCORD_SMTP__PORT="2500", ACCORD_WEB__BASE_URL="https://x.example.org")
    assert (settings.smtp.main.port, settings.venue.base_url) == (2500, "https://x.example.org")
    assert ("smtp.port", "2500", "ACCORD_SMTP__PORT") in settings.values
    assert faults(tmp_path, SMALL, ACCORD_SMTP__PORTT="3").startswith("ACCORD_SMTP__PORTT:1:1: «smtp.portt»")
    assert "«x» is not a whole number" in faults(tmp_path, SMALL, ACCORD_SMTP__PORT="x")


def test_secrets_are_taken_from_outside_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("hunter2\n")
    settings = read(tmp_path, f'{SMALL}\n[smtp]\npassword_file = "pw"\n')
    assert settings.smtp.main.password == "hunter2"
    assert "hunter2" not in repr(settings)
    told = {key: value for key, value, _ in settings.values}
    assert told["smtp.password_file"] == "pw"
    url = "postgresql://accord:hunter2@db.example.org/accord"
    settings = read(tmp_path, SMALL, ACCORD_SMTP__PASSWORD="hunter2", ACCORD_DATABASE__URL=url)
    told = {key: value for key, value, _ in settings.values}
    assert told["smtp.password"] == "********"
    assert told["database.url"] == "postgresql://accord:********@db.example.org/accord"


def test_a_secret_of_the_wrong_type_is_not_repeated(tmp_path: Path) -> None:
    told = faults(tmp_path, f"\n[smtp]\npassword = 12345\n{SMALL}")
    assert "12345" not in told
    assert "«smtp.password»: what stands there is not text. [wrong-value]" in told


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("lettre", "holds no e-mail address"),
        ("été@theatre.example.org", "has letters beyond ASCII before its @"),
        ("lettre@theatre..org", "names no domain behind its @"),
    ],
)
def test_a_sender_that_cant_stand_in_from_is_a_fault(tmp_path: Path, address: str, wrong: str) -> None:
    assert wrong in faults(tmp_path, SMALL.replace("<lettre@theatre.example.org>", f"<{address}>"))


def test_a_sender_may_have_a_domain_with_accents(tmp_path: Path) -> None:
    wide = read(tmp_path, SMALL.replace("<lettre@theatre.example.org>", "<lettre@théâtre.example.org>"))
    assert wide.dkim.domain == "xn--thtre-4qa2c.example.org"
