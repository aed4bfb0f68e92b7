"""The fold of one partition of `health.portfolio-signals`."""

from models.health.portfolios.react import PortfolioReaction, close_portfolio, forget_accounts, react_portfolio
from models.health.portfolios.state import PortfolioState
from models.health.rollup import Pending, RollupFold
from schemas.signals import AccountContribution, PortfolioSignal

Subject = tuple[str, str]


class PortfolioFold(RollupFold[PortfolioState, PortfolioSignal, PortfolioReaction]):
    """Portfolios by what their accounts give. Subjects are a tenant and `kind/id`."""

    def _fold(
        self, offset: int, subject: Subject, row: PortfolioState | None, signal: PortfolioSignal
    ) -> tuple[PortfolioState, PortfolioReaction]:
        assert isinstance(signal.fact, AccountContribution)
        now = max(signal.at, self.control.now, 0 if row is None else row.now)
        return react_portfolio(row, *subject, signal.fact, now, signal.mode)

    def _close(self, subject: Subject, row: PortfolioState, pending: Pending, day: int) -> PortfolioReaction:
        return close_portfolio(row, *subject, day, pending.now, pending.mode)

    def _forget(self, subject: Subject, row: PortfolioState, pending: Pending) -> PortfolioReaction:
        return forget_accounts(row, *subject, max(pending.now, row.now), pending.mode)

    def _remodel(self, subject: Subject, row: PortfolioState, pending: Pending) -> PortfolioReaction | None:
        return None
