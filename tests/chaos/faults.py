"""The faults. Each leaves as many workers as it found, running or about to."""

import time
from collections.abc import Mapping
from typing import Final

from stream.settings import Stage
from tests.chaos.field import Fault, Field

MOST_WORKERS = 3


def kill_intake(field: Field) -> None:
    """Intake killed, started again at once or later."""
    _kill_and_start(field, "intake")


def kill_scoring(field: Field) -> None:
    """Scoring killed, started again on its disk."""
    _kill_and_start(field, "scoring")


def lose_disk(field: Field) -> None:
    """Scoring killed, its disk lost."""
    _kill_and_start(field, "scoring", disk_too=True)


def kill_while_restoring(field: Field) -> None:
    """Scoring killed with its disk, and once more while it restores or joins."""
    worker_id = field.any("scoring")
    field.kill("scoring", worker_id, disk_too=True)
    field.start("scoring", worker_id)
    field.wait(1.5, 5)
    field.kill("scoring", worker_id)
    field.start("scoring", worker_id)


def kill_all(field: Field) -> None:
    """Every worker killed in the same moment."""
    for stage, worker_id in field.workers:
        field.kill(stage, worker_id)
    field.wait(0, 2)
    for stage, worker_id in list(field.workers):
        field.start(stage, worker_id)


def lose_all_disks(field: Field) -> None:
    """Every scoring worker killed, every disk lost: the changelog is all there is."""
    for worker_id in field.ids("scoring"):
        field.kill("scoring", worker_id, disk_too=True)
    for worker_id in field.ids("scoring"):
        field.start("scoring", worker_id)


def restart(field: Field) -> None:
    """A worker stopped gracefully and started again, as in a deployment."""
    stage: Stage = field.rng.choice(("intake", "scoring"))
    worker_id = field.any(stage)
    field.workers[stage, worker_id].stop()
    field.start(stage, worker_id)


def pause(field: Field) -> None:
    """A worker stopped with SIGSTOP and woken within its session."""
    stage: Stage = field.rng.choice(("intake", "scoring"))
    worker = field.workers[stage, field.any(stage)]
    worker.pause()
    field.wait(0.5, 0.6 * field.session_seconds)
    worker.resume()


def zombie_scoring(field: Field) -> None:
    """Scoring stopped with SIGSTOP until another worker has its partitions, then woken."""
    _zombie(field, "scoring")


def zombie_intake(field: Field) -> None:
    """Intake stopped with SIGSTOP until another worker has its partitions, then woken."""
    _zombie(field, "intake")


def add_scoring(field: Field) -> None:
    """One scoring worker more, or, with three of them, one less: the partitions move."""
    _add_or_remove(field, "scoring")


def add_intake(field: Field) -> None:
    """One intake worker more, or, with three of them, one less."""
    _add_or_remove(field, "intake")


def remove_scoring(field: Field) -> None:
    """One scoring worker less; with only one of them, one more."""
    _add_or_remove(field, "scoring", remove=True)


def remove_intake(field: Field) -> None:
    """One intake worker less; with only one of them, one more."""
    _add_or_remove(field, "intake", remove=True)


def kill_broker(field: Field) -> None:
    """The broker killed and started again."""
    field.heartline.broker.kill()
    field.wait(0, 3)
    field.heartline.broker.start()


def restart_broker(field: Field) -> None:
    """The broker stopped cleanly and started again."""
    field.heartline.broker.restart()


def kill_everything(field: Field) -> None:
    """A power cut: broker and all workers in the same moment."""
    field.heartline.broker.kill()
    for stage, worker_id in field.workers:
        field.kill(stage, worker_id)
    field.heartline.broker.start()
    for stage, worker_id in list(field.workers):
        field.start(stage, worker_id)


def recompute(field: Field) -> None:
    """A day passes, and scoring is killed in the sweep of its recompute."""
    field.load.tick(field.heartline.settings.partitions)
    field.wait(0, 1)
    kill_scoring(field)


def send_again(field: Field) -> None:
    """The producer sends its latest events a second time while intake is killed."""
    field.load.repeat()
    kill_intake(field)


WEIGHTS: Final[Mapping[Fault, int]] = {
    kill_intake: 4,
    kill_scoring: 4,
    lose_disk: 4,
    kill_while_restoring: 2,
    kill_all: 2,
    lose_all_disks: 2,
    restart: 3,
    pause: 2,
    zombie_scoring: 4,
    zombie_intake: 2,
    add_scoring: 3,
    add_intake: 2,
    remove_scoring: 3,
    remove_intake: 2,
    kill_broker: 3,
    restart_broker: 1,
    kill_everything: 1,
    recompute: 3,
    send_again: 2,
}
"""How often each fault comes, in proportion."""


def _kill_and_start(field: Field, stage: Stage, *, disk_too: bool = False) -> None:
    worker_id = field.any(stage)
    field.kill(stage, worker_id, disk_too=disk_too)
    if field.rng.random() < 0.2:  # long enough for its partitions to move, if there is somebody to take them
        time.sleep(field.session_seconds + 2)
    field.start(stage, worker_id)


def _zombie(field: Field, stage: Stage) -> None:
    if len(field.ids(stage)) == 1:
        _add_or_remove(field, stage)
    field.wait_ready()
    worker = field.workers[stage, field.any(stage)]
    worker.pause()
    field.wait(field.session_seconds + 3, 2 * field.session_seconds + 3)
    worker.resume()


def _add_or_remove(field: Field, stage: Stage, *, remove: bool = False) -> None:
    ids = field.ids(stage)
    if len(ids) == MOST_WORKERS or (remove and len(ids) > 1):
        field.remove(stage, field.any(stage))
    else:
        field.start(stage, next(str(number) for number in range(MOST_WORKERS) if str(number) not in ids))
