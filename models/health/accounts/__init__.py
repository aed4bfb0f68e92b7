"""Accounts: the companies that contacts belong to, rolled up from what each contact gives."""
