"""The console over HTTP: who comes in, what each role may do, what no fetch ever does, and what the pages tell."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from accord.core.model.consent import Act, ConsentEntry
from accord.core.model.event import Event
from accord.core.standing import begun
from accord.core.throttle import Evidence, Sample, decide
from accord.shell.engine.care.roll_up import roll_up
from accord.shell.engine.ports.figures import Judgement
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.ports.tallies import Subject, Tally
from accord.shell.engine.record import record_consents, record_events
from accord.shell.engine.target.watch import told_evidence
from accord.shell.engine.team import MOST_MISSES, SESSION
from accord.shell.web.console.door import way_back
from doors.houses import Venue
from doors.mates import PASSWORD, Mate
from doors.systems import Quiet

PAGES = (
    "/",
    "/target",
    "/people",
    "/retention",
    "/messages",
    "/people/1",
    "/messages/1",
    "/scenarios",
    "/scenarios/bienvenue",
)


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    """A house in which one person was welcomed, and one was not."""
    made = Quiet(tmp_path)
    made.stock("bienvenue")
    with made.house.store.begin() as unit:
        people = [
            NewContact(f"{name}@example.org", "fr", "Europe/Paris", made.now) for name in ("ada", "bob")
        ]
        ada, bob = unit.add_contacts(people)
    yes = [
        ConsentEntry(ada, made.now, "newsletter", kind, Act.OPTIN_PROVEN)
        for kind in ("editorial", "promotional")
    ]
    record_consents(made.house.store, made.house.catalogue, yes, now=made.now)
    given = Event(bob, "consent.given", made.now, {"purpose": "newsletter"}, "test")
    record_events(made.house.store, made.house.catalogue, [given], now=made.now)
    made.turn()
    roll_up(made.house.store, made.house.venue, now=made.now)
    made.now += timedelta(days=3)
    made.turn()
    roll_up(made.house.store, made.house.venue, now=made.now)
    yield made
    made.house.store.close()


# -- who comes in ----------------------------------------------------------------------------------------------


def test_who_has_not_signed_in_is_led_to_the_door_and_back(venue: Venue) -> None:
    stranger = Mate(venue)
    for path in PAGES:
        answer = stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/console/sign-in?back=/console{path}"


def test_signing_in_leads_nowhere_but_into_the_console() -> None:
    assert way_back("/console/target") == "/console/target"
    for elsewhere in (
        "https://elsewhere.example.org/console/",
        "//elsewhere.example.org/console/",
        "/console/\\elsewhere",
        "/u/token",
        "javascript:alert(1)",
        "//[",
        "",
    ):
        assert way_back(elsewhere) == "/console/"


def test_the_cookie_is_for_the_console_alone_and_no_script_reads_it(venue: Venue) -> None:
    cookie = Mate.of(venue, "viewer").sign_in().headers["set-cookie"]
    assert cookie.startswith("__Secure-accord=")
    for said in ("HttpOnly", "Secure", "SameSite=strict", "Path=/console"):
        assert said in cookie


def test_a_session_ends_by_itself_and_by_signing_out(venue: Venue) -> None:
    mate = Mate.of(venue, "viewer")
    assert mate.get("/").status_code == 200
    other = Mate(venue, "viewer")
    other.sign_in()
    assert mate.post("/sign-out").status_code == 303
    assert mate.get("/").status_code == 303
    assert other.get("/").status_code == 200
    venue.now += SESSION
    assert other.get("/").status_code == 303


def test_guessing_is_answered_the_same_for_everybody_and_then_not_at_all(venue: Venue) -> None:
    mate, stranger = Mate.of(venue, "viewer"), Mate(venue, "nobody")
    wrong, unknown = mate.sign_in("a wrong password"), stranger.sign_in()
    assert (wrong.status_code, unknown.status_code) == (403, 403)
    assert wrong.text == unknown.text
    for _ in range(MOST_MISSES - 2):
        mate.sign_in("a wrong password")
    assert "locked until" in mate.sign_in("a wrong password").text
    assert mate.sign_in().status_code == 429, "the right one does not help"


def test_a_caller_who_tries_again_and_again_is_turned_away(venue: Venue) -> None:
    stranger = Mate(venue, "nobody")
    codes = [stranger.sign_in().status_code for _ in range(12)]
    assert codes == [403] * 10 + [429] * 2


# -- what each role may do -------------------------------------------------------------------------------------

DEEDS = (
    ("/hold", {"what": "prospecting", "reason": "a test"}, "editor"),
    ("/release", {"what": "prospecting"}, "editor"),
    ("/pause", {"what": "bienvenue"}, "editor"),
    ("/resume", {"what": "bienvenue", "late": "shift"}, "editor"),
    ("/drain", {"what": "bienvenue"}, "editor"),
    ("/messages/1", {"what": "resend"}, "editor"),
    ("/people/1/proof", {}, "editor"),
    ("/people/1/erase", {"sure": "yes"}, "admin"),
    ("/target", {"share": "0", "reason": "a test"}, "admin"),
)


ROLES = ("viewer", "editor", "admin")


@pytest.mark.parametrize("role", ROLES)
def test_everybody_may_look_at_everything_and_a_deed_asks_for_its_role(venue: Venue, role: str) -> None:
    mate = Mate.of(venue, role)
    for path in PAGES:
        assert mate.get(path).status_code == 200
    for path, fields, least in DEEDS:
        answer = mate.post(path, **fields)
        assert (answer.status_code == 403) is (ROLES.index(role) < ROLES.index(least)), path


def test_a_viewer_sees_no_button_but_to_find_and_to_leave(venue: Venue) -> None:
    viewer = Mate.of(venue, "viewer")
    for path in PAGES:
        buttons = re.findall(r"<button[^>]*>([^<]+)", viewer.get(path).text)
        assert set(buttons) <= {"Sign out", "Find", "Show"}


def test_a_form_that_is_none_of_ours_and_a_fetch_change_nothing(venue: Venue) -> None:
    admin = Mate.of(venue, "admin")
    before = deeds(venue)
    for path, fields, _ in DEEDS:
        for mark in ("", "0" * 64, "é"):
            assert admin.ask("POST", path, data={**fields, "csrf": mark}).status_code == 403
        for method in ("GET", "HEAD"):
            admin.ask(method, path)
    assert deeds(venue) == before


def test_what_another_site_makes_a_browser_post_is_not_obeyed(venue: Venue) -> None:
    answer = Mate.of(venue, "admin").post("/hold", what="all", reason="evil", site="cross-site")
    assert answer.status_code == 403
    assert "another site" in answer.text


def deeds(venue: Venue) -> list[str]:
    with venue.house.store.read() as unit:
        return [f"{deed.by}: {deed.action} {deed.subject}" for deed in unit.deeds()]


# -- what the pages tell, and what pressing does ---------------------------------------------------------------


def test_the_overview_tells_what_left_and_why_not(venue: Venue) -> None:
    page = Mate.of(venue, "viewer").get("/").text
    assert "Left today</dt><dd>1" in page
    assert "The person has never agreed, and has bought nothing from us." in page
    assert "NO_CONSENT" in page


def test_the_brake_is_put_on_and_taken_off_and_both_are_on_record(venue: Venue) -> None:
    editor = Mate.of(venue, "editor")
    assert editor.post("/hold", what="prospecting", reason="a wrong date").status_code == 303
    assert "a wrong date" in editor.get("/").text
    assert "held already" in editor.post("/hold", what="prospecting", reason="again").text
    assert editor.post("/release", what="prospecting").status_code == 303
    assert "Nothing is held" in editor.get("/").text
    assert deeds(venue)[:2] == ["editor: release prospecting", "editor: hold prospecting"]


def test_a_scenario_shows_where_people_are_and_what_its_mails_came_to(venue: Venue) -> None:
    viewer = Mate.of(venue, "viewer")
    page = viewer.get("/scenarios/bienvenue").text
    assert "In flight</dt><dd>2" in page
    assert 'aria-label="The journey' in page or "The journey of bienvenue" in page
    assert "bienvenue/merci" in page
    assert '<a href="/console/scenarios/bienvenue">' in viewer.get("/scenarios").text


def test_a_scenarios_goal_is_told_of_those_held_out_too_and_nothing_is_said_of_few(venue: Venue) -> None:
    viewer = Mate.of(venue, "viewer")
    assert "Who reached the goal" not in viewer.get("/scenarios/bienvenue").text
    give_a_goal(venue)
    count_goals(venue, took_part=(20, 9), held_out=(10, 0))
    few = viewer.get("/scenarios/bienvenue").text
    assert "Who reached the goal: order.placed within 3 days" in few
    assert "not enough data: each side needs 30 people whose time is over" in few
    count_goals(venue, took_part=(2000, 300), held_out=(500, 40))
    page = viewer.get("/scenarios/bienvenue").text
    assert "15.0%<small>13.5% to 16.6%" in page
    assert "8.0%<small>5.9% to 10.7%" in page
    assert "points (95 %): more reach it with the scenario" in page
    assert 'aria-label="Who reached the goal. took part 15.0% of 2000 (13.5% to 16.6%); held out' in page


def give_a_goal(venue: Venue) -> None:
    """The welcome has a goal and a holdout from now on."""
    file = venue.root / "scenarios/bienvenue.yaml"
    goal = "goal: {when: order.placed, within: 3 days}\nholdout: 20%\nenter:"
    file.write_text(file.read_text(encoding="utf-8").replace("\nenter:", f"\n{goal}", 1), encoding="utf-8")
    venue.house.read_files()
    venue.activate("bienvenue")


def count_goals(venue: Venue, *, took_part: tuple[int, int], held_out: tuple[int, int]) -> None:
    """The roll-up of a day, as if so many had entered and reached it: ten days ago, and today as many."""
    rows = {
        ("bienvenue", group, what): count
        for group, counts in (("took part", took_part), ("held out", held_out))
        for what, count in zip(("entered", "reached"), counts, strict=True)
    }
    with venue.house.store.begin() as unit:
        for day in (venue.now.date(), venue.now.date() - timedelta(days=10)):
            tallies = [Tally(day, Subject.GOAL, key, count) for key, count in rows.items()]
            unit.tallies.replace(day, {Subject.GOAL}, tallies)


def judge_weeks(venue: Venue, weeks: int = 4) -> None:
    """So many weekly judgements by which nothing changes: O clicks as the rest, and nobody has complained."""
    today = venue.now.date()
    o, r = Sample(1200, 60, 2, 0), Sample(20_000, 900, 60, 0)
    for age in range(weeks, 0, -1):
        day = today - timedelta(days=7 * age)
        standing = begun(day - timedelta(days=1))
        ruling = decide(standing.state, Evidence(o, r), days_since_change=1)
        told = told_evidence(Evidence(o, r), ruling, standing, day)
        at = venue.now - timedelta(days=7 * age)
        with venue.house.store.begin() as unit:
            unit.figures.keep(
                Judgement(at, ruling.move, standing, ruling.reason, "statistics", day, True, told)
            )


def test_the_target_shows_both_groups_and_never_that_none_of_few_is_fine(venue: Venue) -> None:
    viewer = Mate.of(venue, "viewer")
    assert "Not enough data is not «fine»" in viewer.get("/target").text
    judge_weeks(venue)
    page = viewer.get("/target").text
    assert "4 weekly judgements" in page
    assert "5.0%<small>3.9% to 6.4%" in page
    assert "none of 1\N{NARROW NO-BREAK SPACE}200<small>not enough data" in page
    assert "1 days since the last change, 28 needed" in page
    assert "how likely it is that O clicks at least 0.8 times as often as R" in page


def test_a_scenario_is_paused_goes_on_and_drains_and_all_is_on_record(venue: Venue) -> None:
    editor = Mate.of(venue, "editor")
    back = "/console/scenarios/bienvenue"
    answer = editor.post("/pause", what="bienvenue", back=back)
    assert answer.headers["location"] == back
    assert "Paused by editor" in editor.get("/scenarios/bienvenue").text
    assert "paused already" in editor.post("/pause", what="bienvenue").text
    assert "what becomes of what came due" in editor.post("/resume", what="bienvenue", late="x").text
    editor.post("/resume", what="bienvenue", late="shift")
    editor.post("/drain", what="bienvenue")
    assert "draining" in editor.get("/scenarios/bienvenue").text
    assert [deed.split(":")[1].split()[0] for deed in deeds(venue)[:3]] == ["drain", "resume", "pause"]


def test_a_deed_without_a_reason_is_not_done(venue: Venue) -> None:
    editor = Mate.of(venue, "editor")
    assert "Say why" in editor.post("/hold", what="all", reason="  ").text
    assert "Nothing is held" in editor.get("/").text


def test_a_person_is_found_by_address_or_number_which_never_stand_in_an_address(venue: Venue) -> None:
    viewer = Mate.of(venue, "viewer")
    for wanted in ("ada@example.org", "ADA@example.org ", "1"):
        assert viewer.post("/people", wanted=wanted).headers["location"] == "/console/people/1"


def test_nobody_is_found_in_a_sentence(venue: Venue) -> None:
    answer = Mate.of(venue, "viewer").post("/people", wanted="nobody@example.org")
    assert answer.status_code == 404
    assert "There is nobody" in answer.text


def test_a_persons_page_tells_the_whole_story(venue: Venue) -> None:
    page = Mate.of(venue, "viewer").get("/people/1").text
    for told in ("ada@example.org", "optin proven", "scenario.entered", "accepted", "bienvenue/merci"):
        assert told in page
    assert "The person has agreed, and the proof is there." in page


def test_the_proof_pack_is_taken_and_it_is_on_record_who_took_it(venue: Venue) -> None:
    answer = Mate.of(venue, "editor").post("/people/1/proof")
    assert answer.headers["content-type"] == "application/zip"
    assert "proof-1.html" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert deeds(venue)[0] == "editor: consent prove contact 1"


def test_a_person_is_erased_only_after_a_second_press(venue: Venue) -> None:
    admin = Mate.of(venue, "admin")
    asked = admin.post("/people/1/erase")
    assert "There is no way back" in asked.text
    assert venue.contact("ada@example.org") == 1
    assert "is erased" in admin.post("/people/1/erase", sure="yes").text
    assert venue.contact("ada@example.org") is None
    assert "ada@example.org" not in admin.get("/people/1").text
    assert admin.post("/people/1/erase", sure="yes").status_code == 409


def test_the_throttle_is_pinned_with_a_reason_and_never_above_the_figures(venue: Venue) -> None:
    admin = Mate.of(venue, "admin")
    assert admin.post("/target", share="25", reason="be careful").status_code == 303
    page = admin.get("/target").text
    assert "Pinned by admin" in page
    assert "editorial only" in page
    assert admin.post("/target", share="50", reason="more").status_code == 403


def test_the_ledger_is_filtered_and_turned_over_page_by_page(venue: Venue) -> None:
    viewer = Mate.of(venue, "viewer")
    every = viewer.get("/messages").text
    assert "bienvenue/merci" in every
    assert "bienvenue/preferences" in every
    assert "There are no such mails." in viewer.get("/messages?state=bounced").text
    assert "There are no such mails." in viewer.get("/messages?before=1").text
    assert viewer.get("/messages?state=<script>&before=x&nature='").text == every


def test_a_mail_tells_what_the_gate_read(venue: Venue) -> None:
    page = Mate.of(venue, "viewer").get("/messages/1").text
    assert "OPTIN_PROVEN" in page
    assert "optin_proven" in page


def test_a_prospecting_mail_that_was_accepted_is_not_sent_again_by_hand_either(venue: Venue) -> None:
    editor = Mate.of(venue, "editor")
    assert "Send it again" not in editor.get("/messages/1").text
    answer = editor.post("/messages/1", what="resend")
    assert answer.status_code == 409
    assert "never sent twice" in answer.text


def test_what_is_not_there_is_told_as_such(venue: Venue) -> None:
    viewer = Mate.of(venue, "viewer")
    for path in ("/people/999", "/messages/999", "/scenarios/nothing", "/nothing", "/people/x"):
        assert viewer.get(path).status_code == 404, path


def test_a_scenario_that_went_live_this_instant_is_not_there_yet(venue: Venue) -> None:
    viewer = Mate.of(venue, "viewer")
    with venue.house.store.begin() as unit:
        unit.activate("nouveau", "d", "scenario: nouveau", "test", venue.now)
    assert viewer.get("/scenarios/nouveau").status_code == 404
    assert viewer.get("/scenarios").status_code == 200


def test_what_people_are_called_is_text_and_never_a_page(venue: Venue) -> None:
    with venue.house.store.begin() as unit:
        unit.hold("prospecting", "<script>alert(1)</script>{{ 7 * 7 }}", "<b>eve</b>", venue.now)
    page = Mate.of(venue, "viewer").get("/").text
    assert "<script>" not in page
    assert "<b>" not in page
    assert "{{ 7 * 7 }}" in page


def test_the_password_stands_nowhere(venue: Venue) -> None:
    mate = Mate.of(venue, "viewer")
    assert PASSWORD not in mate.get("/").text
    assert mate.get("/").headers["cache-control"] == "no-store"
