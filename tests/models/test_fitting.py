"""The loop learns, and a run that was stopped and resumed ends where an uninterrupted one does."""

import pytest
import torch

from xtalprint.errors import ModelError
from xtalprint.models.checkpoint import latest_checkpoint
from xtalprint.models.configuration import TrainingConfig
from xtalprint.models.fitting import Examples, Fit

CONFIG = TrainingConfig(epochs=2, batch=8, seed=5, device="cpu")


@pytest.fixture
def examples(striped, one_thread):
    return Examples(*striped(28, 0)), Examples(*striped(14, 1))


def fit(examples, folder, config=CONFIG):
    return Fit(training=examples[0], validation=examples[1], config=config, folder=folder)


def same(first, second):
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(name == other and torch.equal(a, b) for (name, a), (other, b) in pairs)


@pytest.fixture
def whole(examples, tmp_path):
    run = fit(examples, tmp_path / "whole")
    return run.run(), run.progress


@pytest.mark.parametrize("stop", [1, 3, 4, 6], ids=lambda stop: f"after batch {stop}")
def test_stopped_and_resumed_ends_bit_for_bit_as_uninterrupted(examples, tmp_path, whole, stop):
    fit(examples, tmp_path / "parts").run(stop_after=stop)
    torch.rand(17)  # whoever else draws from torch's numbers in between must not matter
    second = fit(examples, tmp_path / "parts")
    assert second.resume() is not None
    assert same(second.run(), whole[0])
    numbers = [{k: v for k, v in line.items() if "seconds" not in k} for line in second.progress.epochs]
    assert numbers == [{k: v for k, v in line.items() if "seconds" not in k} for line in whole[1].epochs]


def test_resuming_a_finished_run_changes_nothing(examples, tmp_path):
    first = fit(examples, tmp_path)
    network = first.run()
    second = fit(examples, tmp_path)
    second.resume()
    assert same(second.run(), network)
    assert len(second.progress.epochs) == 2


def test_another_recipe_is_refused_and_named(examples, tmp_path):
    fit(examples, tmp_path).run(stop_after=1)
    other = fit(examples, tmp_path, TrainingConfig(epochs=2, batch=8, seed=5, learning_rate=0.5, device="cpu"))
    with pytest.raises(ModelError, match=r"another configuration: learning_rate differ; .*config\.json"):
        other.resume()


def test_a_damaged_checkpoint_is_named(examples, tmp_path):
    fit(examples, tmp_path).run(stop_after=1)
    path = latest_checkpoint(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match=rf"{path.name}: checkpoint cannot be read"):
        fit(examples, tmp_path).resume()


def test_checkpoints_within_an_epoch_make_room_for_the_next(examples, tmp_path):
    run = fit(examples, tmp_path)
    run.run(stop_after=1)
    run.run(stop_after=1)
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-0000-batch-000002.safetensors"]
    run.run()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "epoch-0001-batch-000000.safetensors",
        "epoch-0002-batch-000000.safetensors",
    ]


def test_a_last_batch_of_one_image_is_left_out(examples, tmp_path):
    config = TrainingConfig(epochs=1, batch=9, device="cpu")
    run = fit(examples, tmp_path, config)
    assert run.batches_per_epoch == 3
    run.run()
    assert run.progress.steps[-1]["batch"] == 3


def test_it_learns(striped, one_thread, tmp_path):
    training, validation = Examples(*striped(112, 0)), Examples(*striped(28, 1))
    config = TrainingConfig(epochs=2, batch=8, learning_rate=1e-3, schedule="cosine", device="cpu")
    run = fit((training, validation), tmp_path, config)
    run.run()
    losses = [line["loss"] for line in run.progress.epochs]
    assert losses[-1] < 0.5 * losses[0]
    assert run.progress.epochs[-1]["learning_rate"] < 1e-9
