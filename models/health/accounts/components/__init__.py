"""The components of an account's score: its members, and the account's own factors."""
