"""What the model is worth: the table of the model card, measured through the port on texts it never saw."""
