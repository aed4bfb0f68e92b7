"""What a person should act on."""
