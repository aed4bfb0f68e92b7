"""Pure models: health scores and the sentiment of messages."""
