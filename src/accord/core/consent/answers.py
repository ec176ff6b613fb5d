"""What a form's control, an oral consent, paper, an import or an invitation really collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from accord.core.model.consent import Act, ConsentStatus
from accord.core.model.venue import Policy


@dataclass(frozen=True, slots=True)
class Collection:
    """One question as it was put to one person, and what came back.

    `control`: optin_box, optout_box, radio_yes_no, terms, double_optin. `prechecked`: how it stood before the
    person touched it. `answer`: how it stood afterwards: ticked, unticked, yes, no, None where nothing was
    chosen. `channel`: oral, paper, import, service_invitation; None for a form on the web. The rest is proof:
    `script_version` (of the oral script or the paper form), `notice` (read, displayed), `written_followup`,
    and whether agent, place and time are known.
    """

    control: str | None = None
    prechecked: bool = False
    answer: str | None = None
    channel: str | None = None
    script_version: str | None = None
    notice: str | None = None
    written_followup: bool = False
    agent: bool = True
    place: bool = True
    time: bool = True
    says_written_to_unless_refused: bool = False


@dataclass(frozen=True, slots=True)
class Collected:
    """What it comes to: the act for the ledger (None: nothing happened), the state alone, and why."""

    act: Act | None
    status: ConsentStatus
    reason: str
    rule: str
    informed: bool = False


_S = ConsentStatus
PROVEN = Collected(Act.OPTIN_PROVEN, _S.OPTIN_PROVEN, "POSITIVE_ACT", "R-04")
SILENT = Collected(Act.SILENCE, _S.PASSIVE_OPTOUT, "SILENCE_IS_NOT_CONSENT", "R-05")
REFUSED = Collected(Act.OBJECTION, _S.ACTIVE_OPTOUT, "EXPLICIT_NO_IS_OBJECTION", "R-06")
UNTICKED = Collected(Act.OBJECTION, _S.ACTIVE_OPTOUT, "UNTICKING_IS_OBJECTION", "R-06")
PRETICKED = Collected(Act.OPTIN_UNPROVEN, _S.OPTIN_UNPROVEN, "PRETICKED_INVALID", "R-13")
PENDING = Collected(Act.OPTIN_PENDING, _S.OPTIN_UNPROVEN, "DOUBLE_OPTIN_PENDING", "R-54")
UNCLEAR = Collected(Act.OPTIN_UNPROVEN, _S.OPTIN_UNPROVEN, "ANSWER_UNCLEAR", "R-13")
TERMS = Collected(None, _S.NEVER_ASKED, "TERMS_ARE_NOT_CONSENT", "R-04")
UNKNOWN = Collected(None, _S.NEVER_ASKED, "INPUT_UNKNOWN", "R-01")

# control, prechecked → answer → what it comes to. Every combination is written out, none is guessed.
CONTROLS: Mapping[tuple[str, bool], Mapping[str | None, Collected]] = {
    ("optin_box", False): {
        "ticked": PROVEN,
        "yes": PROVEN,
        "no": REFUSED,
        "unticked": SILENT,
        None: SILENT,
    },
    ("optin_box", True): {
        "ticked": PRETICKED,
        "yes": PRETICKED,
        "no": REFUSED,
        "unticked": UNTICKED,
        None: PRETICKED,
    },
    # «Tick if you do NOT want»: leaving it alone is silence; "no" and "yes" both read as a refusal.
    ("optout_box", False): {
        "ticked": REFUSED,
        "yes": REFUSED,
        "no": REFUSED,
        "unticked": SILENT,
        None: SILENT,
    },
    # A refusal that was ticked beforehand and left so: the person may well think that they refused.
    ("optout_box", True): {
        "ticked": REFUSED,
        "yes": REFUSED,
        "no": REFUSED,
        "unticked": SILENT,
        None: REFUSED,
    },
    ("radio_yes_no", False): {
        "yes": PROVEN,
        "no": REFUSED,
        "ticked": UNCLEAR,
        "unticked": SILENT,
        None: SILENT,
    },
    ("radio_yes_no", True): {
        "yes": PRETICKED,
        "no": REFUSED,
        "ticked": PRETICKED,
        "unticked": UNTICKED,
        None: PRETICKED,
    },
    ("double_optin", False): {
        "ticked": PENDING,
        "yes": PENDING,
        "no": REFUSED,
        "unticked": SILENT,
        None: SILENT,
    },
    # The confirmation by POST is the positive act, so a ticked box before it spoils nothing.
    ("double_optin", True): {
        "ticked": PENDING,
        "yes": PENDING,
        "no": REFUSED,
        "unticked": UNTICKED,
        None: PENDING,
    },
    ("terms", False): dict.fromkeys(("ticked", "unticked", "yes", "no", None), TERMS),
    ("terms", True): dict.fromkeys(("ticked", "unticked", "yes", "no", None), TERMS),
}
_REFUSAL_OFFERED = frozenset({"optout_box", "radio_yes_no"})

ORAL_COMPLETE = Collected(Act.OPTIN_PROVEN, _S.OPTIN_PROVEN, "ORAL_COMPLETE", "R-18")
ORAL_AWAITS = Collected(Act.SPOKEN, _S.OPTIN_UNPROVEN, "ORAL_AWAITS_FOLLOWUP", "R-18")
ORAL_INCOMPLETE = Collected(Act.OPTIN_UNPROVEN, _S.OPTIN_UNPROVEN, "ORAL_INCOMPLETE", "R-18")
PAPER_COMPLETE = Collected(Act.OPTIN_PROVEN, _S.OPTIN_PROVEN, "PAPER_COMPLETE", "R-19")
PAPER_INCOMPLETE = Collected(Act.OPTIN_UNPROVEN, _S.OPTIN_UNPROVEN, "PAPER_INCOMPLETE", "R-19")
IMPORTED = Collected(Act.OPTIN_IMPORT, _S.OPTIN_UNPROVEN, "IMPORT_PROVES_NOTHING", "R-13")
INVITED = Collected(Act.OPTIN_PROVEN, _S.OPTIN_PROVEN, "INVITATION_ACCEPTED", "R-21")


def collected(collection: Collection, policy: Policy | None = None) -> Collected:
    """What one collection comes to; an unknown control, channel or answer collects nothing (R-01)."""
    if collection.channel is None:
        return _by_control(collection, policy or Policy())
    found = _CHANNELS.get(collection.channel)
    if found is None or collection.answer not in (None, "ticked", "unticked", "yes", "no"):
        return UNKNOWN
    said = _elsewhere(collection, found(collection), policy or Policy())
    return replace(said, informed=said.informed or collection.says_written_to_unless_refused)


def _elsewhere(collection: Collection, best: Collected, policy: Policy) -> Collected:
    """Beyond the web: a control on paper or in an imported file says no more than the proof beside it allows."""
    if collection.answer == "no":
        return REFUSED
    if collection.control is None:
        return SILENT if collection.answer == "unticked" else best
    said = _by_control(collection, policy)
    return best if said.status is _S.OPTIN_PROVEN else said


def _by_control(collection: Collection, policy: Policy) -> Collected:
    answers = CONTROLS.get((collection.control or "", collection.prechecked), {})
    found = answers.get(collection.answer, UNKNOWN)
    return Collected(found.act, found.status, found.reason, found.rule, _informed(collection, found, policy))


def _informed(collection: Collection, found: Collected, policy: Policy) -> bool:
    """Whether refusal was offered there and then (R-09); an unticked consent box alone is no such offer."""
    if found in (UNKNOWN, TERMS):
        return False
    offered = collection.control in _REFUSAL_OFFERED or collection.says_written_to_unless_refused
    return offered or policy.unticked_box_is_refusal_offered


def _oral(collection: Collection) -> Collected:
    said = (
        bool(collection.script_version),
        collection.notice in ("read", "displayed"),
        collection.agent,
        collection.place,
        collection.time,
    )
    if not all(said):
        return ORAL_INCOMPLETE
    return ORAL_COMPLETE if collection.written_followup else ORAL_AWAITS


def _paper(collection: Collection) -> Collected:
    return PAPER_COMPLETE if collection.script_version and collection.time else PAPER_INCOMPLETE


def _import(_: Collection) -> Collected:
    return IMPORTED


def _invitation(collection: Collection) -> Collected:
    return SILENT if collection.answer is None else INVITED


_CHANNELS = {"oral": _oral, "paper": _paper, "import": _import, "service_invitation": _invitation}


def named_consent(
    optins: Sequence[str], purpose: str, *, unsubscribed: str | None = None, basis: str = "consent"
) -> Collected:
    """What proven opt-ins to some `channel:kind` say of another (R-04), also after an unsubscribe (R-10)."""
    everything = unsubscribed is not None and basis != "consent"
    if everything:
        return Collected(Act.OBJECTION, _S.ACTIVE_OPTOUT, "SCOPE_OF_OBJECTION", "R-10")
    if unsubscribed == purpose:
        status = _S.WITHDRAWN if purpose in optins else _S.ACTIVE_OPTOUT
        return Collected(Act.UNSUBSCRIBE, status, "SCOPE_OF_WITHDRAWAL", "R-10")
    if purpose in optins:
        reason = "SCOPE_OF_WITHDRAWAL" if unsubscribed else "POSITIVE_ACT"
        return Collected(Act.OPTIN_PROVEN, _S.OPTIN_PROVEN, reason, "R-10" if unsubscribed else "R-04")
    channel = purpose.partition(":")[0]
    same_channel = any(optin.partition(":")[0] == channel for optin in optins)
    reason = "PURPOSE_SPECIFIC" if same_channel else "CHANNEL_SPECIFIC"
    return Collected(None, _S.NEVER_ASKED, reason, "R-04")
