"""What a report holds: plain values, ready to be shown, exported or tested."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """One step from the audience to the sale."""

    key: str
    label: str
    count: int
    #: Share of the first step, 0 to 1.
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why so many got nothing, or did not receive it."""

    key: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was spent in one currency."""

    currency: str
    amount: Decimal
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one campaign or journey."""

    funnel: tuple[FunnelStep, ...]
    skipped: tuple[Reason, ...]
    failed: tuple[Reason, ...]
    unconfirmed: int
    waiting: int
    parts: int
    costs: tuple[Cost, ...]
    clicks_human: int
    clicks_all: int
    opt_outs: int
    orders: int
    revenue: Decimal
    currency: str

    @property
    def cost(self) -> Decimal | None:
        """What was spent in the base currency; None if any was spent in another."""
        if any(cost.currency != self.currency for cost in self.costs):
            return None
        return sum((cost.amount for cost in self.costs), Decimal(0))

    @property
    def roi(self) -> Decimal | None:
        """(net attributed revenue − cost) ÷ cost; None ("n/a") at no cost."""
        if not self.cost:
            return None
        return (self.revenue - self.cost) / self.cost

    def count(self, key: str) -> int:
        """The figure of one step of the funnel."""
        return next(step.count for step in self.funnel if step.key == key)
