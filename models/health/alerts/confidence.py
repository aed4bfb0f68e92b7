"""How many facts each level of confidence takes at least."""

from schemas.scores import Confidence

LEVELS: dict[Confidence, int] = {"low": 0, "medium": 5, "high": 15}
