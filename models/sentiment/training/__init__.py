"""Training of the shipped model: `make model`, or `python -m models.sentiment.training`. Needs the extra `[train]`."""
