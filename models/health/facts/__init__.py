"""What a row holds of a contact: facts in a form that does not depend on the model.

Each kind of fact is an upsert ordered by the time it occurred, so that a row is the same whatever the order in which
facts arrive and however often they are sent (`docs/decisions/what-a-row-holds.md`).
"""
