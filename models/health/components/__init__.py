"""The components of a score. Each is a file named after it; a new one is entered in `registry`."""
