"""From the students' weights to the artefact: averaged, exported, quantized, calibrated."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.sentiment.meaning import Calibration
from models.sentiment.onnx_model import OnnxScorer
from models.sentiment.port import LABELS
from models.sentiment.shipped import ShippedConfig
from models.sentiment.tokens import tokenizer_file
from models.sentiment.training.bert import Bert
from models.sentiment.training.calibration import label_shares, temperature, tone_thresholds
from models.sentiment.training.data import Corpus
from models.sentiment.training.export import MODEL, copy_tokenizer, export, quantize, write_config
from models.sentiment.training.loop import OUTPUTS
from models.sentiment.training.recipe import PRIOR_TAU, STUDENTS

NAME, VERSION = "heartline-minilm", "2"


def finish(corpus: Corpus, work: Path, out: Path) -> None:
    """Write the artefact to `out`, and the float model it came from to `work/model.onnx`."""
    out.mkdir(parents=True, exist_ok=True)
    quantize(export(averaged(work), corpus.emotion_names, work / "model.onnx"), out / MODEL)
    copy_tokenizer(out)
    write_config(out, calibrated(corpus, out))


def averaged(work: Path) -> Bert:
    """A model whose weights are the mean of the students'."""
    states = [torch.load(work / f"{run.name}.pt", weights_only=True) for run in STUDENTS]
    model = Bert(OUTPUTS)
    model.load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})
    return model.eval()


def calibrated(corpus: Corpus, out: Path) -> ShippedConfig:
    """The config, with temperature and thresholds fitted on what the quantized model says of the validation sets."""
    tweets = logits_of(out / MODEL, out, [tweet.text for tweet in corpus.tweets_validation])
    comments = logits_of(out / MODEL, out, [comment.text for comment in corpus.comments_validation])
    sentiment = len(LABELS)
    fitted = temperature(tweets[:, :sentiment], [tweet.label for tweet in corpus.tweets_validation])
    return ShippedConfig(
        name=NAME,
        version=VERSION,
        model=MODEL,
        sha256={},
        calibration=Calibration(fitted, label_shares(corpus.tweets), PRIOR_TAU),
        tone_thresholds=tone_thresholds(comments[:, sentiment:], corpus.comments_validation, corpus.emotion_names),
    )


def logits_of(model: Path, tokenizer: Path, texts: list[str]) -> NDArray[np.float32]:
    """(texts, outputs), one text at a time: dynamic quantization depends a little on what else is in a batch."""
    encode, score = tokenizer_file(tokenizer / "tokenizer.json"), OnnxScorer(model)
    rows = [np.array([ids], dtype=np.int64) for ids in encode(texts)]
    return np.concatenate([score(row, np.ones_like(row)) for row in rows])
