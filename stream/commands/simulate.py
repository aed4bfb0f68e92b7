"""`heartline simulate`."""
