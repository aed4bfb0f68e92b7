"""Any Hugging Face sequence classifier, by name or directory, through transformers and torch (extra `[torch]`)."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from models.sentiment.errors import BadModel, MissingDependency, MissingFile
from models.sentiment.meaning import Calibration, Meaning, label_columns
from models.sentiment.reader import Floats, Ids, TextClassifier
from models.sentiment.tokens import tokenizer_of


class TorchScorer:
    """A transformers model on the CPU, one thread per call."""

    def __init__(self, model: Any) -> None:
        import torch

        torch.set_num_threads(1)
        self._torch = torch
        self._model = model.eval()

    def __call__(self, ids: Ids, mask: Ids) -> Floats:
        with self._torch.inference_mode():
            output = self._model(input_ids=self._torch.from_numpy(ids), attention_mask=self._torch.from_numpy(mask))
        logits: Floats = output.logits.float().numpy()
        return logits


def load_hugging_face(
    name: str,
    sessions: int,
    min_confidence: float = 0.0,
    calibration: Calibration | None = None,
    label_map: Mapping[str, str] | None = None,
) -> TextClassifier:
    """The classifier that the hub or a directory calls `name`. Raises `MissingDependency` or a `BadModel`."""
    if find_spec("torch") is None:
        raise MissingDependency(
            f"hf:{name} needs torch, which is not installed: install the extra heartline[torch], or export the model "
            "to ONNX and use onnx:DIRECTORY, which does not need it"
        )
    from transformers import AutoModelForSequenceClassification

    try:
        model: Any = AutoModelForSequenceClassification.from_pretrained(name)
    except (OSError, RuntimeError) as error:  # RuntimeError: the client of the hub, when it has no network
        raise MissingFile(
            f"hf:{name} is neither a directory with a model nor one that the hub gives. Where there is no network, "
            f"download the model and name its directory. What transformers says: {error}"
        ) from error
    except Exception as error:  # a broken file shows as whatever error the library comes upon first
        raise BadModel(f"hf:{name} is not a sequence classifier: {error!r}") from error
    names = [model.config.id2label[number] for number in sorted(model.config.id2label)]
    encode, pad = tokenizer_of(name)
    return TextClassifier(
        name=Path(name).name if Path(name).is_dir() else name,
        version=str(getattr(model.config, "_commit_hash", None) or "local")[:12],
        encode=encode,
        score=TorchScorer(model),
        meaning=Meaning(label_columns(names, label_map, f"hf:{name}"), calibration or Calibration(), min_confidence),
        sessions=sessions,
        pad=pad,
    )
