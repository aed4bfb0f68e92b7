"""The present scores of contacts and accounts and the latest band changes, as the records of the outputs come."""

from collections import deque

import msgspec
from confluent_kafka import Message

from schemas.catalogue import HEALTH_ACCOUNT_SCORES, HEALTH_BAND_CHANGES
from schemas.scores import AccountScoreUpdated, BandChanged, ScoreUpdated

_score = msgspec.json.Decoder(ScoreUpdated).decode
_account = msgspec.json.Decoder(AccountScoreUpdated).decode
_band = msgspec.json.Decoder(BandChanged).decode


class Following:
    """What is known by now: `latest` holds the score of each key, the newest last."""

    def __init__(self, changes: int) -> None:
        """`changes` is how many band changes are kept."""
        self.latest: dict[bytes, ScoreUpdated] = {}
        self.accounts: dict[bytes, AccountScoreUpdated] = {}
        self.changes: deque[BandChanged] = deque(maxlen=changes)

    def take(self, message: Message) -> None:
        """Take in a record; a contact that was erased is known no more."""
        key, value = message.key() or b"", message.value()
        if message.topic() == HEALTH_BAND_CHANGES:
            if value is not None:
                self.changes.append(_band(value))
            return
        if message.topic() == HEALTH_ACCOUNT_SCORES:
            self.accounts.pop(key, None)
            if value is not None:
                self.accounts[key] = _account(value)
            return
        self.latest.pop(key, None)
        if value is not None:
            self.latest[key] = _score(value)
