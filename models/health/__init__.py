"""The scoring model: facts of a contact in, scores and the reasons for them out.

Pure: no input or output, no clock, no chance. Time is an argument (UTC milliseconds, the log's own), so a replay of the
same log gives the same bytes.
"""
