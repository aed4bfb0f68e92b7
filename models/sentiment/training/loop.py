"""One training run: a teacher (tweets and their labels) or a student (tweets and comments, taught by the teachers).

A run is a value: the same `Run` on the same corpus gives the same weights on one thread. It saves itself every
`SAVE_EVERY` steps and goes on from there when it is started again.
"""

from itertools import chain
from math import ceil
from pathlib import Path
from random import Random

import msgspec
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from models.sentiment.training.bert import LAYERS, Bert, from_minilm
from models.sentiment.training.data import EMOTIONS, GROUPS, Comment, Tweet
from models.sentiment.training.tokens import batches, encode, minilm_directory, pad

BATCH = 64
SAVE_EVERY = 150
WARM_UP = 0.06
CLIP = 1.0
WEIGHT_DECAY = 0.01
LAYER_DECAY = 0.9
LABEL_SHARE = 0.3
"""Of a student's loss on a tweet: the rest is the distance to the teachers."""
DISTILLED_COMMENT_WEIGHT = 0.5
OUTPUTS = EMOTIONS + len(GROUPS)


class Run(msgspec.Struct, frozen=True):
    """One training run. Runs whose weights are averaged share `head_seed`."""

    name: str
    seed: int
    epochs: float = 1
    body_rate: float = 1.2e-4
    head_rate: float = 1e-3
    head_seed: int = 0
    left_out: str | None = None
    """A period of the tweets that this run does not see, so that choices can be made on it."""
    student: bool = False
    emotion_weight: float = 0.25
    comment_batches: float = 1.5
    """Batches of comments for each batch of tweets: emotions want three to four epochs, where tweets want two."""


class Taught(msgspec.Struct, frozen=True):
    """What a student learns from: the teachers' probabilities, one row per text."""

    tweets: Tensor
    comments: Tensor


def train(
    run: Run, tweets: list[Tweet], comments: list[Comment], names: list[str], taught: Taught | None, work: Path
) -> Path:
    """Train `run` (or go on with it) and return the file of its weights."""
    finished = work / f"{run.name}.pt"
    if finished.exists():
        return finished
    kept = [place for place, tweet in enumerate(tweets) if tweet.period != run.left_out]
    trainer = Trainer(run, [tweets[place] for place in kept], comments, names, taught)
    checkpoint = work / f"{run.name}.checkpoint.pt"
    if checkpoint.exists():
        trainer.load(checkpoint)
    history = (work / f"{run.name}.jsonl").open("ab")
    with history:
        for step in track(range(trainer.done, trainer.steps), description=run.name):
            loss = trainer.step(step)
            if step % 25 == 0:
                history.write(msgspec.json.encode({"step": step, "of": trainer.steps, "loss": round(loss, 4)}) + b"\n")
                history.flush()
            if step % SAVE_EVERY == SAVE_EVERY - 1:
                trainer.save(checkpoint)
    write(trainer.model.state_dict(), finished)
    checkpoint.unlink(missing_ok=True)
    return finished


