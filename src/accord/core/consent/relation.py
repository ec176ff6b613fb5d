"""What the person is to the sender: a customer of something similar, of something else, or none (R-08)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from accord.core.model.order import OrderLine
from accord.core.model.time import add_months, local_day
from accord.core.model.venue import Venue

RECENT_MONTHS = 36

SIMILAR, OVER_3Y, DISSIMILAR = "purchased_similar", "purchased_over_3y", "purchased_dissimilar"
OTHER_ENTITY, NONE = "purchased_other_entity", "none"
BEST_FIRST = (SIMILAR, OVER_3Y, DISSIMILAR, OTHER_ENTITY, NONE)


def relation_of(items: Sequence[str], lines: Iterable[OrderLine], venue: Venue, *, now: datetime) -> str:
    """The relation of a mail that promotes `items`: of an item the best line's, of the mail the worst item's.

    A mail that promotes nothing in particular finds dissimilar purchases at best.
    """
    bought = [line for line in lines if counts(line, venue)]
    if not bought:
        return NONE
    relations = [_relation(item, bought, venue, now) for item in items or (None,)]
    return max(relations, key=BEST_FIRST.index)


def counts(line: OrderLine, venue: Venue) -> bool:
    """Whether a line is a sale; a free one (account, ticket) only where the policy says so."""
    if line.is_purchase:
        return True
    settled = line.paid_at is not None or line.delivered_at is not None
    free = line.amount_cents == 0 and line.cancelled_at is None and settled
    return free and venue.policy.free_account_is_sale


def is_similar(item: str, family: str, venue: Venue) -> bool:
    """Same family, or declared similar by either of them; what is similar to a similar one is not."""
    if item == family:
        return True
    declared = venue.families
    forth = item in declared and family in declared[item].similar
    return forth or (family in declared and item in declared[family].similar)


def outlived(items: Sequence[str], lines: Iterable[OrderLine], venue: Venue, *, now: datetime) -> bool:
    """Whether some item's newest similar purchase is older than the policy's own limit (R-41)."""
    limit = venue.policy.soft_optin_max_purchase_age_months
    if limit is None:
        return False
    fresh = [
        line
        for line in lines
        if counts(line, venue) and _ours(line, venue) and not _older(line, limit, venue, now)
    ]
    return not all(any(is_similar(item, line.family, venue) for line in fresh) for item in items)


def _relation(item: str | None, bought: Iterable[OrderLine], venue: Venue, now: datetime) -> str:
    found = (_of_line(item, line, venue, now) for line in bought)
    return min(found, key=BEST_FIRST.index, default=NONE)


def _of_line(item: str | None, line: OrderLine, venue: Venue, now: datetime) -> str:
    if not _ours(line, venue):
        return OTHER_ENTITY
    if item is None or not is_similar(item, line.family, venue):
        return DISSIMILAR
    return OVER_3Y if _older(line, RECENT_MONTHS, venue, now) else SIMILAR


def _ours(line: OrderLine, venue: Venue) -> bool:
    return line.entity == venue.entity.key


def _older(line: OrderLine, months: int, venue: Venue, now: datetime) -> bool:
    """Whether the order was placed that many calendar months ago or more, in the entity's zone."""
    zone = venue.entity.clock
    return local_day(now, zone) >= add_months(local_day(line.placed_at, zone), months)
