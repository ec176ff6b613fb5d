"""`send`: one e-mail through the gate, its edition to fall back on, and what becomes of a late one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from accord.core.consent.permission import Wait
from accord.core.model.decision import Hold, Leave, Output, QueueMail, Refuse, Verdict
from accord.core.model.scenario import Refused, Send
from accord.core.steps.asking import Asked, Done
from accord.core.steps.passing import held, may, refused, too_late
from accord.core.steps.subjects import subject_for

MAIN, FALLBACK = "main", "fallback"


def send(verb: Send, asked: Asked) -> Done:
    """Queue the mail, hold the run, or say why not; skipped is not done, but the run goes on."""
    late = too_late(verb, asked)
    if late is not None:
        return Done((late,), asked.next_step)
    answer = may(verb, asked)
    if isinstance(answer, Wait):
        return Done((held(answer, asked),))
    if answer.allowed:
        return _queued(verb, answer, asked)
    return _otherwise(verb, refused(verb, answer, asked), asked)


def _queued(verb: Send, verdict: Verdict, asked: Asked) -> Done:
    """The mail under its subject; it waits where that is still being tried on others, which is never late."""
    subject = subject_for(verb, asked)
    if isinstance(subject, datetime):
        return Done((Hold(asked.step.name, subject, "SUBJECT_TEST", "subjects"),))
    mail = _mail(verb, MAIN, verdict, asked)
    if subject is not None:
        mail = replace(mail, subject=subject.name, subject_because=subject.because)
    return Done((mail,), asked.next_step)


def _otherwise(verb: Send, no: Refuse, asked: Asked) -> Done:
    """What `if_not_allowed` says: another edition through the same gate, going on, or leaving."""
    if verb.if_not_allowed is Refused.LEAVE:
        return Done((no, Leave(no.verdict.reason, no.verdict.rule)))
    if not isinstance(verb.if_not_allowed, Send):
        return Done((no,), asked.next_step)
    edition = verb.if_not_allowed
    answer = may(edition, asked)
    if isinstance(answer, Wait):
        return Done((no, held(answer, asked)))
    if answer.allowed:
        return Done((no, _mail(edition, FALLBACK, answer, asked)), asked.next_step)
    return Done((no, refused(edition, answer, asked)), asked.next_step)


def _mail(verb: Send, edition: str, verdict: Verdict, asked: Asked) -> QueueMail:
    return QueueMail(
        step=asked.step.name,
        edition=edition,
        template=verb.template,
        nature=verb.nature,
        purpose=verb.purpose,
        verdict=verdict,
        with_invitation=verb.invite is not None and verdict.output is Output.ALLOW,
        planned_at=asked.run.planned_at,
    )


def edition_of(verb: Send, edition: str) -> Send:
    """The edition that a queued message names: the step's own mail, or the one it falls back on."""
    if edition == FALLBACK and isinstance(verb.if_not_allowed, Send):
        return replace(verb.if_not_allowed, if_late=verb.if_late)
    return verb
