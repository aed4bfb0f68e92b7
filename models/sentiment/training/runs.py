"""The two kinds of runs, as a process of its own does them."""

import time
from pathlib import Path

import torch

from models.sentiment.training.data import load_corpus
from models.sentiment.training.loop import Run, Taught, load_model, predict, train, write
from models.sentiment.training.recipe import TEACHERS


def run_teacher(run: Run, data: Path, work: Path) -> float:
    """Train `run` and keep its probabilities for every training text. Returns minutes."""
    started = time.monotonic()
    torch.set_num_threads(1)
    corpus = load_corpus(data)
    weights = train(run, corpus.tweets, corpus.comments, corpus.emotion_names, None, work)
    if not (said := work / f"{run.name}.said.pt").exists():
        model = load_model(weights)
        texts = ([tweet.text for tweet in corpus.tweets], [comment.text for comment in corpus.comments])
        write([predict(model, each)[0].softmax(1) for each in texts], said)
    return (time.monotonic() - started) / 60


def run_student(run: Run, data: Path, work: Path) -> float:
    """Train `run` on the labels and on what the teachers said. Returns minutes."""
    started = time.monotonic()
    torch.set_num_threads(1)
    corpus = load_corpus(data)
    train(run, corpus.tweets, corpus.comments, corpus.emotion_names, taught(work), work)
    return (time.monotonic() - started) / 60


def taught(work: Path) -> Taught:
    """The mean of what the teachers said."""
    said = [torch.load(work / f"{teacher.name}.said.pt", weights_only=True) for teacher in TEACHERS]
    tweets, comments = (torch.stack(each).mean(0) for each in zip(*said, strict=True))
    return Taught(tweets, comments)
