"""All components by name. A number, once given, stays: stored rows name components by it."""

from models.health.components.ces import Ces
from models.health.components.component import Component
from models.health.components.csat import Csat
from models.health.components.csat_mean import CsatMean
from models.health.components.engagement import Engagement
from models.health.components.interactions_per_ticket import InteractionsPerTicket
from models.health.components.nps import Nps
from models.health.components.open_tickets import OpenTickets
from models.health.components.resolution_time import ResolutionTime
from models.health.components.response_time import ResponseTime
from models.health.components.reviews import Reviews
from models.health.components.sentiment import Sentiment
from models.health.components.severity import Severity
from models.health.components.severity_trend import SeverityTrend
from models.health.components.support_load import SupportLoad
from models.health.components.tenure import Tenure
from models.health.components.ticket_count import TicketCount
from models.health.components.ticket_trend import TicketTrend
from models.health.components.tone import Tone
from models.health.components.unanswered import Unanswered

_KINDS: tuple[type[Component], ...] = (
    Nps,
    Csat,
    Sentiment,
    Engagement,
    InteractionsPerTicket,
    OpenTickets,
    TicketCount,
    CsatMean,
    Tenure,
    Severity,
    Tone,
    Reviews,
    TicketTrend,
    Unanswered,
    SeverityTrend,
    Ces,
    ResponseTime,
    ResolutionTime,
    SupportLoad,
)

COMPONENTS: dict[str, type[Component]] = {kind.name: kind for kind in _KINDS}
NAMES: dict[int, str] = {kind.code: kind.name for kind in _KINDS}
GRADED: frozenset[int] = frozenset(kind.code for kind in _KINDS if kind.grades)
"""The codes of those with thresholds, whose class (good, average, poor) is published beside the value."""
