"""The watch: whom the figures count, what it judges by them, and that promotions go and stop accordingly."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from accord.core.model.consent import Act
from accord.core.model.time import on_wall_clock
from accord.core.model.venue import FrequencyCap
from accord.core.standing import CYCLE_DAYS, Standing
from accord.core.throttle import Pair, Sample, at_share, summed
from accord.shell.engine.ports.figures import Judgement, Mailing
from accord.shell.engine.ports.rows import NewContact, NewRun
from accord.shell.engine.target.watch import _judge, _with_heads, pin, unpin, watch
from accord.shell.loops import Loops
from accord.shell.settings import load_settings
from accord.shell.store.database import SqlStore
from accord.shell.web.console.target import Target, target
from accord.shell.wiring import House
from builders import a_catalogue, a_scenario, acts, an_order_line
from engine_driver import Driver, Sink
from explained import steps
from planted import VENUE, ZONE, Base, Rates, a_click, a_mail, put, told

ROOT = Path(__file__).parents[2]
MONDAY = date(2026, 1, 5)


def at(number: float, hour: int = 9) -> datetime:
    """An hour on so many days after the first Monday."""
    return on_wall_clock(MONDAY + timedelta(days=int(number)), time(hour), ZONE)


def judge(store: SqlStore, number: int, venue=VENUE) -> Judgement | None:
    return watch(store, venue, now=at(number, 6))


def counted(store: SqlStore, *mailings: Mailing) -> Pair:
    """All that the figures hold, as it is judged on a Monday."""
    since = MONDAY - timedelta(days=30)
    kinds = mailings or tuple(Mailing)
    with store.read() as unit:
        pairs = [batch.pair for batch in unit.figures.batches(since) if batch.mailing in kinds]
        heads = unit.figures.heads(since, kinds)
    return _with_heads(summed(pairs), heads)


def newest(store: SqlStore) -> Judgement:
    with store.read() as unit:
        found = unit.figures.newest()
    assert found is not None
    return found


def allow(store: SqlStore, share: int, since: int = -60) -> None:
    """As if the statistics had come to allow this share some time ago."""
    standing = Standing(at_share(share), MONDAY + timedelta(days=since))
    with store.begin() as unit:
        unit.figures.keep(Judgement(at(since), "raise", standing, "planted", "statistics"))
        unit.note_progress("watch", (MONDAY + timedelta(days=-1)).isoformat(), at(-1))


# -- who is counted ------------------------------------------------------------------------------------------


@pytest.fixture
def base(store: SqlStore) -> Base:
    """Two of O (1, 2) and two of R (3, 4), and the watch begun on the Monday."""
    made = Base.of(store, 2, 2)
    judge(store, 0)
    return made


SOFT = {"basis": "soft_optin", "reason": "SOFT_OPTIN"}


def letter(number: float = 0, first: int = 1, **overrides) -> list:
    """One campaign to all four, on the same day."""
    return [
        a_mail(first + place, person, at(number), **(SOFT if person <= 2 else {}), **overrides)
        for place, person in enumerate((1, 2, 3, 4))
    ]


def test_a_campaign_that_reached_both_is_counted_when_its_day_is_over(base: Base) -> None:
    put(base.store, letter(), [a_click(1, 1, at(0, 10)), a_click(3, 3, at(0, 10))])
    watch(base.store, VENUE, now=at(0, 23))
    assert counted(base.store).o.n == 0
    judge(base.store, 1)
    assert counted(base.store) == Pair(Sample(2, 1, 0, 0, 2, 2), Sample(2, 1, 0, 0, 2, 2))


@pytest.mark.parametrize(
    "different",
    [{"scenario": "autre"}, {"step": "autre"}, {"edition": "fallback"}, {"template_digest": "autre"}],
)
def test_what_only_one_side_got_is_compared_with_nothing(base: Base, different: dict) -> None:
    mails = letter()
    put(base.store, [row | (different if row["contact_id"] <= 2 else {}) for row in mails])
    judge(base.store, 1)
    assert (counted(base.store).o.n, counted(base.store).r.n) == (0, 0)


@pytest.mark.parametrize("nature", ["service", "review_request", "reactivation"])
def test_other_natures_are_left_out(base: Base, nature: str) -> None:
    put(base.store, letter(nature=nature))
    judge(base.store, 1)
    assert counted(base.store).o.n == 0


def test_an_abandoned_cart_promotes(base: Base) -> None:
    put(base.store, letter(nature="abandoned_cart"))
    judge(base.store, 1)
    assert counted(base.store, Mailing.PROMOTIONAL).o.n == 2
    assert counted(base.store, Mailing.EDITORIAL).o.n == 0


@pytest.mark.parametrize("state", ["rejected", "unknown", "bounced", "refused", "expired"])
def test_what_was_not_delivered_is_not_counted(base: Base, state: str) -> None:
    mails = letter()
    mails[0]["state"] = state
    put(base.store, mails)
    judge(base.store, 1)
    assert counted(base.store).o.n == 1


def test_a_mail_that_bounces_later_was_not_delivered(base: Base) -> None:
    put(base.store, letter(), [told(1, "mail.bounced", at(3), message_id="1", reason="HARD_BOUNCE")])
    judge(base.store, 1)
    judge(base.store, 4)
    assert counted(base.store).o.n == 1


def test_only_human_clicks_in_the_mail_itself_count(base: Base) -> None:
    clicks = [
        a_click(1, 1, at(0, 10), "robot"),
        a_click(2, 2, at(0, 10), "unsure"),
        a_click(3, 3, at(1, 10)),
        a_click(3, 3, at(1, 11)),
        a_click(4, 77, at(1, 11)),
        told(4, "mail.clicked", at(1, 11), message_id="4'; --", verdict="human"),
    ]
    put(base.store, letter(), clicks)
    judge(base.store, 2)
    assert (counted(base.store).o.click, counted(base.store).r.click) == (0, 1)


def test_a_verdict_that_a_later_act_corrects_is_read_anew(base: Base) -> None:
    put(base.store, letter(), [a_click(1, 1, at(0, 10), "unsure")])
    judge(base.store, 1)
    with base.store.engine.begin() as connection:
        connection.exec_driver_sql("""UPDATE event SET data = REPLACE(data, 'unsure', 'human')""")
    judge(base.store, 2)
    assert counted(base.store).o.click == 1


def test_a_click_counts_for_28_days(base: Base) -> None:
    put(base.store, letter(), [a_click(1, 1, at(27, 10))])
    judge(base.store, 28)
    assert counted(base.store).o.click == 1
    judge(base.store, 30)
    put(base.store, [], [a_click(2, 2, at(30, 10))])
    judge(base.store, 31)
    assert counted(base.store).o.click == 1


def test_a_person_counts_once_in_28_days_for_each_kind_of_mailing(base: Base) -> None:
    put(base.store, letter(1, 1) + letter(3, 11) + letter(3, 21, nature="promotional"))
    put(base.store, letter(29, 31), [a_click(1, 11, at(3, 10)), a_click(2, 21, at(3, 10))])
    judge(base.store, 30)
    with base.store.read() as unit:
        batches = unit.figures.batches(MONDAY)
    assert [(batch.day - MONDAY).days for batch in batches] == [1, 3, 29]
    assert [batch.mailing.value for batch in batches] == ["editorial", "promotional", "editorial"]
    assert [batch.pair.o.click for batch in batches] == [0, 1, 0]


def test_in_the_next_28_days_the_same_person_counts_again_and_is_one_head_all_the_same(base: Base) -> None:
    put(base.store, letter(1, 1) + letter(29, 11), [a_click(1, 1, at(1, 10)), a_click(2, 12, at(29, 10))])
    judge(base.store, 30)
    assert counted(base.store).o == Sample(4, 2, 0, 0, reporting=2, persons=2)


def test_who_leaves_is_counted_among_those_who_came_in(base: Base) -> None:
    leaving = [
        told(1, "consent.objected", at(2), purpose="*", kind="*"),
        told(3, "consent.withdrawn", at(2), purpose="newsletter", kind="editorial"),
        told(2, "consent.withdrawn", at(2), purpose="avis", kind="review"),
        told(4, "consent.refused", at(2), purpose="newsletter", kind="editorial"),
    ]
    put(base.store, letter(), leaving)
    judge(base.store, 3)
    put(base.store, [row for row in letter(30, 11) if row["contact_id"] in (2, 4)])
    judge(base.store, 31)
    assert (counted(base.store).o.unsub, counted(base.store).r.unsub) == (1, 1)
    assert (counted(base.store).o.different, counted(base.store).r.different) == (2, 2)


def test_leaving_answers_the_last_mail_before_it(base: Base) -> None:
    put(base.store, letter(1, 1) + letter(3, 11, nature="promotional"))
    put(base.store, [], [told(1, "consent.objected", at(2), purpose="*", kind="*")])
    put(base.store, [], [told(2, "consent.objected", at(4), purpose="*", kind="*")])
    judge(base.store, 5)
    with base.store.read() as unit:
        left = {batch.mailing.value: batch.pair.o.unsub for batch in unit.figures.batches(MONDAY)}
    assert left == {"editorial": 1, "promotional": 1}


def test_complaints_are_heard_of_only_where_providers_report_them(store: SqlStore) -> None:
    base = Base.of(store, 2, 2, "mail.example.com")
    judge(store, 0)
    put(store, letter(), [told(2, "mail.complained", at(1), message_id="2")])
    judge(store, 2)
    assert counted(store).o == Sample(2, 0, 0, 1, 1, 2), "who complains is heard of anywhere"
    assert counted(store).r == Sample(2, 0, 0, 0, 0, 2)
    assert len(base.o) == 2


def test_who_signs_up_is_of_the_rest_from_then_on(base: Base) -> None:
    """A mail counts for the side that its reader was on when it was sent."""
    put(base.store, letter(1, 1))
    later = letter(30, 11)
    later[0] |= {"basis": "consent"}
    put(base.store, later, [a_click(1, 11, at(30, 10))])
    judge(base.store, 31)
    assert counted(base.store).o == Sample(3, 0, 0, 0, 2, 2)
    assert counted(base.store).r == Sample(5, 1, 0, 0, 3, 3)


# -- once a day ----------------------------------------------------------------------------------------------


def test_a_day_is_judged_once_whoever_asks(base: Base) -> None:
    assert judge(base.store, 1) is not None
    assert judge(base.store, 1) is None
    assert watch(base.store, VENUE, now=at(1, 23)) is None
    assert watch(base.store, VENUE, now=at(0, 23)) is None, "a clock that was put back judges nothing twice"
    with base.store.begin() as unit:
        assert not unit.figures.keep(replace(newest(base.store), move="raise"))


def test_several_daemons_judge_a_day_once(base: Base) -> None:
    put(base.store, letter(1, 1), [a_click(1, 1, at(1, 10))])
    for number in range(1, 9):
        with ThreadPoolExecutor(4) as daemons:
            done = list(daemons.map(lambda _, n=number: judge(base.store, n), range(4)))
        assert sum(each is not None for each in done) == 1
    assert counted(base.store).o == Sample(2, 1, 0, 0, 2, 2)
    with base.store.read() as unit:
        days = [row.day for row in unit.figures.history(every=True, limit=99)]
    assert days == [MONDAY + timedelta(days=number) for number in range(8, 0, -1)] + [None]


def test_days_that_the_daemon_was_away_are_made_up_for(base: Base) -> None:
    put(base.store, letter(1, 1) + letter(8, 11, nature="promotional"), [a_click(1, 1, at(1, 10))])
    judgement = judge(base.store, 9)
    assert judgement is not None
    assert judgement.weekly, "the Monday that was missed"
    assert counted(base.store).o == Sample(4, 1, 0, 0, 2, 2)


def test_broken_off_it_counts_nothing_twice(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    put(base.store, letter(1, 1), [a_click(1, 1, at(1, 10))])
    with base.store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE spare AS SELECT * FROM throttle_state")
        connection.exec_driver_sql("DROP TABLE throttle_state")
    with pytest.raises(Exception, match="throttle_state"):
        judge(base.store, 2)
    with base.store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE spare RENAME TO throttle_state")
    judge(base.store, 2)
    assert counted(base.store).o == Sample(2, 1, 0, 0, 2, 2)


def test_what_no_judgement_reads_any_more_is_dropped(base: Base) -> None:
    put(base.store, letter(1, 1))
    judge(base.store, 2)
    judge(base.store, 121)
    assert counted(base.store).o.n == 0


def test_the_days_are_the_entitys(base: Base) -> None:
    """Half past midnight in Paris is still the day before in Greenwich."""
    put(base.store, letter(1, 1))
    assert watch(base.store, VENUE, now=at(2, 0) - timedelta(minutes=1)) is not None
    assert watch(base.store, VENUE, now=at(2, 0) + timedelta(minutes=30)) is not None
    assert counted(base.store).o.n == 2


# -- by hand -------------------------------------------------------------------------------------------------


def test_a_pin_is_kept_journalled_and_put_on_record(base: Base) -> None:
    allow(base.store, 25)
    pin(base.store, VENUE, 10, reason="trop de réclamations", by="ada", now=at(1))
    assert str(newest(base.store).standing.state) == "PROMO(0.10)"
    assert unpin(base.store, VENUE, reason="réglé", by="ada", now=at(2)) is not None
    assert unpin(base.store, VENUE, reason="encore", by="ada", now=at(2)) is None
    assert str(newest(base.store).standing.state) == "PROMO(0.10)", "what was given up must be earned again"
    with base.store.read() as unit:
        rows = [row for row in unit.events_of(0) if row.name == "throttle.changed"]
        deeds = [(deed.by, deed.action, deed.subject) for deed in unit.deeds()]
        assert unit.throttle() == at_share(10)
    assert [(row.data["before"], row.data["state"], row.data["by"]) for row in rows] == [
        ("PROMO(0.25)", "PROMO(0.10)", "ada"),
        ("PROMO(0.10)", "PROMO(0.10)", "ada"),
    ]
    assert deeds == [("ada", "throttle unpin", "0.50"), ("ada", "throttle pin", "0.10")]


def test_a_pin_that_is_turned_while_the_day_is_judged_stands(base: Base) -> None:
    """What was judged by another standing is not written; the next turn judges anew."""
    allow(base.store, 25)

    before = newest(base.store).standing
    pin(base.store, VENUE, 0, reason="halte", by="ada", now=at(0, 5))
    assert _judge(base.store, before, since=MONDAY, today=MONDAY + timedelta(days=1), now=at(1)) is None
    assert newest(base.store).standing.state == at_share(0)
    assert judge(base.store, 1) is not None
    assert newest(base.store).standing.at_most == 0


# -- a year, by the daemon's own job ---------------------------------------------------------------------------


def the_loops(store: SqlStore, clock: list[datetime]) -> Loops:
    """The daemon's loops over this store, whose clock a test moves."""
    settings = replace(load_settings(ROOT / "config.toml", {}), venue=VENUE)
    return Loops(House(settings, store, lambda: clock[0]))