class Trainer:
    """The model, its optimizers and its place in the schedule."""

    def __init__(
        self, run: Run, tweets: list[Tweet], comments: list[Comment], names: list[str], taught: Taught | None
    ) -> None:
        torch.manual_seed(run.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.run = run
        self.taught = taught
        self.done = 0
        self.model = from_minilm(minilm_directory() / "model.safetensors", OUTPUTS, head_seed=run.head_seed).to(
            self.device
        )
        self.dense = torch.optim.AdamW(
            parameter_groups(self.model, run), betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY, fused=True
        )
        rate = run.body_rate * LAYER_DECAY ** (LAYERS + 1)
        self.sparse = torch.optim.SparseAdam([self.model.words.weight], lr=rate, betas=(0.9, 0.98))
        self.rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in (self.dense, self.sparse)]
        self.tweet_ids, self.labels = encode([tweet.text for tweet in tweets]), torch.tensor([t.label for t in tweets])
        random = Random(run.seed)
        lengths = [len(ids) for ids in self.tweet_ids]
        plan = list(chain.from_iterable(batches(lengths, BATCH, random) for _ in range(ceil(run.epochs))))
        self.tweet_plan = plan[: int(len(plan) * run.epochs / ceil(run.epochs))]
        self.steps = len(self.tweet_plan)
        if run.student:
            self.comment_ids, self.targets = encode([c.text for c in comments]), emotion_targets(comments, names)
            lengths = [len(ids) for ids in self.comment_ids]
            rounds = ceil(len(plan) * run.comment_batches / (len(lengths) // BATCH - 1))
            self.comment_plan = list(chain.from_iterable(batches(lengths, BATCH, random) for _ in range(rounds)))

    def step(self, step: int) -> float:
        """One step of both optimizers; returns the loss."""
        scale = schedule(step, self.steps)
        for optimizer, rates in zip((self.dense, self.sparse), self.rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * scale
        self.model.train()
        loss = self._tweet_loss(self.tweet_plan[step])
        loss.backward()
        total = loss.item()
        for places in self._comments(step):
            loss = self._comment_loss(places)
            loss.backward()
            total += loss.item()
        nn.utils.clip_grad_norm_(chain.from_iterable(group["params"] for group in self.dense.param_groups), CLIP)
        self.dense.step()
        self.sparse.step()
        self.dense.zero_grad()
        self.sparse.zero_grad()
        self.done = step + 1
        return total

    def _comments(self, step: int) -> list[list[int]]:
        """The batches of comments of this step: one or two for a student, none for a teacher."""
        if self.taught is None:
            return []
        batches_a_step = self.run.comment_batches
        return self.comment_plan[int(step * batches_a_step) : int((step + 1) * batches_a_step)]

    def _tweet_loss(self, places: list[int]) -> Tensor:
        sentiment, _ = self._forward([self.tweet_ids[place] for place in places])
        labelled = functional.cross_entropy(sentiment, self.labels[places].to(self.device))
        if self.taught is None:
            return labelled
        distilled = functional.cross_entropy(sentiment, self.taught.tweets[places].to(self.device))
        return LABEL_SHARE * labelled + (1 - LABEL_SHARE) * distilled

    def _comment_loss(self, places: list[int]) -> Tensor:
        assert self.taught is not None
        sentiment, emotions = self._forward([self.comment_ids[place] for place in places])
        targets = self.targets[places].to(self.device)
        binary = functional.binary_cross_entropy_with_logits(emotions, targets, reduction="none").sum(1).mean()
        distilled = functional.cross_entropy(sentiment, self.taught.comments[places].to(self.device))
        return self.run.emotion_weight * binary + DISTILLED_COMMENT_WEIGHT * distilled

    def _forward(self, rows: list[list[int]]) -> tuple[Tensor, Tensor]:
        ids, mask = pad(rows)
        with torch.autocast(self.device.type, torch.bfloat16):
            sentiment, emotions = self.model(ids.to(self.device), mask.to(self.device))
        return sentiment.float(), emotions.float()

    def save(self, path: Path) -> None:
        """Everything that `load` needs to go on as if nothing had happened."""
        state = {
            "model": self.model.state_dict(),
            "dense": self.dense.state_dict(),
            "sparse": self.sparse.state_dict(),
            "random": torch.get_rng_state(),
            "done": self.done,
        }
        write(state, path)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.dense.load_state_dict(state["dense"])
        self.sparse.load_state_dict(state["sparse"])
        self.model.dropout.draw(self.device)  # as the run that was stopped did, before it came where it was
        torch.set_rng_state(state["random"])
        self.done = state["done"]


def schedule(step: int, steps: int) -> float:
    """Share of the full learning rate: up over the first 6 % of the steps, then linearly down to 0."""
    warm = max(1, int(steps * WARM_UP))
    return (step + 1) / warm if step < warm else (steps - step) / (steps - warm)


def parameter_groups(model: Bert, run: Run) -> list[dict[str, object]]:
    """Heads at their own rate; the layers at a rate that falls downwards, so that what is general stays."""
    groups: list[dict[str, object]] = []
    for name, parameter in model.named_parameters():
        if name == "words.weight":
            continue
        if name.startswith(("sentiment", "emotions")):
            rate = run.head_rate
        elif name.startswith("layers."):
            rate = run.body_rate * LAYER_DECAY ** (LAYERS - 1 - int(name.split(".")[1]))
        else:
            rate = run.body_rate * LAYER_DECAY**LAYERS
        groups.append({"params": [parameter], "lr": rate})
    return groups


def emotion_targets(comments: list[Comment], names: list[str]) -> Tensor:
    """(comments, 28 + 5): the emotions, then the tones they stand for."""
    targets = torch.zeros((len(comments), OUTPUTS))
    members = [{names.index(name) for name in group} for group in GROUPS.values()]
    for row, comment in enumerate(comments):
        targets[row, list(comment.emotions)] = 1.0
        for place, group in enumerate(members):
            targets[row, EMOTIONS + place] = float(not group.isdisjoint(comment.emotions))
    return targets


@torch.no_grad()
def predict(model: Bert, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Sentiment and emotion logits, one row per text, in the order of the texts."""
    model.eval()
    rows = encode(texts)
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    sentiment, emotions = torch.empty((len(rows), 3)), torch.empty((len(rows), OUTPUTS))
    for start in track(range(0, len(order), BATCH), description="predict"):
        places = order[start : start + BATCH]
        ids, mask = pad([rows[place] for place in places])
        with torch.autocast("cpu", torch.bfloat16):
            first, second = model(ids, mask)
        sentiment[places], emotions[places] = first.float(), second.float()
    return sentiment, emotions


def load_model(path: Path) -> Bert:
    """The model of a finished run."""
    model = Bert(OUTPUTS)
    model.load_state_dict(torch.load(path, weights_only=True))
    return model.eval()


def write(state: object, path: Path) -> None:
    """Write beside and rename, so that a run that is stopped while it saves can still go on."""
    beside = path.with_suffix(".partial")
    torch.save(state, beside)
    beside.replace(path)
