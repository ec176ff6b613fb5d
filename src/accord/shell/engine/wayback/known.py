"""Known again: which mail of the ledger something that came back is about, and whose it is; forged is nobody's."""

from __future__ import annotations

from dataclasses import dataclass

from accord.core.mail.returns import Mark, Returns, marks_in
from accord.core.model.contact import Contact, email_key
from accord.core.model.message import Message, MessageState
from accord.core.model.returned import Returned, ReturnKind
from accord.shell.engine.ports.store import Unit

# A mail that has not left can't have come back.
OUT = frozenset(
    {
        MessageState.ACCEPTED,
        MessageState.UNKNOWN,
        MessageState.BOUNCED,
        MessageState.COMPLAINED,
        MessageState.SENDING,
    }
)


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whom something that came back is about: by a mark of ours and its mail, or by the sender's address.

    `message` is None where only the address is known, and where the mail is not in the ledger any more.
    """

    contact: Contact
    mark: Mark | None = None
    message: Message | None = None
    where: str = "sender"

    @property
    def proven(self) -> bool:
        """Whether only somebody who has the mail could have told it."""
        return self.mark is not None


def whom(unit: Unit, returned: Returned, returns: Returns) -> Known | None:
    """Whom it is about: by a mark of ours; what a person wrote also by the address that it came from."""
    known = known_again(unit, returned, returns)
    if known is None and returned.kind in (ReturnKind.REPLY, ReturnKind.UNSUBSCRIBE):
        return known_by_address(unit, returned)
    return known


def known_again(unit: Unit, returned: Returned, returns: Returns) -> Known | None:
    """The mail that a mark of ours names, the best place first; None where there is no good mark.

    A good mark of a mail that the ledger does not have, or that never left, names nobody either.
    """
    for where, text in returned.marks:
        mark = next(marks_in(text), None)
        if mark is None or not returns.is_ours(mark):
            continue
        message = unit.message(mark.message_id)
        if message is None or message.state not in OUT:
            continue
        contact = _living(unit, message.contact_id)
        if contact is not None:
            return Known(contact, mark, message, where.value)
    return None


def known_by_address(unit: Unit, returned: Returned) -> Known | None:
    """Somebody whose address is the sender's: anybody could have written that, so it serves an objection alone."""
    key = email_key(returned.sender)
    contact = unit.contacts_by_key([key]).get(key) if "@" in key else None
    return Known(contact) if contact is not None else None


def _living(unit: Unit, contact_id: int) -> Contact | None:
    number = unit.keeping.living([contact_id]).get(contact_id)
    return unit.contacts([number]).get(number) if number is not None else None
