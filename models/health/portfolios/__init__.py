"""Portfolios: the accounts of a customer success manager, a team, a division, an organisation."""
