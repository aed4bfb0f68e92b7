"""The sections of a row, as bits: what a fact changed, and what a component reads."""

NOTHING = 0
MESSAGES = 1
ANSWERS = 1 << 1
TICKETS = 1 << 2
REVIEWS = 1 << 3
ACTIVITY = 1 << 4
PROFILE = 1 << 5
MEMBERSHIP = 1 << 6
"""The account, CSM, team or division, which scores carry."""
OVERRIDE = 1 << 7
HISTORY = 1 << 8
"""Facts that no published record shows by itself."""
LIFE = 1 << 9
"""The contact was erased, or merged into another one."""
TICKET_COUNT = 1 << 10
"""A ticket came or left, which not every change of a ticket is."""
TICKET_TIMES = 1 << 12
"""When a ticket was opened or first answered, or whose it is: what few changes of a ticket are."""
TALKS = 1 << 13
"""Messages without a ticket, or of those that were kept one had to leave."""
REPLIES = 1 << 14
"""The replies of a ticket, and when it was last heard of: nothing else of it."""
LEFT = 1 << 15
"""A ticket that there was no room for from the beginning was counted."""
CLOCK = 1 << 11
"""Not a section: the passing of time."""
