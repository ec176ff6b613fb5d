"""Bounces, complaints, replies."""

from __future__ import annotations

import pytest

from accord.core.consent.reports import bounces_too_often, delivery_status, feedback, is_automatic, reply
from accord.core.model.consent import ConsentStatus
from accord.core.model.contact import AddressState
from core.consent.people import NOW, days


@pytest.mark.parametrize(
    ("action", "status", "reason"),
    [
        ("failed", "5.1.1", "HARD_BOUNCE"),
        ("Failed", " 5.1.10 (unknown user)", "HARD_BOUNCE"),
        ("failed", "5.2.1", "HARD_BOUNCE"),
        ("failed", "5.1.4", "FAILURE_IS_NOT_THE_ADDRESS"),
        ("failed", "5.1.11", "FAILURE_IS_NOT_THE_ADDRESS"),
        ("failed", "5.2.2", "MAILBOX_FULL"),
        ("failed", "5.7.26", "POLICY_BLOCK_IS_NOT_THE_ADDRESS"),
        ("failed", "4.4.7", "SOFT_BOUNCE"),
        ("delayed", "4.4.1", "SOFT_BOUNCE"),
        ("delayed", "5.1.1", "SOFT_BOUNCE"),
        ("relayed", "5.1.1", "NOT_A_FAILURE"),
        ("delivered", "2.0.0", "NOT_A_FAILURE"),
        ("failed", "", "STATUS_UNREADABLE"),
        ("failed", "550", "STATUS_UNREADABLE"),
    ],
)
def test_delivery_status(action, status, reason):
    got = delivery_status(action, status, ours=True)
    assert got.reason == reason
    assert (got.address is AddressState.HARD_BOUNCED) == (reason == "HARD_BOUNCE")
    assert not delivery_status(action, status, ours=False).changes


@pytest.mark.parametrize(
    ("kind", "address", "consent"),
    [
        ("abuse", AddressState.COMPLAINED, ConsentStatus.ACTIVE_OPTOUT),
        ("Fraud", AddressState.COMPLAINED, ConsentStatus.ACTIVE_OPTOUT),
        ("opt-out", None, ConsentStatus.ACTIVE_OPTOUT),
        ("not-spam", None, None),
        ("auth-failure", None, None),
        ("", None, None),
    ],
)
def test_feedback(kind, address, consent):
    got = feedback(kind, ours=True)
    assert (got.address, got.consent) == (address, consent)
    assert not feedback(kind, ours=False).changes


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        ("stop", True),
        ("STOP!", True),
        ("Please stop writing to me", True),
        ("Merci de me désabonner.", True),
        ("Désinscription svp", True),
        ("Je ne souhaite plus recevoir vos messages", True),
        ("Don't email me again", True),
        ("Bonjour, à quelle heure commence le spectacle ?", False),
        ("We stopped by yesterday, lovely play!", False),
        ("Merci !\n> Se désabonner", False),
        ("Merci !\nLe 3 mars 2026, Théâtre a écrit :\nSe désabonner", False),
        ("Thanks\nOn 3 March 2026 Theatre wrote:\nUnsubscribe", False),
        ("> votre lettre\nStop", True),
        ("", False),
    ],
)
def test_replies(text, objects):
    assert (reply(text).consent is ConsentStatus.ACTIVE_OPTOUT) is objects


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ({}, False),
        ({"Auto-Submitted": "no"}, False),
        ({"auto-submitted": "auto-replied; x=1"}, True),
        ({"Precedence": "Bulk"}, True),
        ({"Return-Path": "<>"}, True),
        ({"Return-Path": "<ada@example.org>"}, False),
    ],
)
def test_automatic_messages(headers, automatic):
    assert is_automatic(headers) is automatic


def test_five_soft_bounces_in_thirty_days_without_a_delivery_between():
    five = [NOW - days(n) for n in (1, 5, 9, 20, 30)]
    assert bounces_too_often(five, [], now=NOW)
    assert not bounces_too_often(five[:4], [], now=NOW)
    assert not bounces_too_often([*five[:4], NOW - days(31)], [], now=NOW)
    assert not bounces_too_often(five, [NOW - days(10)], now=NOW)
    assert bounces_too_often(five, [NOW - days(40)], now=NOW)
