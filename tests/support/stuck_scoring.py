"""`python -m tests.support.stuck_scoring worker scoring`: its fold never comes back, on the event loop."""

import threading
from typing import Any

import stream.app
from stream.commands import main
from stream.dataplane import Cycle, Run
from stream.scoring import RowCodec, Scoring


class StuckScoring(Scoring):
    """Stands still at the first run."""

    def fold(self, run: Run, cycle: Cycle[Any]) -> None:
        """For ever."""
        threading.Event().wait()


if __name__ == "__main__":
    stream.app.FOLDS["scoring"] = (RowCodec(), StuckScoring)
    main()
