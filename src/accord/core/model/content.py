"""What the reader found in a template, and the catalogue of all that authors have written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from accord.core.model.scenario import Scenario
from accord.core.model.venue import Venue


@dataclass(frozen=True, slots=True)
class Content:
    """What the content of a mail promotes or hides: all branches, parts and languages taken together.

    `partner_hosts`: hosts of links that are a declared partner's. The gate reads nothing else of a text.
    """

    promo_block: bool = False
    promotional_tone: bool = False
    missing_unsubscribe: bool = False
    identity_hidden: bool = False
    subject_misleading: bool = False
    partner_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """One version of one template, in all its languages: its name, digest and what it says."""

    name: str
    digest: str
    content: Content = Content()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is written and agreed: the venue, each scenario version in use, the newest good templates.

    `live` names the version by which the next contact enters; `versions` also holds those that people in
    flight entered by, by digest.
    """

    venue: Venue
    live: Mapping[str, Scenario] = field(default_factory=dict)
    versions: Mapping[str, Scenario] = field(default_factory=dict)
    templates: Mapping[str, TemplateFacts] = field(default_factory=dict)
