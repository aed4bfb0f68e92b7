"""What the scores were worth: as they were known then, against what happened later (formulas: docs/replay.md)."""
