"""Delivery reports: RFC 3464 where a server keeps to it, and the many bounces that keep to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from email.message import Message

from flufl.bounce import all_failures

from accord.core.mail.returns import marks_in
from accord.core.model.returned import Fate, unaccented
from accord.core.wayback.opened import Opened, address_in, flat, unfolded
from accord.core.wayback.phrases import by_words_alone, first_code, meaning, reply_class

MOST_RECIPIENTS = 50

SEVERAL = "several"
"""In place of a recipient, where more than one is named and none can be told to have failed."""

_DAEMON = re.compile(
    r"mailer-?daemon|postmaster|mail(?:er)?-?(?:delivery|system)|microsoftexchange[0-9a-f]+|bounces?[-+@]|no-?reply\.?mail",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|failure|has failed|report|incomplete|delayed|problem)|returned mail|mail delivery (?:failed|failure|system|report)"
    r"|failure notice|non remis|non distribue|echec de (?:la )?(?:remise|livraison)|message (?:non delivre|refuse|delayed)|unzustellbar|delivery notification"
    r"|could not be delivered|warning: (?:message|could not)|notification d'etat|mail system error|erreur de distribution|remise (?:differee|retardee)",
)
_RETURNED = re.compile(
    r"^\s*(?:-{3,}.*(?:original|returned|copy|headers|copie|message d'origine|d'origine).*|-{3,} ?below this line.*|={4,}"
    r"|original message (?:headers )?follows?.*|this is a copy of the message.*|ceci est (?:une )?copie.*|.*message headers? follow.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_DELAY = re.compile(
    r"delay|differe|retard|will (?:keep|continue|be retried)|still (?:being|trying)|warning:|not yet been delivered",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"<?([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255})>?")


def fates_of(mail: Opened) -> tuple[Fate, ...]:
    """What a delivery report says of each recipient; empty where it is none."""
    part = mail.report("delivery-status")
    told = tuple(_told(part, mail))[:MOST_RECIPIENTS] if part is not None else ()
    if told:
        return told
    return tuple(_guessed(mail))[:MOST_RECIPIENTS] if looks_like_a_bounce(mail) else ()


def looks_like_a_bounce(mail: Opened) -> bool:
    """Whether a machine that carries mail wrote it: by its type, by who sent it, by what it is about."""
    if mail.report_type == "delivery-status" or mail.report("delivery-status") is not None:
        return True
    if mail.header("x-failed-recipients"):
        return True
    subject = unaccented(mail.subject)
    by_daemon = bool(_DAEMON.search(mail.header("from"))) or mail.null_sender
    return by_daemon and bool(
        _SUBJECT.search(subject) or mail.message.get_content_type() == "multipart/report"
    )


# -- as RFC 3464 says -----------------------------------------------------------------------------------------


def _told(part: Message, mail: Opened) -> Iterator[Fate]:
    for fields in _blocks(part):
        if "action" not in fields and "status" not in fields and "final-recipient" not in fields:
            continue
        words = " ".join(
            filter(None, (fields.get("diagnostic-code", ""), fields.get("x-supplementary-info", "")))
        )
        words = re.sub(r"^\s*(?:smtp|x-[\w-]+|dns)\s*;\s*", "", words, flags=re.IGNORECASE)
        meant = meaning(fields.get("status", ""), words or _coded(_before_the_mail(mail)))
        action = fields.get("action", "").split("(")[0].strip().lower()
        yield Fate(
            action={"error": "failed", "fail": "failed", "failure": "failed"}.get(action, action)
            or _action(meant.status),
            status=meant.status,
            recipient=_address(fields.get("final-recipient", "")),
            original=_address(fields.get("original-recipient", "") or fields.get("x-actual-recipient", "")),
            words=words[:500],
            greylisted=meant.greylisted,
        )


def _coded(words: str) -> str:
    """What was told to people, where a server's own code stands in it: it fills in for a torn report, nothing else does."""
    return words if first_code(words) or reply_class(words) else ""


def fields_of(part: Message) -> Mapping[str, str]:
    """All fields of a report, whatever group they stand in; the first of each name."""
    found: dict[str, str] = {}
    for fields in _blocks(part):
        found = {**fields, **found}
    return found


