"""ONNX Runtime as the scorer: one thread per call, one set of weights however many threads call."""

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

from models.sentiment.errors import BadModel, MissingFile
from models.sentiment.reader import Floats, Ids

UNUSABLE = (state.InvalidProtobuf, state.InvalidGraph, state.InvalidArgument, state.NotImplemented, state.Fail)
FED = ("input_ids", "attention_mask", "token_type_ids")


class OnnxScorer:
    """A network in ONNX Runtime.

    A session with one thread computes in the thread that calls it and may be called by many, so the sessions that run
    side by side share one copy of the weights.
    """

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise MissingFile(f"{file} is not there: an ONNX model is expected in the directory the setting names")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False
        try:
            self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except UNUSABLE as error:
            raise BadModel(f"{file} cannot be loaded as an ONNX model: {error}") from error
        inputs = {each.name for each in self._session.get_inputs()}
        if not {"input_ids", "attention_mask"} <= inputs <= set(FED):
            raise BadModel(f"{file} takes {sorted(inputs)}: a text classifier takes input_ids and attention_mask")
        self._takes_types = "token_type_ids" in inputs
        output = self._session.get_outputs()[0]
        self._output = output.name
        self.outputs = output.shape[-1] if output.shape and isinstance(output.shape[-1], int) else None
        """How many numbers a row has, where the file says so."""

    def __call__(self, ids: Ids, mask: Ids) -> Floats:
        feed = {"input_ids": ids, "attention_mask": mask}
        if self._takes_types:
            feed["token_type_ids"] = np.zeros_like(ids)
        logits: Floats = self._session.run([self._output], feed)[0]
        return logits


def sha256(file: Path) -> str:
    """The hex digest of a file. Raises `MissingFile`."""
    if not file.is_file():
        raise MissingFile(f"{file} is not there")
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
