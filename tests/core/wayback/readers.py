"""Whom a message is about, where Ada is the only one who was ever written to, by mail 42."""

from __future__ import annotations

from accord.core.mail.returns import Returns, marks_in
from accord.core.model.contact import email_key
from accord.core.model.returned import Returned, ReturnKind
from accord.shell.engine.wayback.known import Known
from builders import a_contact
from core.wayback.corpus import ADDRESS, RETURNS

ADA = a_contact(email=ADDRESS)


def known_by(returned: Returned, returns: Returns = RETURNS) -> Known | None:
    for where, text in returned.marks:
        mark = next(marks_in(text))
        if returns.is_ours(mark) and mark.message_id == 42:
            return Known(ADA, mark, None, where.value)
    wrote = returned.kind in (ReturnKind.REPLY, ReturnKind.UNSUBSCRIBE)
    return Known(ADA) if wrote and email_key(returned.sender) == ADDRESS else None
