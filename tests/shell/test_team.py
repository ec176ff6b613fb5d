"""The team: who comes into the console, who does not, and what guessing passwords leads to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accord.shell.engine.ports.team import Role, Session
from accord.shell.engine.team import (
    LOCKED_FOR,
    MOST_MISSES,
    SESSION,
    Locked,
    NotOfTheTeam,
    add_member,
    change_password,
    change_role,
    remove_member,
    sign_in,
    sign_out,
    signed_in,
)
from accord.shell.store.database import SqlStore

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PASSWORD, SALT = "a sentence is a good one", bytes(range(16))


@pytest.fixture
def team(store: SqlStore) -> SqlStore:
    add_member(store, "marie", Role.EDITOR, PASSWORD, salt=SALT, by="test", now=NOW)
    return store


def come_in(store: SqlStore, password: str = PASSWORD, *, now: datetime = NOW) -> Session | Locked | None:
    return sign_in(store, "marie", password, token="a cookie", now=now)


def who_is(store: SqlStore, *, now: datetime = NOW, token: str = "a cookie") -> str | None:
    with store.read() as unit:
        member = signed_in(unit, token, now)
    return f"{member.name} {member.role.value}" if member is not None else None


def test_the_right_password_opens_a_session_for_half_a_day(team: SqlStore) -> None:
    assert isinstance(come_in(team), Session)
    assert who_is(team) == "marie editor"
    assert who_is(team, token="another cookie") is None
    assert who_is(team, now=NOW + SESSION) is None


def test_a_wrong_name_is_answered_as_a_wrong_password_is(team: SqlStore) -> None:
    assert come_in(team, "a sentence is a bad one") is None
    assert sign_in(team, "nobody", PASSWORD, token="a cookie", now=NOW) is None
    assert who_is(team) is None


def test_five_guesses_lock_the_name_for_a_while_whatever_comes_then(team: SqlStore) -> None:
    for _ in range(MOST_MISSES - 1):
        assert come_in(team, "a wrong password") is None
    assert come_in(team, "a wrong password") == Locked(NOW + LOCKED_FOR)
    assert come_in(team) == Locked(NOW + LOCKED_FOR), "the right password does not help"
    assert isinstance(come_in(team, now=NOW + LOCKED_FOR), Session)
    with team.read() as unit:
        assert [deed.action for deed in unit.deeds()] == ["console sign in", "console lock", "team add"]


def test_a_right_password_in_between_forgives_the_wrong_ones(team: SqlStore) -> None:
    for _ in range(MOST_MISSES - 1):
        come_in(team, "a wrong password")
    come_in(team)
    assert come_in(team, "a wrong password") is None


def test_a_new_password_opens_the_lock_and_ends_the_old_sessions(team: SqlStore) -> None:
    come_in(team)
    for _ in range(MOST_MISSES):
        come_in(team, "a wrong password")
    change_password(team, "marie", "another good sentence", salt=SALT, by="test", now=NOW)
    assert who_is(team) is None
    assert come_in(team) is None
    assert isinstance(come_in(team, "another good sentence"), Session)


def test_a_role_that_changes_counts_from_that_instant_on(team: SqlStore) -> None:
    come_in(team)
    change_role(team, "marie", Role.VIEWER, by="test", now=NOW)
    assert who_is(team) == "marie viewer"


def test_who_is_removed_is_out_at_once(team: SqlStore) -> None:
    come_in(team)
    remove_member(team, "marie", by="test", now=NOW)
    assert who_is(team) is None
    assert come_in(team) is None


def test_signing_out_ends_this_session_alone(team: SqlStore) -> None:
    come_in(team)
    sign_in(team, "marie", PASSWORD, token="at home", now=NOW + timedelta(minutes=1))
    sign_out(team, "a cookie")
    assert who_is(team) is None
    assert who_is(team, token="at home") == "marie editor"


def test_sessions_that_are_over_are_forgotten(team: SqlStore) -> None:
    come_in(team)
    sign_in(team, "marie", PASSWORD, token="later", now=NOW + SESSION)
    with team.read() as unit:
        assert [deed.action for deed in unit.deeds()].count("console sign in") == 2
        assert signed_in(unit, "a cookie", NOW) is None


def test_of_a_password_and_of_a_cookie_nothing_is_kept_that_opens_the_door(team: SqlStore) -> None:
    session = come_in(team)
    with team.read() as unit:
        member = unit.team.member("marie")
    assert member is not None
    assert isinstance(session, Session)
    assert PASSWORD not in member.secret
    assert "a cookie" not in session.digest


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("marie", PASSWORD, "is of the team already"),
        ("zoé", "short", "at least 12 characters"),
        ("", PASSWORD, "A name is"),
        ("zo\né", PASSWORD, "A name is"),
    ],
)
def test_what_can_not_be_is_refused_in_a_sentence(
    team: SqlStore, name: str, password: str, said: str
) -> None:
    with pytest.raises(NotOfTheTeam, match=said):
        add_member(team, name, Role.VIEWER, password, salt=SALT, by="test", now=NOW)


def test_who_is_not_of_the_team_can_not_be_changed(team: SqlStore) -> None:
    with pytest.raises(NotOfTheTeam, match="there are: marie"):
        change_role(team, "nobody", Role.ADMIN, by="test", now=NOW)
