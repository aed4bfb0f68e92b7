"""What a model would change, before it is published: over the present states, or over the log."""
