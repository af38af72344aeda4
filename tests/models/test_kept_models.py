"""Models written by past versions load for ever, and answer what they answered then."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from xtalprint.models import load_model
from xtalprint.models.checkpoint import latest_checkpoint, load_checkpoint
from xtalprint.models.convnet import ConvNet

KEPT = Path(__file__).parent / "kept"
VERSIONS = sorted(path.name for path in KEPT.iterdir() if path.is_dir())


def formula_image():
    """The image that the kept answers are about."""
    x = np.arange(3 * 64 * 64, dtype=np.float64)
    return (0.5 + 0.5 * np.sin(0.37 * x + 1e-4 * x**1.5)).reshape(3, 64, 64).astype(np.float32)


@pytest.fixture(params=VERSIONS)
def kept(request, tmp_path):
    for path in (KEPT / request.param).glob("*.gz"):
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    answer = json.loads((KEPT / request.param / "answer.json").read_text(encoding="utf-8"))
    return tmp_path, answer


def test_a_version_is_kept():
    assert VERSIONS


def test_the_model_answers_as_it_did(kept):
    folder, answer = kept
    model = load_model(folder)
    probabilities, distance = model.predict_image(formula_image())
    assert dict(zip(model.classes, probabilities, strict=True)) == pytest.approx(answer["probabilities"], abs=1e-5)
    assert distance == pytest.approx(answer["distance"], rel=1e-4)
    assert max(answer["probabilities"].values()) < 0.99, "an answer without a doubt would show nothing"


def test_the_weights_fit_the_network_and_give_the_same(kept):
    folder, answer = kept
    network = ConvNet()
    network.load_state_dict(load_file(folder / "model.safetensors"))
    with torch.inference_mode():
        logits = network.eval()(torch.from_numpy(formula_image())[None])
    assert logits.softmax(1)[0].tolist() == pytest.approx(list(answer["probabilities"].values()), abs=1e-5)


def test_the_checkpoint_can_be_gone_on_from(kept):
    folder, _ = kept
    path = latest_checkpoint(folder)
    with safe_open(path, framework="pt") as stream:
        recipe = json.loads(stream.metadata()["state"])["recipe"]
    network = ConvNet()
    optimiser = torch.optim.Adam(network.parameters())
    progress, _ = load_checkpoint(path, network, optimiser, recipe)
    assert progress.epoch == 1
    assert all(state["step"] == 1 for state in optimiser.state.values())
