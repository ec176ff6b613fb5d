"""Policy files, run as `scenario policy test` runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.core.casebook import KINDS, run_cases

HERE = Path(__file__).parent
FILES = ("article.yaml", "house.yaml")
OTHER_SUITES = {"unsubscribe_http", "instrumentation"}


def report_of(name: str):
    return run_cases((HERE / name).read_text(encoding="utf-8"), name)


ALL = [(name, result) for name in FILES for result in report_of(name).results]


@pytest.mark.parametrize(("file", "result"), ALL, ids=[f"{file}-{result.id}" for file, result in ALL])
def test_case(file, result):
    if result.kind in OTHER_SUITES:
        assert result.ok is None
        assert result.as_json()["skipped"] is True
    else:
        assert result.got == result.expected
        assert result.ok


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_sound_and_every_id_is_used_once(name):
    report = report_of(name)
    assert report.diagnostics == ()
    assert report.passed
    ids = [result.id for result in report.results]
    assert len(ids) == len(set(ids))


def test_our_own_cases_also_hold_to_their_reasons_and_rules():
    for result in report_of("house.yaml").results:
        assert result.reason_got == result.reason_expected, result.id


def test_no_case_was_lost():
    text = (HERE / "article.yaml").read_text(encoding="utf-8")
    assert len(report_of("article.yaml").results) == text.count("- {id: ")


def test_one_kind_alone():
    report = run_cases((HERE / "article.yaml").read_text(encoding="utf-8"), "article.yaml", kind="inbound")
    assert {result.kind for result in report.results} == {"inbound"}
    assert len(report.results) == 7


def one(line: str):
    return run_cases(f"cases:\n  - {line}\n", "f.yaml")


@pytest.mark.parametrize(
    ("line", "place", "code", "hint"),
    [
        ("{id: A, kind: gates, given: {}, expected: deny}", (2, 19), "unknown-kind", "Did you mean `gate`?"),
        (
            "{id: A, kind: gate, given: {natur: service}, expected: deny}",
            (2, 33),
            "unknown-key",
            "Did you mean `nature`?",
        ),
        (
            "{id: A, kind: gate, given: {from_third_party: true}, expected: deny}",
            (2, 33),
            "unknown-key",
            None,
        ),
        ("{kind: gate, given: {}, expected: deny}", (2, 5), "missing-key", None),
        ("{id: A, kind: gate, expected: deny}", (2, 5), "missing-key", None),
        ("{id: A, kind: gate, given: service, expected: deny}", (2, 32), "missing-key", None),
        ("just a sentence", (2, 5), "case", None),
    ],
)
def test_what_is_wrong_with_a_file_is_said_at_its_place(line, place, code, hint):
    report = one(line)
    (found,) = report.diagnostics
    assert ((found.span.line, found.span.column), found.code, found.hint) == (place, code, hint)
    assert not report.passed


@pytest.mark.parametrize("text", ["", "cases: 3\n", "other: []\n", "- just\n- lists\n", "cases: [\n"])
def test_a_file_without_cases_says_so(text):
    assert run_cases(text, "f.yaml").diagnostics


def test_all_faults_come_at_once():
    lines = [
        "{id: A, kind: gates, given: {}, expected: deny}",
        "{id: B, kind: gate, given: {x: 1, y: 2}, expected: 1}",
    ]
    report = run_cases("cases:\n" + "".join(f"  - {line}\n" for line in lines), "f.yaml")
    assert len(report.diagnostics) == 3


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("gate", "{nature: [a], consent: optin_proven, relation: none, informed: true}"),
        ("gate", "{nature: promotional, consent: optin_proven, relation: none, informed: 'true'}"),
        (
            "gate",
            "{nature: promotional, consent: optin_proven, relation: none, informed: true, age_3y: null}",
        ),
        (
            "gate",
            "{nature: promotional, consent: optin_proven, relation: none, informed: true, address: gone}",
        ),
        ("gate", "{}"),
        ("derive_consent", "{}"),
        ("derive_consent", "{control: optin_box, prechecked: perhaps}"),
        ("derive_consent", "{channel: oral, notice: whispered}"),
        ("derive_consent", "{events: [['2026-01-01', nothing]]}"),
        ("derive_consent", "{events: [['yesterday', objection]]}"),
        ("derive_consent", "{events: [objection]}"),
        ("derive_consent", "{merge: ['optin_proven@2026-01-01']}"),
        ("derive_consent", "{merge: ['happy@2026-01-01', 'optin_proven@2026-01-01']}"),
        ("derive_consent", "{optins: [email], purpose: 'email:promotional'}"),
        ("derive_consent", "{optins: ['email:editorial']}"),
        ("derive_consent", "{optins: ['a:b'], purpose: 'a:b', basis: whim}"),
        ("derive_last_action", "{events: [telepathy]}"),
        ("derive_last_action", "{events: open}"),
        ("retention", "{last_action: soon, now: '2026-11-23'}"),
        ("retention", "{now: '2026-11-23'}"),
        ("segment_decision", "{state: LOUD, O: {n: 1, click: 0, unsub: 0, complaint: 0}}"),
        ("segment_decision", "{state: PROMO(0.3)}"),
        ("inbound", "{report: pigeon}"),
        ("inbound", "{report: dsn, action: failed}"),
        ("inbound", "{report: arf, feedback_type: abuse, envid: maybe}"),
    ],
)
def test_an_unknown_value_denies(kind, given):
    (result,) = one(f"{{id: A, kind: {kind}, given: {given}, expected: deny}}").results
    assert (result.got, result.reason_got, result.rule) == ("deny", "INPUT_UNKNOWN", "R-01")


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ("{queued: '10:00', objection: '10:05', send: '10:05'}", "deny/OBJECTION"),
        ("{queued: '10:00', objection: '10:06', send: '10:05'}", "allow"),
        ("{queued: '10:00', objection: '09:00', send: '10:05'}", "deny/OBJECTION"),
        ("{queued: 10:00, objection: null, send: 10:05}", "allow"),
        ("{queued: '10:00', objection: soon, send: '10:05'}", "deny/INPUT_UNKNOWN"),
        ("{objection_age_h: 0}", "deny/OBJECTION"),
        ("{day: sunday, channel: pigeon}", "deny/INPUT_UNKNOWN"),
        ("{day: someday, channel: email}", "deny/INPUT_UNKNOWN"),
        ("{legal: deny/OBJECTION, segment_mode: PROMO, p: 0.5, nature: promotional}", "deny/OBJECTION"),
        ("{legal: allow/SOFT_OPTIN, segment_mode: EDITORIAL_ONLY, nature: editorial}", "allow"),
        ("{legal: allow/SOFT_OPTIN, segment_mode: EDITORIAL_ONLY, nature: abandoned_cart}", "deny/SEGMENT_EDITORIAL_ONLY"),
        ("{legal: allow/SOFT_OPTIN, segment_mode: LOUD, nature: promotional}", "deny/INPUT_UNKNOWN"),
        ("{p: 0.25, total: 4, promo: 1}", "deny/SEGMENT_SHARE_CAP"),
        ("{p: 0.25, total: 7, promo: 1}", "allow"),
        ("{p: 0.25, total: 1, promo: 2}", "deny/INPUT_UNKNOWN"),
        ("{}", "deny/INPUT_UNKNOWN"),
    ],
)  # fmt: skip
def test_moments_of_sending(given, got):
    (result,) = one(f"{{id: A, kind: send_time, given: {given}, expected: '{got}'}}").results
    assert (result.got, result.ok) == (got, True)


def test_a_gate_case_holds_only_with_its_reason():
    given = "{nature: promotional, consent: optin_proven, relation: none, informed: true}"
    assert one(f"{{id: A, kind: gate, given: {given}, expected: allow, reason: OPTIN_PROVEN}}").results[0].ok
    assert (
        not one(f"{{id: A, kind: gate, given: {given}, expected: allow, reason: SOFT_OPTIN}}").results[0].ok
    )
    assert one(f"{{id: A, kind: gate, given: {given}, expected: allow}}").results[0].ok


def test_every_kind_of_the_interfaces_is_known():
    assert set(KINDS) == {
        "gate",
        "derive_consent",
        "derive_last_action",
        "retention",
        "send_time",
        "segment_decision",
        "inbound",
        "headers",
        *OTHER_SUITES,
    }
