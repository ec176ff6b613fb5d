"""Consents: acts are told, states follow; a state can't be written."""

from __future__ import annotations

from accord.core.expressions.fields import FieldFault
from accord.core.model.wording import WordingKind
from accord.shell.documents import act_document, ledger_document
from accord.shell.engine.care.acts import ANSWERS, CHANNELS, NoPurpose, record_act
from accord.shell.engine.care.collect import WordingFault
from accord.shell.engine.intake.acts import read_act
from accord.shell.web.api.contacts import PATH as PEOPLE
from accord.shell.web.api.operation import Answer, Call, Operation, Told
from accord.shell.web.api.people import contact_in_path
from accord.shell.web.api.schemas import (
    ANYTHING,
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
from accord.shell.web.problems import fields_problem

PATH = f"{PEOPLE}/{{id}}/consents"


def read(call: Call) -> Answer:
    """The ledger of one person."""
    with call.store.read() as unit:
        contact = contact_in_path(call, unit)
        entries = unit.entries([contact.id]).get(contact.id, ())
        situation = unit.situations([contact.id])[contact.id]
    return Answer(ledger_document(call.venue, situation, entries))


def record_one(call: Call) -> Answer:
    """Write one act down."""
    act, faults = read_act(call.body, call.venue, call.now)
    if act is None:
        raise fields_problem(faults, call.body)
    with call.store.read() as unit:
        contact = contact_in_path(call, unit)
    try:
        done = record_act(
            call.store,
            call.catalogue,
            contact,
            act,
            files=call.house.wordings,
            by=call.by,
            now=call.now,
        )
    except WordingFault as fault:
        name = "script" if act.kind is WordingKind.SCRIPT else "form"
        raise fields_problem([FieldFault(name, str(fault))], call.body) from None
    except NoPurpose as fault:
        raise fields_problem([FieldFault("purpose", str(fault))], call.body) from None
    if done.act is None:
        reason = f"that collects nothing: {done.reason} ({done.rule})"
        raise fields_problem([FieldFault("answer", reason)], call.body)
    return Answer(act_document(done.act, done.reason, done.rule, done.entries), 201)


_MAYBE = {"type": ["string", "null"], "maxLength": 10_000}

OPERATIONS = (
    Operation(
        "readConsents",
        "GET",
        PATH,
        "people:read",
        "Read a person's consents",
        "Every act, oldest first, and the states that they come to, as `scenario consent show --json` does.",
        read,
        Told(
            record(
                {
                    "email": EMAIL,
                    "acts": rows(
                        record(
                            {
                                "seq": NUMBER,
                                "at": INSTANT,
                                "purpose": TEXT,
                                "kind": TEXT,
                                "act": TEXT,
                                "informed": {"type": ["boolean", "null"]},
                                "wording": MAYBE_TEXT,
                                "details": ANYTHING,
                            }
                        )
                    ),
                    "states": rows(refers("State")),
                }
            ),
            {
                "email": "ada@example.org",
                "acts": [
                    {
                        "seq": 1,
                        "at": "2026-11-24T09:00:00+00:00",
                        "purpose": "newsletter",
                        "kind": "editorial",
                        "act": "objection",
                        "informed": None,
                        "wording": None,
                        "details": {"channel": "letter", "actor": "person", "recorded_by": "api crm"},
                    }
                ],
                "states": [
                    {
                        "purpose": "newsletter",
                        "kind": "editorial",
                        "state": "active_optout",
                        "informed": False,
                        "since": "2026-11-24T09:00:00+00:00",
                    }
                ],
            },
        ),
        problems=("not-found",),
    ),
    Operation(
        "recordConsent",
        "POST",
        PATH,
        "consents:write",
        "Record an act of consent or refusal",
        "Say which `form` or `script` was answered and what came back; or `refuse`, for a refusal that answered none. What "
        "the act comes to, the rules say: a state such as `optin_proven` can't be written. An oral yes needs "
        "`agent`, `place` and the written follow-up to be proven. Queued mail that a refusal covers is cancelled in the same "
        "transaction.",
        record_one,
        Told(
            record({"act": TEXT, "for": rows(TEXT), "reason": TEXT, "rule": TEXT}),
            {"act": "silence", "for": ["newsletter/editorial"], "reason": "PASSIVE", "rule": "R-05"},
        ),
        Told(
            told(
                {
                    "form": {**_MAYBE, "description": "NAME, or NAME@VERSION."},
                    "script": {**_MAYBE, "description": "NAME, or NAME@VERSION, of an oral script."},
                    "answer": {"enum": [*ANSWERS, None]},
                    "refuse": FLAG,
                    "purpose": {
                        **_MAYBE,
                        "description": "What a refusal bears on; all prospecting if not said.",
                    },
                    "channel": {"enum": [*CHANNELS, None]},
                    "language": {"enum": ["fr", "en", None]},
                    "place": _MAYBE,
                    "followup": FLAG,
                    "agent": {**_MAYBE, "description": "Who asked, for what was not asked on a page."},
                    "url": {**_MAYBE, "description": "The page on which it was asked."},
                    "at": {**MAYBE_INSTANT, "description": "When the person acted; now if not said."},
                }
            ),
            {
                "form": "billetterie",
                "answer": "unticked",
                "at": "2026-11-20T10:00:00+01:00",
                "url": "https://shop.example.org/checkout",
            },
        ),
        status=201,
        problems=("not-found", "invalid-fields"),
        writes=True,
    ),
)
