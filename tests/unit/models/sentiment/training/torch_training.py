"""Training itself, in the environment of `make model`: `make test-torch`. Not collected by `make test`."""

from pathlib import Path

import pytest
import torch

from models.sentiment.port import TONES
from models.sentiment.training import loop
from models.sentiment.training.bert import from_minilm
from models.sentiment.training.data import EMOTIONS, GROUPS, Comment, Tweet
from models.sentiment.training.export import Exported
from models.sentiment.training.loop import OUTPUTS, Run, Taught, Trainer
from models.sentiment.training.tokens import minilm_directory

NAMES = [name for group in GROUPS.values() for name in group]
NAMES += [f"other {number}" for number in range(EMOTIONS - len(NAMES))]
TWEETS = [Tweet(f"it is number {number} of many", number % 3, "2016") for number in range(64)]
COMMENTS = [Comment(f"number {number} is not bad", (number % EMOTIONS,)) for number in range(64)]
TAUGHT = Taught(torch.full((len(TWEETS), 3), 1 / 3), torch.full((len(COMMENTS), 3), 1 / 3))
STUDENT = Run("student", seed=1, student=True)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(loop, "BATCH", 8)
    monkeypatch.setattr(loop, "SAVE_EVERY", 2)


def trained(work: Path) -> dict[str, torch.Tensor]:
    work.mkdir(exist_ok=True)
    weights: dict[str, torch.Tensor] = torch.load(
        loop.train(STUDENT, TWEETS, COMMENTS, NAMES, TAUGHT, work), weights_only=True
    )
    return weights


def test_a_run_that_was_stopped_goes_on_as_if_nothing_had_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(tmp_path / "whole")
    step = Trainer.step

    def stopped(trainer: Trainer, number: int) -> float:
        if number == 5:
            raise KeyboardInterrupt
        return step(trainer, number)

    monkeypatch.setattr(Trainer, "step", stopped)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "stopped")
    monkeypatch.setattr(Trainer, "step", step)
    resumed = trained(tmp_path / "stopped")
    assert all(torch.equal(resumed[name], weights) for name, weights in whole.items())


def test_a_student_reads_three_batches_of_comments_for_two_of_tweets() -> None:
    student = Trainer(STUDENT, TWEETS, COMMENTS, NAMES, TAUGHT)
    assert [len(student._comments(step)) for step in range(student.steps)] == [1, 2] * (student.steps // 2)
    teacher = Trainer(Run("teacher", seed=1), TWEETS, COMMENTS, NAMES, None)
    assert [len(teacher._comments(step)) for step in range(teacher.steps)] == [0] * teacher.steps


def test_a_tone_is_as_likely_as_that_one_of_its_emotions_is_there() -> None:
    model = from_minilm(minilm_directory() / "model.safetensors", OUTPUTS).eval()
    ids = torch.randint(1000, 2000, (2, 9))
    with torch.no_grad():
        _, emotions = model(ids, torch.ones_like(ids))
        tones = Exported(model, NAMES)(ids, torch.ones_like(ids))[:, 3:].sigmoid()
    absent = 1 - emotions.sigmoid()
    for place, tone in enumerate(TONES):
        members = [NAMES.index(name) for name in GROUPS[tone]]
        assert torch.allclose(tones[:, place], 1 - absent[:, members].prod(dim=1), atol=1e-5)
