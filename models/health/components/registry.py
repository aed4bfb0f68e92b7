"""All components by name. A number, once given, stays: stored rows name components by it."""

from models.health.components.component import Component
from models.health.components.csat import Csat
from models.health.components.engagement import Engagement
from models.health.components.nps import Nps
from models.health.components.sentiment import Sentiment

COMPONENTS: dict[str, type[Component]] = {kind.name: kind for kind in (Nps, Csat, Sentiment, Engagement)}
NAMES: dict[int, str] = {kind.code: kind.name for kind in COMPONENTS.values()}