def _blocks(part: Message) -> Iterator[Mapping[str, str]]:
    """The groups of fields of a report, however the part is encoded or broken off."""
    payload = part.get_payload()
    plainly = isinstance(payload, list) and str(part.get("content-transfer-encoding", "")).lower() not in (
        "base64",
        "quoted-printable",
    )
    if plainly and isinstance(payload, list):
        for block in payload:
            if isinstance(block, Message):
                yield _first_of_each((name.lower(), unfolded(value)) for name, value in block.items())
        return
    text = _reassembled(part) if isinstance(payload, list) else flat(part)
    for group in re.split(r"\r?\n[ \t]*\r?\n", text):
        yield fields_in(group)


def _reassembled(part: Message) -> str:
    """A report that was encoded, which the parser took for fields."""
    blocks = part.get_payload()
    found = [each for each in blocks if isinstance(each, Message)] if isinstance(blocks, list) else []
    texts = [
        "\n".join([*(f"{name}: {value}" for name, value in each.items()), str(each.get_payload() or "")])
        for each in found
    ]
    whole = Message()
    whole["Content-Transfer-Encoding"] = str(part.get("content-transfer-encoding"))
    whole.set_payload("\n".join(texts))
    return flat(whole)


def fields_in(group: str) -> dict[str, str]:
    """`Name: value` lines with their continuations, the first of each name."""
    lines: list[str] = []
    for line in group.splitlines():
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    told = (line.partition(":") for line in lines)
    return _first_of_each(
        (name.strip().lower(), unfolded(value)) for name, colon, value in told if colon and name.strip()
    )


def _first_of_each(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Fields by name. Where one that matters is there twice, lines of several recipients have run together."""
    found: dict[str, str] = {}
    for name, value in fields:
        if found.setdefault(name, value) != value and name in ("final-recipient", "action", "status"):
            found["final-recipient"] = SEVERAL
    return found


def _address(field: str) -> str:
    """`rfc822; <ada@example.org>` as an address."""
    _, semicolon, rest = field.partition(";")
    text = (rest if semicolon else field).strip()
    return address_in(text)


# -- and where nothing is said for machines ----------------------------------------------------------------


def _guessed(mail: Opened) -> Iterator[Fate]:
    words = _before_the_mail(mail)
    temporary, permanent = _found_by_flufl(mail)
    named = [each for each in mail.header("x-failed-recipients").replace(",", " ").split() if "@" in each]
    recipients = sorted({*permanent, *named}) or sorted(temporary) or _addresses_in(words)
    delayed = (bool(temporary) and not permanent) or _is_a_delay(mail)
    meant = meaning("", words) if _coded(words) else by_words_alone(words)
    action = "delayed" if delayed else _action(meant.status)
    for recipient in recipients or [""]:
        yield Fate(action, meant.status, recipient, "", words[:500], meant.greylisted)


def _action(status: str) -> str:
    return "delayed" if status.startswith("4") else "failed"


def _is_a_delay(mail: Opened) -> bool:
    subject = unaccented(mail.subject)
    return bool(_DELAY.search(subject)) and not re.search(r"fail|undeliver|echec|non remis", subject)


def _found_by_flufl(mail: Opened) -> tuple[frozenset[str], frozenset[str]]:
    """Recipients that are delayed, and that failed, as the detectors of flufl.bounce find them."""
    try:
        temporary, permanent = all_failures(mail.in_ascii)
    except Exception:  # noqa: BLE001 - a score of detectors made for the mails of decades; one that trips says nothing
        return frozenset(), frozenset()
    return _texts(temporary), _texts(permanent)


def _texts(addresses: frozenset[bytes]) -> frozenset[str]:
    return frozenset(each.decode("ascii", "replace") for each in addresses if b"@" in each)


def _before_the_mail(mail: Opened) -> str:
    """What is said before the returned mail begins."""
    text = mail.text
    begins = _RETURNED.search(text, 1)
    return text[: begins.start()] if begins is not None else text


def _addresses_in(words: str) -> list[str]:
    """The one address that is named beside a code or a failure; of several nobody can tell which one failed."""
    lines = [
        line
        for line in words.splitlines()
        if first_code(line) or reply_class(line) or "<" in line or ":" in line or "(" in line
    ]
    found = {
        match[1].rstrip(".")
        for line in lines
        for match in _ADDRESS.finditer(line)
        if not _DAEMON.search(match[1]) and next(marks_in(match[1]), None) is None
    }
    return sorted(found) if len(found) <= 1 else [SEVERAL]