GOOD, WEAK, REST = Rates(20, 0.1), Rates(12, 0.1), Rates(20, 0.3)


def test_a_year_goes_up_the_ladder_down_and_up_again(store: SqlStore) -> None:
    """O is as good as R, 40 % weaker from day 140 on, and good again from day 210 on.

    After a window of good weeks, benchmarks/throttle.py finds, promotions stop within 84 days 19 times in 20.
    On PostgreSQL the year ends at the top of the ladder.
    """
    base = Base.of(store, 1040, 1040)
    clock = [at(0)]
    loops = the_loops(store, clock)
    days = 364 if store.engine.dialect.name == "sqlite" else 106

    async def go() -> None:
        for number in range(days):
            clock[0] = at(number, 6)
            await loops.watch()
            day, (o, r) = MONDAY + timedelta(days=number), base.group(number // 7)
            of_o = WEAK if 140 <= number < 210 else GOOD
            if number % 7 == 1:
                base.write(day, "editorial", o, r, of_o, REST)
            if number % 7 == 2:
                promoting = newest(store).standing.state.share_percent > 0
                base.write(day, "promotional", o if promoting else (), r, of_o, REST)

    asyncio.run(go())
    with store.read() as unit:
        rows = list(reversed(unit.figures.history(every=True, limit=1000)))
        changes = [row for row in unit.events_of(0, limit=1000) if row.name == "throttle.changed"]
    assert len(rows) == days
    moves = [
        ((row.at.astimezone(ZONE).date() - MONDAY).days, f"{row.move} {row.standing.state}")
        for row in rows
        if row.move != "hold"
    ]
    told_of = [told for _, told in moves]
    climbed = ["raise PROMO(0.10)", "raise PROMO(0.25)", "raise PROMO(0.50)"]
    year = ["start EDITORIAL_ONLY", *climbed, "fall EDITORIAL_ONLY", *climbed]
    assert told_of == (year if days == 364 else year[:4])
    when = [day for day, _ in moves]
    assert when[1] == 28, "the first Monday on which 1,000 persons and 28 days are there"
    assert all(day % 7 == 0 for day, told in moves if told.startswith("raise"))
    assert all(later - sooner >= 28 for sooner, later in pairwise(when))
    if days == 364:
        assert 140 < when[4] <= 140 + 84
        assert when[5] > 210
    assert [row.data["state"] for row in changes] == [told.split()[1] for told in told_of[1:]]
    if days == 364:
        the_picture_shows_it(target(loops.house, clock[0]))


def the_picture_shows_it(view: Target) -> None:
    """The console's page: both groups with intervals, the share on the same weeks, and no «0 %» of too few."""
    assert view.clicks is not None
    _narrow, ladder = re.findall(r'<polyline class="line share" points="([^"]+)"', view.clicks)
    heights = [point.split(",")[1] for point in ladder.split()]
    walked = [height for height, _ in groupby(heights)]
    climbed = sorted(set(heights), key=float, reverse=True)
    assert len(climbed) == 4
    assert walked == [*climbed, *climbed], "up the ladder, down at once, and up again"
    assert "51 weekly judgements" in view.clicks
    assert view.clicks.count('class="band o"') == view.clicks.count('class="band r"') == 2, (
        "for desk and telephone"
    )
    assert (view.share, view.next_raise) == (50, "none: at the top")
    o = view.seen.groups[0]
    assert (o.complained.count, o.complained.is_enough, o.clicked.is_enough) == (0, False, True)


# 350 of O a week at 4.5 %, as in the tables: the weekly judgement alone takes 42 days 19 times in 20, as
# benchmarks/throttle.py finds; the e-values may be quicker.
PREDICTED = 42

TABLES, WEAKER = Rates(4.5, 0.3), Rates(2.7, 0.3)

DAILY = """
scenario: quotidien
purpose: newsletter
why: {consent: Parce que., customer: Parce que.}
enter: {every: "0 8 * * *", if: orders.count >= 1}
steps:
  mail: {send: quotidien/mail, nature: editorial}
"""
OFFER = """
scenario: offre
purpose: newsletter
why: {consent: Parce que., customer: Parce que.}
enter: {every: "0 10 * * *", if: orders.count >= 1}
steps:
  mail:
    send: offre/promo
    nature: promotional
    promotes: [theatre]
    if_not_allowed: {send: offre/magazine, nature: editorial}
"""


def a_customer(driver: Driver) -> int:
    """A real one, who bought a ticket, could refuse and did not."""
    with driver.store.begin() as unit:
        [number] = unit.add_contacts([NewContact("ada@example.org", "fr", "Europe/Paris", at(-60))])
        line = an_order_line(placed_at=at(-50), paid_at=at(-50))
        unit.save_order_lines({number: (line,)})
    driver.consent(*acts(Act.PURCHASE_INFORMED, contact_id=number, at=at(-50)))
    return number


def an_engine(store: SqlStore) -> Driver:
    venue = replace(VENUE, frequency={"prospecting": FrequencyCap(999, 28)})
    catalogue = a_catalogue(a_scenario(DAILY, venue), a_scenario(OFFER, venue), venue=venue)
    return Driver(store, catalogue, at(-1, 12))


def offered(driver: Driver, person: int) -> list[tuple[int, str]]:
    """On which days the person was offered something, and by which edition."""
    with driver.store.read() as unit:
        mails = [mail for mail in unit.messages_of(person) if mail.scenario == "offre"]
    days = [(mail.sent_at.astimezone(ZONE).date() - MONDAY).days for mail in mails if mail.sent_at]
    return list(zip(days, [mail.edition for mail in mails], strict=True))


def test_promotions_to_weaker_customers_stop_within_the_days_predicted(store: SqlStore) -> None:
    """The real engine, turn by turn: O was promoted to, and is planted 40 % weaker than R from now on."""
    driver = an_engine(store)
    ada = a_customer(driver)
    allow(store, 25)
    base = Base.of(store, 1400, 1400)
    for number in range(PREDICTED + 2):
        driver.now = at(number, 10)
        driver.turn()
        fallen_on = newest(store).standing.fallen_on
        if fallen_on is not None and driver.now.date() > fallen_on + timedelta(days=7):
            break
        if number % 7 in (1, 2):
            o, r = base.group(number // 7)
            promoting = newest(store).standing.state.share_percent > 0
            nature = "editorial" if number % 7 == 1 else "promotional"
            base.write(
                MONDAY + timedelta(days=number),
                nature,
                o if promoting or nature == "editorial" else (),
                r,
                WEAKER,
                TABLES,
            )
    assert driver.faults == []
    found = offered(driver, ada)
    promoted = [day for day, edition in found if edition == "main"]
    assert fallen_on is not None
    stopped = (fallen_on - MONDAY).days
    assert 0 < stopped <= PREDICTED
    assert promoted, "until then they went out"
    assert max(promoted) < stopped
    assert {edition for day, edition in found if day >= stopped} == {"fallback"}
    refused = [row for row in driver.journal(ada) if row.name == "mail.refused" and row.at >= at(stopped, 0)]
    assert {row.data["reason"] for row in refused} == {"SEGMENT_EDITORIAL_ONLY"}


def test_customers_who_click_like_the_rest_are_promoted_to_step_by_step(store: SqlStore) -> None:
    """The real engine, turn by turn, from the first day on: O is planted as good as R; on SQLite two rungs are climbed."""
    rungs = 2 if store.engine.dialect.name == "sqlite" else 1
    driver = an_engine(store)
    ada = a_customer(driver)
    base = Base.of(store, 1040, 1040)
    shares: list[int] = []
    for number in range(rungs * CYCLE_DAYS + 15):
        driver.now = at(number, 10)
        driver.turn()
        shares.append(newest(store).standing.state.share_percent)
        if number % 7 in (1, 2):
            o, r = base.group(number // 7)
            nature = "editorial" if number % 7 == 1 else "promotional"
            reached = o if shares[-1] > 0 or nature == "editorial" else ()
            base.write(MONDAY + timedelta(days=number), nature, reached, r, GOOD, REST)
    assert driver.faults == []
    raised = [number for number in range(1, len(shares)) if shares[number] > shares[number - 1]]
    assert [shares[number] for number in raised] == [10, 25][:rungs]
    assert shares == sorted(shares)
    promoted = [day for day, edition in offered(driver, ada) if edition == "main"]
    assert promoted, "what the figures allow goes out"
    assert min(promoted) >= raised[0], "and nothing before"
    if rungs == 1:
        return
    first, second = raised
    at_ten = [day for day in promoted if first <= day < second]
    at_a_quarter = [day for day in promoted if second <= day]
    assert len(at_ten) * (len(shares) - second) < len(at_a_quarter) * (second - first), (
        "the higher, the more often"
    )


def test_a_fall_stops_what_is_queued_and_what_has_been_judged_already(store: SqlStore) -> None:
    driver = an_engine(store)
    people = [a_customer(driver)]
    with driver.store.begin() as unit:
        new = [NewContact(f"q{n}@example.org", "fr", "Europe/Paris", at(-60)) for n in range(2)]
        people += unit.add_contacts(new)
        for number in people[1:]:
            unit.save_order_lines({number: (an_order_line(order_id=f"O-{number}"),)})
    for number in people[1:]:
        driver.consent(*acts(Act.PURCHASE_INFORMED, contact_id=number, at=at(-50)))
    allow(store, 50)
    driver.now = at(0, 8)
    driver.turn()

    class Falling(Sink):
        """While the first window is on its way, somebody pulls the emergency brake."""

        async def carry(self, envelope):
            if len(self.taken) == 3:
                pin(store, VENUE, 0, reason="halte", by="ada", now=driver.now)
            return await super().carry(envelope)

    before = driver.sink.taken
    driver.sink = Falling(width=1, taken=before)
    driver.now = at(0, 10)
    driver.turn()
    with store.read() as unit:
        states = [
            mail.state.value for n in people for mail in unit.messages_of(n) if mail.scenario == "offre"
        ]
    assert sorted(states) == ["accepted", "refused", "refused"]


def test_customers_who_are_weaker_from_the_start_are_never_promoted_to(store: SqlStore) -> None:
    base = Base.of(store, 1040, 1040)
    for number in range(7 * 12):
        judge(store, number)
        if number % 7 == 1:
            base.write(MONDAY + timedelta(days=number), "editorial", *base.group(number // 7), WEAK, REST)
    with store.read() as unit:
        assert {row.standing.state for row in unit.figures.history(every=True, limit=999)} == {at_share(0)}


def test_the_funnel_counts_alike_on_both_databases(base: Base) -> None:
    events = [
        a_click(1, 1, at(0, 10)),
        a_click(1, 1, at(0, 11)),
        a_click(3, 3, at(0, 10), "robot"),
        told(2, "consent.objected", at(1), purpose="*", kind="*"),
        told(4, "mail.complained", at(1), message_id="4"),
        told(1, "mail.refused", at(0), scenario="lettre", step="mail", template="lettre/mail", reason="LATE"),
        told(2, "mail.refused", at(0), scenario="lettre", step="mail", reason="LATE"),
    ]
    put(base.store, letter(), events)
    with base.store.begin() as unit:
        unit.add_runs([NewRun("lettre", "d", 1, "k", at(0), "mail", at(0))])
    with base.store.read() as unit:
        found = unit.figures.funnel(at(-1), "lettre")
        nothing = unit.figures.funnel(at(-1), "autre")
        later = unit.figures.funnel(at(1), None)
    [step] = found.steps
    assert (step.step, step.edition, step.template) == ("mail", "main", "lettre/mail")
    assert step.counts == {"sent": 4, "delivered": 4, "clicked": 1, "left": 1, "complained": 1}
    assert found.people == {"lettre": {"entered": 1, "under way": 1, "finished": 0}}
    assert found.not_sent == {
        ("lettre", "mail", "lettre/mail"): {"LATE": 1},
        ("lettre", "mail", ""): {"LATE": 1},
    }
    assert (nothing.steps, nothing.people, nothing.not_sent) == ([], {}, {})
    assert later.steps == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_question_walks_through_a_whole_ledger(base: Base) -> None:
    """What a day costs grows with the day, not with the years that are kept."""
    put(base.store, letter())

    def judge_and_look() -> None:
        judge(base.store, 7)
        with base.store.read() as unit:
            unit.figures.funnel(at(-30), None)

    plans = steps(base.store, judge_and_look)
    assert any("ix_event_outcome" in step for step in plans)
    assert any("ix_message_sent" in step for step in plans)
    assert any("COVERING INDEX ix_entrant_batch" in step for step in plans)
    assert [step for step in plans if re.match(r"SCAN (message|event|contact)\b", step)] == []
