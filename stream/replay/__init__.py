"""Folding the log again, apart from the workers: by the worker's own code, to wherever the outputs are wanted.

A replay, a preview of a model over the log, a backtest and the story of one contact are all this fold.
"""
