"""All kinds of alerts by name. A number, once given, stays: stored rows name kinds by it."""

from models.health.alerts.contact_health_declined import ContactHealthDeclined
from models.health.alerts.contact_health_recovered import ContactHealthRecovered
from models.health.alerts.no_recovery import NoRecovery
from models.health.alerts.rule import AlertRule
from models.health.alerts.severity_rising import SeverityRising
from models.health.alerts.steep_drop import SteepDrop
from models.health.alerts.ticket_volume_rising import TicketVolumeRising
from models.health.alerts.tone import ToneAlert

__all__ = ["ALERTS", "NAMES", "AlertRule"]

_KINDS: tuple[type[AlertRule], ...] = (
    ContactHealthDeclined,
    ContactHealthRecovered,
    SteepDrop,
    TicketVolumeRising,
    SeverityRising,
    NoRecovery,
    ToneAlert,
)

ALERTS: dict[str, type[AlertRule]] = {kind.name: kind for kind in _KINDS}
NAMES: dict[int, str] = {kind.code: kind.name for kind in _KINDS}
