"""Signatures of webhooks: what the standard's own example says, and everything that must not be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accord.core.webhooks import Doubt, read_secret, show_secret, sign, verify

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW, OTHERS = b"o" * 32, b"n" * 32, b"x" * 32
BODY = b'{"type":"consent.withdrawn"}'


def signed(*keys: bytes, name: str = "msg_1", now: datetime = NOW, body: bytes = BODY) -> dict[str, str]:
    return sign(keys, name=name, now=now, body=body)


def test_the_example_of_the_standard_comes_out_as_it_is_printed() -> None:
    key = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = sign([key], name="msg_p5jXN8AQM9LWM0D4loKWxJek", now=at, body=b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_what_was_signed_is_believed_by_either_key_while_they_are_exchanged() -> None:
    assert verify([NEW], signed(OLD, NEW), BODY, now=NOW) is None
    assert verify([OLD], signed(OLD, NEW), BODY, now=NOW) is None
    assert verify([OTHERS, OLD], signed(OLD), BODY, now=NOW) is None


@pytest.mark.parametrize("keys", [[], [OTHERS]])
def test_without_the_key_nothing_is_believed(keys: list[bytes]) -> None:
    assert verify(keys, signed(OLD), BODY, now=NOW) is Doubt.FORGED


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_needed_and_signed(header: str) -> None:
    headers = signed(OLD)
    assert verify([OLD], {**headers, header: ""}, BODY, now=NOW) is Doubt.MISSING
    del headers[header]
    assert verify([OLD], headers, BODY, now=NOW) is Doubt.MISSING


def test_another_body_id_or_time_is_forged() -> None:
    headers = signed(OLD)
    assert verify([OLD], headers, BODY + b" ", now=NOW) is Doubt.FORGED
    assert verify([OLD], {**headers, "webhook-id": "msg_2"}, BODY, now=NOW) is Doubt.FORGED
    later = str(int(headers["webhook-timestamp"]) + 1)
    assert verify([OLD], {**headers, "webhook-timestamp": later}, BODY, now=NOW) is Doubt.FORGED


def test_time_is_tolerated_both_ways_and_no_further() -> None:
    for seconds, doubt in ((300, None), (301, Doubt.TIME), (-300, None), (-301, Doubt.TIME)):
        assert verify([OLD], signed(OLD), BODY, now=NOW + timedelta(seconds=seconds)) is doubt
    ten_later = NOW + timedelta(seconds=10)
    assert verify([OLD], signed(OLD), BODY, now=ten_later, tolerance_seconds=9) is Doubt.TIME


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", "a.b"),
        ("webhook-id", "a b"),
        ("webhook-id", "a" * 201),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "1_000"),
        ("webhook-timestamp", "\u0663"),
        ("webhook-timestamp", "9" * 12),
        ("webhook-signature", " ".join(["v1,"] * 17)),
    ],
)
def test_a_header_that_the_standard_does_not_know_is_malformed(header: str, value: str) -> None:
    assert verify([OLD], {**signed(OLD), header: value}, BODY, now=NOW) is Doubt.MALFORMED


def test_other_schemes_are_passed_over() -> None:
    headers = signed(OLD)
    ours = headers["webhook-signature"]
    assert verify([OLD], {**headers, "webhook-signature": f"v1a,abc {ours} é"}, BODY, now=NOW) is None
    assert verify([OLD], {**headers, "webhook-signature": ours[3:]}, BODY, now=NOW) is Doubt.FORGED


def test_an_id_that_could_be_read_in_two_ways_is_not_signed() -> None:
    for keys, name in (((OLD,), "a.1"), ((OLD,), ""), ((), "a")):
        with pytest.raises(ValueError):
            signed(*keys, name=name)


def test_a_secret_is_read_as_it_is_shown() -> None:
    assert read_secret(show_secret(OLD)) == OLD
    assert read_secret(show_secret(OLD).removeprefix("whsec_")) == OLD
    for wrong in (
        "whsec_",
        "whsec_abc",
        "whsec_é",
        "hunter2",
        show_secret(b"k" * 23),
        show_secret(b"k" * 65),
    ):
        with pytest.raises(ValueError):
            read_secret(wrong)
