"""Contacts: create, read, list, put right; and the request of a person to be erased."""

from __future__ import annotations

from typing import Any

from accord.core.expressions.fields import FieldFault
from accord.core.model.contact import Contact
from accord.shell.engine.addresses import Addresses
from accord.shell.engine.care.rights import Unfit, change_address, erase_person, rectify
from accord.shell.engine.intake.person import NotOurs, read_corrections, read_person, take_person
from accord.shell.engine.ports.store import Duplicate
from accord.shell.web.api.cursors import DEFAULT, page, page_of, paged
from accord.shell.web.api.operation import Answer, Call, Operation, Told
from accord.shell.web.api.people import contact_in_body, contact_in_path, whole
from accord.shell.web.api.schemas import (
    ANYTHING,
    DAY,
    EMAIL,
    FLAG,
    INSTANT,
    MAYBE_INSTANT,
    MAYBE_TEXT,
    NUMBER,
    TEXT,
    record,
    refers,
    rows,
    told,
)
from accord.shell.web.problems import Problem, fields_problem

PATH = "/api/v1/contacts"
ADDRESSES = Addresses()


def create(call: Call) -> Answer:
    """Take somebody in."""
    new, faults = read_person(call.body, call.venue, ADDRESSES, call.now)
    if new is None:
        raise fields_problem(faults, call.body)
    with call.store.begin() as unit:
        try:
            number, fresh = take_person(unit, call.catalogue, new, source=call.source, now=call.now)
        except NotOurs as fault:
            raise fields_problem([FieldFault("external_id", str(fault))], call.body) from None
    return Answer({"id": number, "new": fresh}, 201 if fresh else 200, f"{PATH}/{number}")


def read(call: Call) -> Answer:
    """One person, whole."""
    with call.store.read() as unit:
        return Answer(whole(call, unit, contact_in_path(call, unit)))


def find(call: Call) -> Answer:
    """One person by address."""
    with call.store.read() as unit:
        return Answer(whole(call, unit, contact_in_body(call, unit)))


def listed(call: Call) -> Answer:
    """A page of people."""
    limit = call.query.get("limit", DEFAULT)
    with call.store.read() as unit:
        found = unit.listing.contacts(call.query.get("cursor", 0), limit + 1)
    return Answer(page("contacts", found, limit, lambda each: each.id, _brief))


def _brief(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "email": contact.email,
        "external_id": contact.external_id,
        "language": contact.language,
        "zone": contact.zone,
        "address": contact.address_state.value,
        "collected_at": contact.collected_at,
        "last_action_at": contact.last_action_at,
        "attributes": dict(contact.attributes),
    }


def update(call: Call) -> Answer:
    """Put right what is known of somebody."""
    fields, faults = read_corrections(call.body, call.venue, ADDRESSES)
    if not call.body:
        faults = (FieldFault("", "nothing is said to be put right"),)
    if faults:
        raise fields_problem(faults, call.body)
    with call.store.read() as unit:
        contact = contact_in_path(call, unit)
    address = fields.pop("email", None)
    if fields:
        rectify(call.store, call.catalogue, contact.id, fields, by=call.by, now=call.now)
    objections: tuple[str, ...] = ()
    if isinstance(address, str):
        try:
            moved = change_address(call.store, call.catalogue, contact.id, address, by=call.by, now=call.now)
        except Duplicate:
            raise Problem("conflict", "Another contact has this address: the two are to be merged.") from None
        objections = moved.objections
    return Answer({"id": contact.id, "objections": objections})


def erase(call: Call) -> Answer:
    """Erase one person who asks for it (art. 17): by the same care as the command."""
    with call.store.read() as unit:
        contact = contact_in_path(call, unit)
    try:
        done = erase_person(call.store, call.catalogue, contact.id, by=call.by, now=call.now)
    except Unfit:
        raise Problem("not-found", "There is no such contact.") from None
    return Answer(
        {
            "contact": contact.id,
            "records": 1,
            "orders_archived": done.erased.orders,
            "mails_cancelled": done.erased.cancelled,
            "runs_ended": done.erased.runs,
            "was_under_way": done.under_way,
        }
    )


_SAID = {
    "email": EMAIL,
    "language": {"enum": ["fr", "en", None]},
    "zone": {"type": ["string", "null"], "description": "A time zone of the IANA list."},
    "attributes": {
        **ANYTHING,
        "description": "Those of `[attributes]` in config.toml, by name; null takes one away.",
    },
}

