"""Checks among files: what hangs on the venue's forms, on other scenarios, and on the calendar."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accord.core.language.parse import parse_scenario
from accord.core.model.place import Severity
from accord.core.model.venue import Retention, Venue
from accord.shell.engine.catalogue import check_all
from authors.cases import base_library, base_shelf, ok_cases, the_venue

HEAD = "purpose: newsletter\nwhy: Parce que.\n"
LETTER = "steps: {un: {send: lettre/magazine, nature: editorial}}\n"


def codes(*texts: str, venue: Venue | None = None, forms: dict[str, str] | None = None) -> list[str]:
    """What is said of scenarios that stand alone in the venue."""
    files = {f"scenarios/{text.partition(':')[2].split()[0]}.yaml": text for text in texts}
    asked = base_library().forms if forms is None else forms
    found = check_all(files, base_shelf(), venue or the_venue(), asked).diagnostics
    return sorted(f"{each.severity}:{each.code}" for each in found)


def test_without_any_form_everything_is_said_and_nothing_is_kept_from_going_live() -> None:
    library = {file: text for case in ok_cases() for file, text in case.files.items()}
    found = check_all(library, base_shelf(), the_venue(), {}).diagnostics
    assert {each.code for each in found} == {"purpose-not-asked"}
    assert {each.severity for each in found} == {Severity.WARNING}


def test_forms_that_nobody_has_read_are_not_judged() -> None:
    library = {file: text for case in ok_cases() for file, text in case.files.items()}
    assert check_all(library, base_shelf(), the_venue()).diagnostics == ()


def test_all_golden_files_stand_side_by_side() -> None:
    library = {file: text for case in ok_cases() for file, text in case.files.items()}
    assert check_all(library, base_shelf(), the_venue(), base_library().forms).diagnostics == ()


# -- circles ----------------------------------------------------------------------------------------------


def listens(again: str, condition: str = "") -> str:
    return f"scenario: a\n{HEAD}enter: {{when: own.milestone, again: {again}{condition}}}\nsteps: {{un: {{emit: own.milestone}}}}\n"


def test_who_enters_once_turns_in_no_circle() -> None:
    assert codes(listens("never")) == []
    assert codes(listens("each")) == ["error:circle"]
    assert codes(listens("after 1 day")) == ["error:circle"]


def test_an_entry_that_names_where_from_lets_nobody_else_in() -> None:
    enter = "enter: {when: scenario.finished, again: each, if: 'event.scenario == \"%s\"'}\n"
    other = f"scenario: b\n{HEAD}enter: {{when: consent.given}}\n{LETTER}"
    assert codes(f"scenario: a\n{HEAD}{enter % 'b'}{LETTER}", other) == []
    assert codes(f"scenario: a\n{HEAD}{enter % 'a'}{LETTER}", other) == ["error:circle"]


def test_mails_that_set_off_their_own_scenario() -> None:
    text = f"scenario: a\n{HEAD}enter: {{when: mail.sent, again: each}}\n{LETTER}"
    assert codes(text) == ["error:circle"]
    assert codes(text.replace("again: each", "again: each, if: 'event.scenario != \"a\"'")) == []


def test_a_click_is_a_person_s_and_makes_no_circle() -> None:
    assert codes(f"scenario: a\n{HEAD}enter: {{when: mail.clicked, again: each}}\n{LETTER}") == []


# -- the cut-off ------------------------------------------------------------------------------------------


def wakes(oldest: str, after: str, *, hours: str = "", condition: str = "") -> str:
    segment = f'segment: \'last_action.age >= "30 months" and last_action.age <= "{oldest}"\', existing: true'
    return (
        f"scenario: r\n{HEAD}{hours}enter: {{{segment}}}\nsteps:\n"
        "  un: {send: reactivation/rester, nature: reactivation}\n"
        f"  deux: {{after: {after}, send: reactivation/rester, nature: reactivation{condition}}}\n"
    )


@pytest.mark.parametrize(
    ("oldest", "after", "fits"),
    [
        ("35 months", "27 days", True),
        ("35 months", "28 days", False),
        ("35 months", "1 month", False),
        ("34 months", "1 month", True),
        ("34 months", "58 days", True),
        ("34 months", "59 days", False),
        ("36 months", "0 days", True),
        ("36 months", "1 day", False),
        ("2 years", "11 months", True),
        ("2 years", "1 year", False),
    ],
)
def test_waits_are_summed_by_the_calendar(oldest: str, after: str, fits: bool) -> None:
    assert (codes(wakes(oldest, after)) == []) is fits


def test_courtesy_hours_count_and_a_step_s_own_bound_too() -> None:
    narrow = "hours: mon 10:00-11:00\n"
    assert codes(wakes("35 months", "20 days", hours=narrow)) == ["error:reactivation-too-late"]
    bound = ", if: 'last_action.age <= \"35 months\"'"
    assert codes(wakes("35 months", "28 days", condition=bound)) == []


def test_a_shorter_clock_is_the_one_that_counts() -> None:
    short = replace(the_venue(), retention=Retention(months=24))
    text = wakes("35 months", "1 day")
    assert codes(text) == []
    assert "error:reactivation-too-late" in codes(text, venue=short)


def test_a_date_that_is_not_the_cut_off_can_be_any() -> None:
    text = wakes("31 months", "1 day").replace("after: 1 day", "date: contact.welcomed_on")
    assert codes(text) == ["error:reactivation-too-late"]


# -- fallbacks --------------------------------------------------------------------------------------------


def falls_back(condition: str) -> str:
    return (
        f"scenario: f\npurpose: offres\nwhy: Parce que.\nenter: {{when: consent.given}}\nsteps:\n"
        f"  un:\n    send: lettre/offre\n    nature: promotional\n    promotes: [theatre]\n    if: {condition}\n"
        "    if_not_allowed: {send: lettre/magazine, nature: editorial, purpose: newsletter}\n"
    )


def asking(forms: dict[str, str]) -> dict[str, str]:
    """The forms, of which one asks for both kinds of «offres»."""
    return {
        file: text.replace("offres: [editorial]", "offres: [editorial, promotional]")
        for file, text in forms.items()
    }


def test_an_edition_that_only_those_would_get_who_may_have_the_promotion() -> None:
    forms = asking(dict(base_library().forms))
    assert codes(falls_back("contact.member"), forms=forms) == []
    proven = falls_back('\'consent("offres") == "optin_proven" and contact.member\'')
    assert codes(proven, forms=forms) == ["error:fallback-unreachable"]
    either = falls_back('\'consent("offres") in ["optin_proven", "withdrawn"]\'')
    assert codes(either, forms=forms) == []


# -- the reader goes on -----------------------------------------------------------------------------------


def test_what_hangs_on_a_fault_is_not_told_as_one() -> None:
    """One slip in the way in makes no twenty faults below."""
    text = (
        f"scenario: s\n{HEAD}enter: {{when: order.plced, per: event.order_idd}}\n"
        "leave: [{when: order.cancelld, if: it.order_id == event.order_id}]\nsteps:\n"
        "  un: {send: lettre/magazine, nature: editorial, if: event.title == this}\n"
    )
    found = parse_scenario(text, "s.yaml", the_venue()).diagnostics
    assert [each.code for each in found] == ["unknown-event", "unknown-event"]


def test_a_key_that_is_misspelt_is_not_missing_as_well() -> None:
    text = f"scenario: s\n{HEAD}enter: {{when: consent.given}}\nstep:\n  un: {{sned: x, natur: editorial}}\n"
    found = parse_scenario(text, "s.yaml", the_venue()).diagnostics
    assert [(each.code, each.hint) for each in found] == [("unknown-key", "Did you mean steps?")]
