"""Finding the person that a request is about: by number in its path, by address in its body."""

from __future__ import annotations

from typing import Any

from accord.core.expressions.fields import FieldFault, Unreadable, read_text
from accord.core.model.contact import GONE, Contact, email_key
from accord.shell.documents import contact_document
from accord.shell.engine.ports.store import Unit
from accord.shell.web.api.operation import Call
from accord.shell.web.problems import Problem, fields_problem


def contact_in_path(call: Call, unit: Unit) -> Contact:
    """The person with the number in the path; the survivor of a record that was merged. Raises Problem."""
    text = call.path["id"]
    # What is longer is no number that a database can hold.
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    living = unit.keeping.living([number]).get(number)
    known = unit.contacts([living]) if living is not None else {}
    found = next(iter(known.values()), None)
    if found is None or found.address_state in GONE:
        raise Problem("not-found", "There is no such contact.")
    return found


def contact_in_body(call: Call, unit: Unit, *also: str) -> Contact:
    """The person with the `email` of a body that holds nothing but that, and `also`. Raises Problem."""
    faults = [FieldFault(name, "nobody reads this key") for name in call.body if name not in ("email", *also)]
    found: Contact | None = None
    try:
        if "email" not in call.body:
            raise Unreadable("it is missing")
        key = email_key(read_text(call.body["email"]))
        found = unit.contacts_by_key([key]).get(key)
    except Unreadable as fault:
        faults.append(FieldFault("email", str(fault)))
    if faults:
        raise fields_problem(faults, call.body)
    if found is None or found.address_state in GONE:
        raise Problem("not-found", "There is no contact with this address.")
    return found


def whole(call: Call, unit: Unit, contact: Contact) -> dict[str, Any]:
    """All that is known of one person."""
    situation = unit.situations([contact.id])[contact.id]
    closed, runs = unit.keeping.closed_into(contact.id), unit.open_runs([contact.id])
    return contact_document(call.venue, situation, runs, closed)