BRIEF = record(
    {
        "id": NUMBER,
        "email": EMAIL,
        "external_id": MAYBE_TEXT,
        "language": TEXT,
        "zone": TEXT,
        "address": TEXT,
        "collected_at": INSTANT,
        "last_action_at": MAYBE_INSTANT,
        "attributes": ANYTHING,
    }
)
CONTACT = record(
    {
        "id": NUMBER,
        "email": EMAIL,
        "also": rows(EMAIL),
        "language": TEXT,
        "zone": TEXT,
        "address": TEXT,
        "kind": TEXT,
        "collected_at": INSTANT,
        "from_third_party": FLAG,
        "last_action_at": MAYBE_INSTANT,
        "expires_on": DAY,
        "newsletters_per_month": {"type": ["integer", "null"]},
        "attributes": ANYTHING,
        "consents": rows(refers("State")),
        "orders": NUMBER,
        "runs": rows(record({"scenario": TEXT, "step": TEXT, "due_at": INSTANT})),
    }
)
ADA = {
    "id": 12,
    "email": "ada@example.org",
    "also": [],
    "language": "fr",
    "zone": "Europe/Paris",
    "address": "ok",
    "kind": "personal",
    "collected_at": "2026-11-24T09:00:00+00:00",
    "from_third_party": False,
    "last_action_at": None,
    "expires_on": "2029-11-24",
    "newsletters_per_month": None,
    "attributes": {"first_name": "Ada"},
    "consents": [
        {
            "purpose": "newsletter",
            "kind": "editorial",
            "state": "never_asked",
            "informed": False,
            "since": None,
        }
    ],
    "orders": 0,
    "runs": [],
}

OPERATIONS = (
    Operation(
        "createContact",
        "POST",
        PATH,
        "people:write",
        "Take a person in",
        "Whoever has this address already is left as they are: `new` is false then, and PATCH puts things right. What the "
        "objection list has against the address holds from the start. A contact is no consent: nobody is written to "
        "for having been created.",
        create,
        Told(record({"id": NUMBER, "new": FLAG}), {"id": 12, "new": True}),
        Told(
            told(
                {
                    **_SAID,
                    "external_id": {
                        "type": ["string", "null"],
                        "description": "Your own number of the person.",
                    },
                    "address_kind": {"enum": ["personal", "professional", "generic", None]},
                    "collected_at": {
                        **MAYBE_INSTANT,
                        "description": "When the address was collected; now if not said.",
                    },
                    "from_third_party": {
                        "type": ["boolean", "null"],
                        "description": "Whether somebody else gave you the address (GDPR art. 14).",
                    },
                },
                "email",
            ),
            {
                "email": "ada@example.org",
                "language": "fr",
                "external_id": "C-1815",
                "attributes": {"first_name": "Ada"},
            },
        ),
        status=201,
        problems=("invalid-fields",),
        writes=True,
    ),
    Operation(
        "listContacts",
        "GET",
        PATH,
        "people:read",
        "List people",
        "In order of number: who comes in meanwhile comes last. Those who were erased or merged away are left out.",
        listed,
        Told(
            page_of(BRIEF), {"items": [{name: ADA.get(name) for name in BRIEF["properties"]}], "next": None}
        ),
        query=paged("contacts"),
    ),
    Operation(
        "findContact",
        "POST",
        f"{PATH}/find",
        "people:read",
        "Find a person by address",
        "By POST, so that no address stands in a URL, and from there in somebody's log.",
        find,
        Told(refers("Contact"), ADA),
        Told(told({"email": EMAIL}, "email"), {"email": "ada@example.org"}),
        problems=("not-found", "invalid-fields"),
    ),
    Operation(
        "readContact",
        "GET",
        f"{PATH}/{{id}}",
        "people:read",
        "Read a person",
        "As `scenario contacts show --json` does. A record that was merged away is its survivor.",
        read,
        Told(refers("Contact"), ADA),
        problems=("not-found",),
    ),
    Operation(
        "updateContact",
        "PATCH",
        f"{PATH}/{{id}}",
        "people:write",
        "Put right what is known of a person",
        "GDPR art. 16. It renews no clock. Consents stay with a new address, unless the objection list has it: "
        "`objections` names the purposes then, `*` for all prospecting.",
        update,
        Told(record({"id": NUMBER, "objections": rows(TEXT)}), {"id": 12, "objections": []}),
        Told(told(_SAID), {"language": "en", "attributes": {"first_name": "Augusta"}}),
        problems=("not-found", "conflict", "invalid-fields"),
        writes=True,
    ),
    Operation(
        "eraseContact",
        "DELETE",
        f"{PATH}/{{id}}",
        "people:erase",
        "Have a person erased who asks for it",
        "GDPR art. 17; there is no way back. A keyed digest of the address goes on the objection list, orders into the "
        "archive; queued mail is cancelled, runs end. `was_under_way` says what was promised and will not come.",
        erase,
        Told(
            record(
                {
                    "contact": NUMBER,
                    "records": NUMBER,
                    "orders_archived": NUMBER,
                    "mails_cancelled": NUMBER,
                    "runs_ended": NUMBER,
                    "was_under_way": MAYBE_TEXT,
                }
            ),
            {
                "contact": 12,
                "records": 1,
                "orders_archived": 2,
                "mails_cancelled": 1,
                "runs_ended": 1,
                "was_under_way": None,
            },
        ),
        problems=("not-found",),
        writes=True,
    ),
)
