"""The team: who may come into the console, as what; passwords, sessions, and a lock after too many guesses."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Store, Unit
from accord.shell.engine.ports.team import Member, Role, Session

# A working day: nobody stays signed in on a shared machine over night.
SESSION = timedelta(hours=12)

# So many wrong passwords in a row lock a name for a while, so that guessing takes for ever.
MOST_MISSES, LOCKED_FOR = 5, timedelta(minutes=15)

SHORTEST_PASSWORD = 12  # characters; length is what counts (NIST SP 800-63B)
SALT = 16  # bytes

# scrypt's cost (RFC 7914): 32 MiB and some 0.1 s a guess.
_N, _R, _P = 2**15, 8, 1


class NotOfTheTeam(Exception):
    """A change that can't be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many wrong passwords: nobody comes in under this name before `until`, with whatever password."""

    until: datetime


# -- coming in -------------------------------------------------------------------------------------------------


def sign_in(store: Store, name: str, password: str, *, token: str, now: datetime) -> Session | Locked | None:
    """Open a session whose cookie is `token`; None where name or password is wrong, the same for either.

    A password is hashed whether or not the name is known, so that the time taken tells nothing.
    """
    with store.read() as unit:
        known = unit.team.member(name)
    right = is_password(password, known.secret if known is not None else _NOBODY) and known is not None
    with store.begin() as unit:
        member = unit.team.member(name, lock=True)
        if member is None:
            return None
        if member.locked_until is not None and member.locked_until > now:
            return Locked(member.locked_until)
        if not right or known is None or known.secret != member.secret:
            return _missed(unit, member, now)
        session = Session(cookie_digest(token), name, now, now + SESSION)
        unit.team.keep_member(replace(member, misses=0, locked_until=None))
        unit.team.forget_sessions(now)
        unit.team.begin_session(session)
        unit.note_deed(Deed(now, name, "console sign in", name))
    return session


def _missed(unit: Unit, member: Member, now: datetime) -> Locked | None:
    misses = member.misses + 1
    if misses < MOST_MISSES:
        unit.team.keep_member(replace(member, misses=misses, locked_until=None))
        return None
    until = now + LOCKED_FOR
    unit.team.keep_member(replace(member, misses=0, locked_until=until))
    unit.note_deed(Deed(now, "console", "console lock", member.name, {"wrong_passwords": misses}))
    return Locked(until)


def signed_in(unit: Unit, token: str, now: datetime) -> Member | None:
    """Whose cookie this is, as they may act now; None for one that is unknown or over."""
    session = unit.team.session(cookie_digest(token))
    if session is None or session.ends_at <= now:
        return None
    return unit.team.member(session.member)


def sign_out(store: Store, token: str) -> None:
    """End the session of this cookie, if there is one."""
    with store.begin() as unit:
        unit.team.end_sessions(digest=cookie_digest(token))


def cookie_digest(token: str) -> str:
    """What is kept of a cookie: it is long and random, so that a plain SHA-256 can't be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


# -- who is of it ----------------------------------------------------------------------------------------------


def add_member(
    store: Store, name: str, role: Role, password: str, *, salt: bytes, by: str, now: datetime
) -> None:
    """Let somebody in. Raises NotOfTheTeam where the name is taken or can't be one, or the password is short."""
    if not name or not name.isprintable() or len(name) > 100 or name != name.strip():
        raise NotOfTheTeam("A name is one to a hundred printable characters.")
    secret = hashed(password, salt)
    with store.begin() as unit:
        if unit.team.member(name) is not None:
            raise NotOfTheTeam(f"{name} is of the team already.")
        unit.team.keep_member(Member(name, role, secret, now))
        unit.note_deed(Deed(now, by, "team add", name, {"role": role.value}))


def change_role(store: Store, name: str, role: Role, *, by: str, now: datetime) -> None:
    """From now on they may do what `role` may. Raises NotOfTheTeam."""
    with store.begin() as unit:
        member = _member(unit, name)
        unit.team.keep_member(replace(member, role=role))
        unit.note_deed(Deed(now, by, "team role", name, {"was": member.role.value, "is": role.value}))


def change_password(store: Store, name: str, password: str, *, salt: bytes, by: str, now: datetime) -> None:
    """A new password; whoever is signed in by the old one is not any more. Raises NotOfTheTeam."""
    secret = hashed(password, salt)
    with store.begin() as unit:
        member = _member(unit, name)
        unit.team.keep_member(replace(member, secret=secret, misses=0, locked_until=None))
        unit.team.end_sessions(member=name)
        unit.note_deed(Deed(now, by, "team password", name))


def remove_member(store: Store, name: str, *, by: str, now: datetime) -> None:
    """Let them in no more, from this instant on. Raises NotOfTheTeam."""
    with store.begin() as unit:
        _member(unit, name)
        unit.team.end_sessions(member=name)
        unit.team.drop_member(name)
        unit.note_deed(Deed(now, by, "team remove", name))


def _member(unit: Unit, name: str) -> Member:
    member = unit.team.member(name, lock=True)
    if member is None:
        names = ", ".join(each.name for each in unit.team.members()) or "nobody yet"
        raise NotOfTheTeam(f"{name} is not of the team; there are: {names}.")
    return member


# -- passwords -------------------------------------------------------------------------------------------------


def hashed(password: str, salt: bytes) -> str:
    """What is kept of a password. Raises NotOfTheTeam where it is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise NotOfTheTeam(
            f"A password has at least {SHORTEST_PASSWORD} characters; a sentence is a good one."
        )
    return f"scrypt:{salt.hex()}:{_scrypt(password, salt).hex()}"


def is_password(password: str, secret: str) -> bool:
    """Whether this is the password that `secret` was made of; compared in constant time."""
    _, salt, digest = secret.split(":")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)).hex(), digest)


def _scrypt(password: str, salt: bytes) -> bytes:
    # Nobody's password is longer, and hashing a megabyte would be a way to keep us busy.
    return hashlib.scrypt(password[:1024].encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=2**26)


_NOBODY = f"scrypt:{bytes(SALT).hex()}:{bytes(64).hex()}"
