"""What a person bought, line by line: the customer exception is judged on these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of one order; `amount_cents` is in the order's currency, before any cancellation."""

    order_id: str
    entity: str
    family: str
    amount_cents: int
    currency: str
    placed_at: datetime
    paid_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def is_purchase(self) -> bool:
        """Paid or delivered, above zero, not cancelled: what counts as a sale (R-07 (2))."""
        settled = self.paid_at is not None or self.delivered_at is not None
        return settled and self.amount_cents > 0 and self.cancelled_at is None
