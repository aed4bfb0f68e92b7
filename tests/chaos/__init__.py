"""A long series of faults under load, and the truth it is held against."""
