"""What Heartline is measured against: each is a program of its own, and all of them fold with `step`."""
