"""Write a model with almost empty weights into ``kept/VERSION``, for ever to be loaded by later versions."""

import gzip
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from xtalprint import __version__
from xtalprint.descriptors.base import parameters
from xtalprint.descriptors.diffraction_image import DiffractionImage
from xtalprint.models import CLASSES, load_model
from xtalprint.models.checkpoint import Progress, save_checkpoint
from xtalprint.models.configuration import TrainingConfig
from xtalprint.models.convnet import ConvNet
from xtalprint.models.evaluation import metrics
from xtalprint.models.manifest import KnownRule, TrainingRecord
from xtalprint.models.novelty import GaussianDistance
from xtalprint.models.training import write_model

KEPT = Path(__file__).parent / "kept"
#: Share of the weights that is kept, rounded to 1/256; the others are zero, and compress to nothing.
SHARE = 0.1
#: Makes up for the weights that are lacking.
SCALE = 3.8


def formula_image():
    """The image of `test_kept_models.py`."""
    x = np.arange(3 * 64 * 64, dtype=np.float64)
    return (0.5 + 0.5 * np.sin(0.37 * x + 1e-4 * x**1.5)).reshape(3, 64, 64).astype(np.float32)


def sparse_network():
    """A network with few weights."""
    chance = torch.Generator().manual_seed(0)
    network = ConvNet(generator=chance).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            values = torch.round(parameter.flatten() * 256) / 256
            values[torch.rand(len(values), generator=chance) > SHARE] = 0
            parameter.copy_(SCALE * values.reshape(parameter.shape))
    return network


def main():
    folder = KEPT / __version__
    if folder.exists():
        sys.exit(f"{folder} is there already, and must stay as it is")
    network = sparse_network()
    part = metrics(np.eye(7), np.arange(7), CLASSES)
    features = np.random.default_rng(0).integers(-2, 3, size=(60, 128)).astype(float)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        manifest = write_model(
            scratch,
            network,
            descriptor=parameters(DiffractionImage()),
            figures={"train": part, "validation": part, "test": part},
            record=TrainingRecord(
                command="keep_model.py",
                config={},
                data={"n": 0},
                versions={"xtalprint": __version__},
                seconds={"training": 0.0},
                finished="kept",
            ),
            detector=GaussianDistance.fit(features, np.arange(60) % 7),
            rule=KnownRule(method="m.", distance=20.0, diffuse=0.03, calibration="c.", kept_known={}, auroc={}),
        )
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
        network.train()(torch.zeros(2, 3, 64, 64)).sum().backward()
        optimiser.step()
        checkpoint = save_checkpoint(
            scratch,
            Progress(epoch=1),
            network=network,
            optimiser=optimiser,
            random_state=torch.get_rng_state(),
            recipe=TrainingConfig().recipe(),
        )
        probabilities, distance = load_model(scratch).predict_image(formula_image())
        folder.mkdir(parents=True)
        answer = {"probabilities": dict(zip(CLASSES, probabilities.tolist(), strict=True)), "distance": distance}
        (folder / "answer.json").write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
        files = ("model.json", manifest.weights.onnx.path, manifest.weights.safetensors.path, checkpoint.name)
        for file in files:
            (folder / f"{file}.gz").write_bytes(gzip.compress((scratch / file).read_bytes(), mtime=0))


if __name__ == "__main__":
    main()
