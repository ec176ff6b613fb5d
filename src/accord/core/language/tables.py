"""The scenario language, key by key: every block, what it takes and what it means. The tables are the language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from accord.core.expressions.spell import PATTERN
from accord.core.language.shapes import (
    Either,
    Flag,
    Items,
    Key,
    Known,
    Named,
    Rule,
    Scalar,
    Table,
    Text,
    Whole,
    Word,
)
from accord.core.model.consent import SERVICE_PURPOSE, Nature

NATURES = tuple(nature.value for nature in Nature)
PROMOTING = (Nature.PROMOTIONAL.value, Nature.ABANDONED_CART.value)
BASES = ("consent", "customer", "b2b")
SCENARIO_NAME = r"[^\s/]{1,64}"
STEP_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
SHARE = r"(\d{1,3}(?:\.\d{1,2})?) ?%"
HOUR = r"([01]?\d|2[0-3]):([0-5]\d)"
HOURS = rf"(?:(\w{{3}})(?:-(\w{{3}}))? +)?({HOUR})-({HOUR})"
TEST = rf"{SHARE} for ({PATTERN}), then best by clicks"

_DURATION = Text(PATTERN, ("3 days", "36 hours", "2 weeks", "1 month"))
_CONDITION = Scalar()
_EVENTS = Either((Known("event"), Items(Known("event"))))
_TARGET = Text(None, ("end",))
_PROSE = Either((Text(), Named(Text(), r"[a-z]{2}", "language")))

CUE = Table(
    {
        "when": Key(_EVENTS, "The event, or one of several."),
        "if": Key(_CONDITION, "Only if this holds; `it` is the event that came, `event` the one entered by."),
    },
    "An event, a condition, or both, which must then hold together.",
    some_of=("when", "if"),
)

# Where only the event matters, it stands alone.
_CUE = Either((Known("event"), Items(Known("event")), CUE))

GOAL = Table(
    {
        **CUE.keys,
        "within": Key(_DURATION, "How long after entering it still counts as a success.", needed=True),
    },
    "What counts as a success of the scenario.",
    some_of=("when", "if"),
)

ENTER = Table(
    {
        "when": Key(_EVENTS, "Enter by an event: this one, or one of several."),
        "segment": Key(_CONDITION, "Enter when this becomes true of a contact; looked at every hour."),
        "every": Key(
            Text(None, ("1st tue 10:00", "last fri 18:00", "tue 10:00", "daily 09:00", "0 10 * * 1")),
            "Enter by the calendar, on the entity's own clock; five cron fields do as well.",
        ),
        "date": Key(
            Text(None, ("contact.birthday - 7 days", "contact.expires_on - 60 days")),
            "Enter on a day of the contact's own, shifted by a length of time.",
        ),
        "if": Key(_CONDITION, "Only who this holds for."),
        "per": Key(
            Text(None, ("event.order_id", "event.families")),
            "One run a value; a list gives one run each, and the value is `this`.",
        ),
        "from": Key(Text(r"\d{4}-\d{2}-\d{2}", ("2026-09-01",)), "The first day on which anybody enters."),
        "until": Key(Text(r"\d{4}-\d{2}-\d{2}", ("2026-12-31",)), "The last day on which anybody enters."),
        "again": Key(
            Text(rf"never|each|after {PATTERN}", ("never", "each", "after 90 days")),
            "Whether one may enter a second time for the same `per` value. Not said: by events and segments "
            "never, by the calendar each time.",
        ),
        "existing": Key(Flag(), "With `segment`: whether those in it already at activation enter too."),
    },
    "How people come in.",
    one_of=("when", "segment", "every", "date"),
    rules=(Rule("segment", needs=("existing",), else_refuses=("existing",)),),
)

WHY = Table(
    {
        "consent": Key(_PROSE, "Said to those who agreed to this purpose."),
        "customer": Key(_PROSE, "Said to customers who did not refuse."),
        "b2b": Key(_PROSE, "Said to professionals at work."),
    },
    "Why the reader is written to, by what the mail rests on; each a text, or a text by language.",
)

# -- steps ------------------------------------------------------------------------------------------------

MODIFIERS: Mapping[str, Key] = {
    "after": Key(_DURATION, "How long to wait first, counted from when the step before was decided."),
    "date": Key(
        Text(None, ("event.starts_at - 2 days",)),
        "Instead of `after`: a date, shifted. Read again when it changes; never done after the date itself.",
    ),
    "at": Key(Text(HOUR, ("10:00",)), "The next such hour, on the contact's own clock."),
    "if": Key(_CONDITION, "Only if this holds then; else the step is skipped."),
    "then": Key(_TARGET, "The step to go on with instead of the next one; `end` ends. Only forward."),
}

_NATURE = Key(
    Word(NATURES), "What the mail is. It is held against its content, and there is no default.", needed=True
)
_PURPOSE = Key(Known("purpose"), "What the reader agreed to, where it is not the file's.")
_PROMOTES = Key(
    Either((Items(Known("family")), Text(None, ("event.families",)))),
    "The families of products that it promotes, or an expression that gives them.",
)
_ABOUT = Key(
    Text(r"order|contract|account|legal_duty/.+", ("order", "contract", "account", "legal_duty/recall")),
    "What a service mail serves: the order, contract or account that one entered by, or a declared duty.",
)
_IF_LATE = Key(
    Text(rf"send|skip|skip after {PATTERN}", ("send", "skip", "skip after 2 days")),
    "If the daemon itself was late. Not said: `skip after 1 day`, and `send` for service mail.",
)

FALLBACK = Table(
    {
        "send": Key(Known("template"), "The template of the edition to fall back on.", needed=True),
        "nature": Key(Word((Nature.EDITORIAL.value,)), "The edition is editorial.", needed=True),
        "purpose": _PURPOSE,
        "promotes": _PROMOTES,
    },
    "An editorial edition for those who may not get the promotion; it passes the same gate.",
)

_BY_NATURE = (
    Rule("nature", (Nature.SERVICE.value,), needs=("about",), else_refuses=("invite",)),
    Rule("nature", PROMOTING, needs=("promotes",)),
)

SEND = Table(
    {
        "send": Key(Known("template"), "One e-mail, through the gate: the template's name.", needed=True),
        "nature": _NATURE,
        "purpose": _PURPOSE,
        "about": _ABOUT,
        "invite": Key(
            Known("purpose"),
            "In service mail: invite to subscribe to this purpose, in one block after the main content.",
        ),
        "promotes": _PROMOTES,
        "subjects": Key(
            Named(_PROSE, STEP_NAME, least=2),
            "Several subjects instead of the template's own; each a text, or a text by language.",
        ),
        "test": Key(
            Text(TEST, ("30% for 1 day, then best by clicks",)),
            "Try the subjects with a share first, then send the best to the others.",
        ),
        "if_late": _IF_LATE,
        "if_not_allowed": Key(
            Either((Word(("skip", "leave")), FALLBACK)),
            "If the mail may not go: skip it, leave the scenario, or fall back on an editorial edition.",
        ),
    },
    "Send one e-mail.",
    rules=(*_BY_NATURE, Rule("test", needs=("subjects",))),
)

CALL = Table(
    {
        "call": Key(
            Known("webhook"), "Post the fields that config.toml declares to this webhook.", needed=True
        ),
        "nature": _NATURE,
        "purpose": _PURPOSE,
        "about": _ABOUT,
        "promotes": _PROMOTES,
        "if_late": _IF_LATE,
        "if_not_allowed": Key(
            Word(("skip", "leave")), "If it may not be told: skip the step, or leave the scenario."
        ),
    },
    "Tell another system; passes the gate like a mail.",
    rules=(replace(_BY_NATURE[0], else_refuses=()), _BY_NATURE[1]),
)

WAIT = Table(
    {
        "wait_until": Key(
            _CUE,
            "Wait for an event, or a cue; what came since the run's last mail counts.",
            needed=True,
        ),
        "at_most": Key(_DURATION, "How long to wait.", needed=True),
        "then": Key(_TARGET, "Where to go on when it has come.", needed=True),
        "otherwise": Key(_TARGET, "Where to go on when it has not.", needed=True),
    },
    "Wait for something to happen.",
)

ARM = Table(
    {
        "if": Key(_CONDITION, "Whoever this holds for goes this way.", needed=True),
        "then": Key(_TARGET, "The step that this way leads to.", needed=True),
    },
    "One way of a branch.",
)

BRANCH = Table(
    {
        "branch": Key(Items(ARM), "The first way whose condition holds is taken.", needed=True),
        "otherwise": Key(_TARGET, "Where to go on when none holds.", needed=True),
    },
    "Choose a way by conditions.",
)

SPLIT = Table(
    {
        "split": Key(
            Named(Text(SHARE, ("50%",)), STEP_NAME, least=2),
            "Steps and the share of contacts that goes there; the same contact always goes the same way.",
            needed=True,
        ),
    },
    "Choose a way by lot, to compare.",
)

SET = Table(
    {
        "set": Key(
            Named(Scalar(), known="attribute"), "Attributes declared writable, from expressions.", needed=True
        )
    },
    "Write down something about the contact.",
)

EMIT = Table(
    {"emit": Key(Known("own event"), "An event of the venue's own, declared in config.toml.", needed=True)},
    "Journal an event of the venue's own.",
)

# Every verb by its key, in the order in which they are told.
VERBS: Mapping[str, Table] = {
    verb: replace(table, keys={**table.keys, **{k: v for k, v in MODIFIERS.items() if k not in table.keys}})
    for verb, table in {
        "send": SEND,
        "wait_until": WAIT,
        "branch": BRANCH,
        "split": SPLIT,
        "set": SET,
        "emit": EMIT,
        "call": CALL,
    }.items()
}

_STEP = Either(tuple(VERBS.values()))
_PROSPECTING = ("why", "hours", "priority", "holdout")

SCENARIO = Table(
    {
        "scenario": Key(
            Text(SCENARIO_NAME), "The scenario's name; the file is called the same.", needed=True
        ),
        "purpose": Key(
            Known("purpose", (SERVICE_PURPOSE,)),
            "What the reader agreed to, from config.toml; `service` in a file of service mail only.",
            needed=True,
        ),
        "why": Key(Either((Text(), WHY)), "Why the reader is written to; stands in the footer of each mail."),
        "enter": Key(ENTER, "How people come in.", needed=True),
        "leave": Key(Items(_CUE), "Cues of which any ends the run at once, whatever it waits for."),
        "goal": Key(GOAL, "What counts as a success."),
        "hours": Key(
            Text(HOURS, ("mon-fri 09:00-19:00", "sat 10:00-12:00", "09:00-19:00")),
            "Courtesy hours on the contact's own clock; they defer, and never deny.",
        ),
        "priority": Key(Whole(0, 100), "Who goes first under a frequency cap; 50 if not said."),
        "holdout": Key(Text(SHARE, ("10%",)), "The share of entrants that gets nothing, to measure against."),
        "steps": Key(
            Named(_STEP, STEP_NAME),
            "The steps in their order. A step's name is its identity for ever.",
            needed=True,
        ),
    },
    "A marketing scenario: who enters, what happens, step by step, and what ends it.",
    rules=(Rule("purpose", (SERVICE_PURPOSE,), refuses=_PROSPECTING, else_needs=("why",)),),
)
