"""A contract over all providers: known by their own sign, told once, matched by our mark, and judged by the same law."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from starlette.applications import Starlette
from starlette.routing import Route

from accord.core.mail.returns import echo_of
from accord.shell.config_inbound import Hook
from accord.shell.inbound import PROVIDERS
from accord.shell.inbound.certificates import FetchedCertificates
from accord.shell.inbound.ses import is_amazons
from accord.shell.inbound.telling import take_told
from accord.shell.store.database import SqlStore
from accord.shell.web.hooks import HookDoor
from accord.shell.web.problems import room_of
from builders import NOW
from doors.visitors import Visitor
from shell.wayback.house import RETURNS, Office

SECRET = b"a secret of the provider's"
TOPIC = "arn:aws:sns:eu-west-3:123456789012:retours"
CERTIFICATE = "https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"


@pytest.fixture
def office(embedded: SqlStore) -> Office:
    return Office(embedded)


def echoed(provider: str, mail: int) -> str:
    header = echo_of(provider, RETURNS.mark(mail))
    assert header is not None
    return header[1]


# -- what each says, in its own form -------------------------------------------------------------------------


def brevo(what: str, mail: int) -> dict[str, Any]:
    words = {
        "hard": {"event": "hard_bounce", "reason": "550 5.1.1 user unknown"},
        "soft": {"event": "soft_bounce", "reason": "mailbox busy"},
        "policy": {"event": "blocked", "reason": "blocked: due to blacklist"},
        "full": {"event": "hard_bounce", "reason": "552 5.2.2 mailbox full"},
        "complaint": {"event": "spam"},
        "delivered": {"event": "delivered"},
        "unsubscribe": {"event": "unsubscribed"},
        "delayed": {"event": "deferred", "reason": "421 try again"},
        "nothing": {"event": "unique_opened"},
    }[what]
    return {
        **words,
        "email": "ada@example.org",
        "id": 1,
        "ts_event": 1795424400 + mail,
        "message-id": "<x@relay.example>",
        "X-Mailin-custom": echoed("brevo", mail),
    }


def postmark(what: str, mail: int) -> dict[str, Any]:
    bounce = {"RecordType": "Bounce", "ID": 42 + mail, "Email": "ada@example.org"}
    words = {
        "hard": {**bounce, "Type": "HardBounce", "Details": "smtp;550 5.1.1 user unknown"},
        "soft": {**bounce, "Type": "SoftBounce", "Details": "try again"},
        "policy": {**bounce, "Type": "SpamNotification", "Details": "550 5.1.1 looks like spam"},
        "full": {**bounce, "Type": "HardBounce", "Details": "552 5.2.2 mailbox full"},
        "complaint": {
            "RecordType": "SpamComplaint",
            "Type": "SpamComplaint",
            "ID": mail,
            "Email": "ada@example.org",
        },
        "delivered": {"RecordType": "Delivery", "Recipient": "ada@example.org", "Details": "250 ok"},
        "unsubscribe": {"RecordType": "SubscriptionChange", "Origin": "Recipient", "SuppressSending": True},
        "delayed": {**bounce, "Type": "Transient", "Details": "421 later"},
        "nothing": {"RecordType": "Open", "Recipient": "ada@example.org"},
    }[what]
    return {**words, "MessageID": f"00000000-{mail}", "Metadata": {"accord": echoed("postmark", mail)}}


def ses(what: str, mail: int) -> dict[str, Any]:
    def bounced(kind: str, detail: str, status: str, words: str) -> dict[str, Any]:
        recipient = {
            "emailAddress": "ada@example.org",
            "action": "failed",
            "status": status,
            "diagnosticCode": words,
        }
        return {
            "notificationType": "Bounce",
            "bounce": {"bounceType": kind, "bounceSubType": detail, "bouncedRecipients": [recipient]},
        }

    words = {
        "hard": bounced("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
        "soft": bounced("Transient", "General", "4.4.1", "smtp; 421 later"),
        "policy": bounced(
            "Permanent", "Suppressed", "5.1.1", "Amazon SES has suppressed sending to this address"
        ),
        "full": bounced("Transient", "MailboxFull", "5.2.2", "smtp; 552 5.2.2 mailbox full"),
        "complaint": {"notificationType": "Complaint", "complaint": {"complaintFeedbackType": "abuse"}},
        "delivered": {"eventType": "Delivery", "delivery": {"recipients": ["ada@example.org"]}},
        "delayed": {"eventType": "DeliveryDelay", "deliveryDelay": {"delayType": "General"}},
        "nothing": {"eventType": "Click", "click": {}},
    }[what]
    tag = echoed("ses", mail).partition("=")[2]
    message = {**words, "mail": {"messageId": "x", "tags": {"accord": [tag]}, "source": "a@example.org"}}
    return envelope(message, mail)


def envelope(message: Mapping[str, Any], mail: int, **changes: Any) -> dict[str, Any]:
    """What SNS puts round it, signed."""
    body = {
        "Type": "Notification",
        "MessageId": f"22b80b92-fdea-4c2c-8f9d-{mail:012d}",
        "TopicArn": TOPIC,
        "Message": json.dumps(message),
        "Timestamp": "2026-11-23T09:00:00.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
        **changes,
    }
    return {**body, "Signature": base64.b64encode(signature(body)).decode()}


def signature(body: Mapping[str, Any], algorithm: Any = None) -> bytes:
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{body[name]}\n" for name in names if name in body)
    return amazons_key().sign(text.encode(), PKCS1v15(), algorithm or SHA256())


@cache
def amazons_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(until: datetime = NOW + timedelta(days=100)) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(amazons_key().public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=300))
        .not_valid_after(until)
        .sign(amazons_key(), SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


SAID: dict[str, Callable[[str, int], dict[str, Any]]] = {"brevo": brevo, "postmark": postmark, "ses": ses}
KEY = {
    "brevo": {"authorization": f"Bearer {SECRET.decode()}"},
    "postmark": {"authorization": f"Basic {base64.b64encode(b'postmark:' + SECRET).decode()}"},
    "ses": {},
}

# -- the contract ----------------------------------------------------------------------------------------------


def test_every_provider_is_under_contract() -> None:
    assert PROVIDERS.keys() == SAID.keys() == KEY.keys()


def take_all(office: Office, provider: str, body: Any) -> int:
    told = PROVIDERS[provider].told(body)
    with office.store.begin() as unit:
        return sum(take_told(unit, office.desk, provider, each, now=office.now) for each in told)


# What is told, as the journal calls it, the address after it, and the mail: from the mildest to the worst.
MEANINGS = (
    ("delivered", "mail.delivered", "ok", "accepted"),
    ("delayed", "mail.soft_bounced", "ok", "accepted"),
    ("soft", "mail.soft_bounced", "ok", "bounced"),
    ("policy", "mail.policy_blocked", "ok", "bounced"),
    ("full", "mail.mailbox_full", "ok", "bounced"),
    ("unsubscribe", "consent.withdrawn", "ok", "accepted"),
    ("complaint", "mail.complained", "complained", "complained"),
    ("hard", "mail.bounced", "hard_bounced", "bounced"),
)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_means_the_same_by_every_provider(office: Office, provider: str) -> None:
    mails = [office.letter() for _ in MEANINGS]
    told: list[str] = []
    for mail, (what, name, address, state) in zip(mails, MEANINGS, strict=True):
        if (provider, what) == ("ses", "unsubscribe"):
            continue  # SES tells of none
        body = SAID[provider](what, mail)
        assert (take_all(office, provider, body), take_all(office, provider, body)) == (1, 0), (
            "once, however often"
        )
        told.append(name)
        assert (office.names(), office.address(), office.state(mail)) == (told, address, state), what
    with office.store.read() as unit:
        assert "delivered" not in {each.kind for each in unit.wayback.listed()}, "good news fills no book"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_bears_no_mark_of_ours_accuses_nobody(office: Office, provider: str) -> None:
    mail = office.letter()
    for what in ("hard", "complaint"):
        text = json.dumps(SAID[provider](what, mail)).replace(RETURNS.mark(mail).seal, "a" * 16)
        take_all(office, provider, json.loads(text))
    assert (office.address(), office.names()) == ("ok", [])


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "body",
    [None, 1, "x", [], {}, [1, None], {"RecordType": 3, "event": [], "Message": "{", "Type": "Notification"}],
)
def test_what_is_no_message_is_nothing(provider: str, body: Any) -> None:
    assert list(PROVIDERS[provider].told(body)) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_tells_of_opens_is_passed_over(office: Office, provider: str) -> None:
    assert take_all(office, provider, SAID[provider]("nothing", office.letter())) == 0


# -- at the door -----------------------------------------------------------------------------------------------


@dataclass
class Around:
    """As much of a house as the door needs."""

    office: Office
    hooks: Mapping[str, Hook]
    settings: Any = field(init=False)
    house: Any = None

    def __post_init__(self) -> None:
        self.settings = self
        self.mailboxes: dict[str, Any] = {}
        self.returns = RETURNS
        self.store = self.office.store
        self.listening = self.office.driver.catalogue

    def clock(self) -> datetime:
        return self.office.now


@pytest.fixture
def knock(office: Office) -> Iterator[Callable[..., httpx.Response]]:
    hooks = {
        "brevo": Hook("brevo", "brevo", (SECRET,)),
        "postmark": Hook("postmark", "postmark", (SECRET,)),
        "ses": Hook("ses", "ses", (), topic=TOPIC),
    }
    fetched: list[str] = []

    def certificates(url: str) -> bytes:
        fetched.append(url)
        return certificate()

    around = Around(office, hooks)
    door = HookDoor(around, certificates)  # type: ignore[arg-type]
    app = Starlette(routes=[room_of("/hooks", [Route("/{name}", door.take, methods=["POST"])], "http://a")])

    def push(provider: str, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Visitor(app).post(f"/hooks/{provider}", content=content, headers=headers or KEY[provider])  # type: ignore[arg-type]

    yield push


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_signed_call_is_taken_and_an_unsigned_one_learns_nothing(
    office: Office, knock: Callable[..., httpx.Response], provider: str
) -> None:
    mail = office.letter()
    body = SAID[provider]("hard", mail)
    wrong = {"authorization": "Bearer something else"}
    if provider == "ses":
        body_of_others = {**body, "Message": body["Message"].replace("General", "NoEmail")}
        refused = [knock(provider, body_of_others), knock(provider, b"not json"), knock(provider, [])]
    else:
        refused = [
            knock(provider, body, **wrong),
            knock(provider, body, x="y"),
            knock(provider, body, authorization="Basic !"),
        ]
    assert [each.status_code for each in refused] == [401] * 3
    assert office.address() == "ok"
    answered = [knock(provider, body), knock(provider, body)]
    assert [each.json() for each in answered] == [{"new": 1}, {"new": 0}]
    assert office.address() == "hard_bounced"


def test_amazon_is_known_by_our_topic_its_own_hosts_and_sha_256(
    office: Office, knock: Callable[..., httpx.Response]
) -> None:
    mail = office.letter()
    message = json.loads(ses("hard", mail)["Message"])
    elsewhere = (
        "https://sns.eu-west-3.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef.pem"
    )
    old = envelope(message, mail, SignatureVersion="1")
    old["Signature"] = base64.b64encode(signature(old, SHA1())).decode()
    bad = [
        envelope(message, mail, TopicArn=TOPIC.replace("123456789012", "999999999999")),
        envelope(message, mail, SigningCertURL=elsewhere),
        {**envelope(message, mail), "Signature": base64.b64encode(b"x" * 256).decode()},
        {**envelope(message, mail), "Signature": "%%%"},
        old,
    ]
    assert [knock("ses", each).status_code for each in bad] == [401] * len(bad)
    office.now = NOW + timedelta(days=101)
    assert knock("ses", envelope(message, mail)).status_code == 401, "its certificate is over"
    office.now = NOW
    assert knock("ses", envelope(message, mail)).json() == {"new": 1}


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE.replace("https", "http"),
        CERTIFICATE.replace("amazonaws.com", "amazonaws.com:8443"),
        CERTIFICATE.replace("sns.", "user@sns."),
        CERTIFICATE.replace("sns.eu", "s3.eu"),
        CERTIFICATE + "?x=1",
        CERTIFICATE.replace("/Simple", "/../Simple"),
        "https://sns.eu-west-3.amazonaws.com\\@evil.example/SimpleNotificationService-0123456789abcdef.pem",
        "file:///etc/passwd",
        "",
    ],
)
def test_certificates_come_from_amazons_hosts_alone(url: str) -> None:
    assert is_amazons(CERTIFICATE)
    assert not is_amazons(url)
    with pytest.raises(ValueError, match="not an address"):
        FetchedCertificates()(url)


def test_a_subscription_is_confirmed_by_a_person(office: Office) -> None:
    body = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "m",
        "SubscribeURL": "https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription",
    }
    take_all(office, "ses", body)
    (task,) = office.tasks()
    assert (task.body["what"], task.body["open"]) == ("CONFIRM_SUBSCRIPTION", body["SubscribeURL"])
    take_all(office, "ses", {**body, "SubscribeURL": "https://evil.example/"})
    (task,) = office.tasks()
    assert task.body["open"] == ""
