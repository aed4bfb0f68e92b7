"""What a person should act on about an account."""
