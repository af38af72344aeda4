"""A recipe is checked before anything starts."""

import json

import pytest

from xtalprint.errors import WrongUsageError, XtalprintError
from xtalprint.models.configuration import TrainingConfig, parse_config, read_config


def test_the_defaults_are_the_published_recipe():
    config = TrainingConfig()
    assert (config.data.n, config.data.test) == (10_517, 0.1)
    assert (config.epochs, config.batch, config.learning_rate) == (5, 32, 1e-3)
    assert (config.schedule, config.precision) == ("constant", "float32")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("recipe.toml", 'epochs = 7\n[data]\nn = 200\n[descriptor]\nscale = "mean"\n'),
        ("recipe.json", '{"epochs": 7, "data": {"n": 200}, "descriptor": {"scale": "mean"}}'),
    ],
)
def test_toml_and_json_say_the_same(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    config = read_config(path, TrainingConfig)
    assert (config.epochs, config.data.n, config.descriptor) == (7, 200, {"scale": "mean"})
    assert config.batch == 32


def test_a_config_survives_being_written():
    config = TrainingConfig(epochs=3)
    assert parse_config(json.loads(config.model_dump_json()), TrainingConfig, source="x") == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epoch": 3}, "recipe: configuration not valid at epoch: Extra inputs are not permitted (value: 3)"),
        ({"data": {"test": 1.5}}, "not valid at data.test: Input should be less than 1 (value: 1.5)"),
        ({"batch": "many"}, "not valid at batch: Input should be a valid integer"),
        ([1], "not valid at the whole file"),
    ],
)
def test_errors_name_field_value_and_remedy(values, message):
    with pytest.raises(XtalprintError) as caught:
        parse_config(values, TrainingConfig, source="recipe")
    assert message in str(caught.value)
    assert "see the page on training" in str(caught.value)


def test_a_missing_and_a_broken_file(tmp_path):
    with pytest.raises(XtalprintError, match=r"absent\.toml: the configuration cannot be read: No such file"):
        read_config(tmp_path / "absent.toml", TrainingConfig)
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(XtalprintError, match=r"neither JSON .* nor TOML"):
        read_config(tmp_path / "broken.json", TrainingConfig)


def test_threads_and_device_do_not_belong_to_the_recipe():
    assert TrainingConfig(threads=1, device="cpu").recipe() == TrainingConfig(threads=8).recipe()
    assert TrainingConfig(seed=1).recipe() != TrainingConfig().recipe()


def test_options_that_are_not_given_change_nothing():
    config = TrainingConfig(epochs=3, seed=2)
    assert config.with_changes(epochs=None, seed=None, threads=None) == config
    assert config.with_changes(epochs=9).epochs == 9
    with pytest.raises(XtalprintError, match="the command line: configuration not valid at epochs"):
        config.with_changes(epochs=0)


@pytest.mark.parametrize(
    ("descriptor", "message"),
    [
        ({"scal": "robust"}, "DiffractionImage has no parameter scal"),
        ({"scale": "best"}, "unknown scale"),
        ({"n_pixels": 32}, "the network sees 64 × 64 pixels: leave n_pixels out"),
        ({"wavelength": "short"}, "descriptor"),
    ],
)
def test_parameters_of_the_descriptor_are_checked_before_anything_is_made(descriptor, message):
    with pytest.raises(WrongUsageError, match=message):
        parse_config({"descriptor": descriptor}, TrainingConfig, source="recipe.toml")
