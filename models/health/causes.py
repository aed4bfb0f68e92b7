"""What a score changed by, as a record tells it."""

from typing import get_args

from schemas.control import OverrideCleared, OverrideSet
from schemas.scores import Cause
from schemas.signals import ContactFact

RECOMPUTE = Cause(type="recompute")
MODEL_CHANGE = Cause(type="model_change")
CLOCK_CAUSE = Cause(type="clock")
OVERRIDE_CAUSE = Cause(type="override")

_OVERRIDES = (OverrideSet, OverrideCleared)
_TAGS = {kind: str(kind.__struct_config__.tag) for kind in get_args(ContactFact)}


def cause_of(fact: ContactFact) -> Cause:
    """The cause of a change that a fact makes."""
    if isinstance(fact, _OVERRIDES):
        return OVERRIDE_CAUSE
    return Cause(type=_TAGS[type(fact)], id=fact.event_id)
