"""Checkpoints: network, optimiser, random state and history in one safetensors file each; nothing is ever pickled."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from xtalprint.errors import ModelError
from xtalprint.models.files import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor
    from torch.nn import Module
    from torch.optim import Optimizer

NAME = re.compile(r"epoch-(\d{4})-batch-(\d{6})\.safetensors")


@dataclass
class Progress:
    """Where training stands and how it went so far.

    Parameters
    ----------
    epoch, batch
        What comes next, both counted from 0.
    loss_sum, right, seen
        Of the epoch under way.
    seconds
        Spent on training so far.
    steps
        A line for every few batches: loss and accuracy over them.
    epochs
        A line for every finished epoch.
    """

    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    right: int = 0
    seen: int = 0
    seconds: float = 0.0
    steps: list[dict[str, float]] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)


def save_checkpoint(
    folder: Path,
    progress: Progress,
    *,
    network: Module,
    optimiser: Optimizer,
    random_state: Tensor,
    recipe: dict[str, Any],
) -> Path:
    """Write a checkpoint, complete or not at all; older ones within the same epoch are removed."""
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
    state = optimiser.state_dict()
    for number, values in state["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in values.items()}
    tensors["random_state"] = random_state
    description = {
        "progress": progress.__dict__,
        "parameter_groups": state["param_groups"],
        "recipe": recipe,
    }
    path = folder / f"epoch-{progress.epoch:04d}-batch-{progress.batch:06d}.safetensors"
    contiguous = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    write_bytes(path, save(contiguous, metadata={"state": json.dumps(description, allow_nan=False)}))
    for other, (_, batch) in _found(folder).items():
        if batch and other != path:
            other.unlink()
    return path


def latest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint that is furthest on, if there is one."""
    found = _found(folder)
    return max(found, key=lambda path: found[path]) if found else None


def load_checkpoint(
    path: Path, network: Module, optimiser: Optimizer, recipe: dict[str, Any]
) -> tuple[Progress, Tensor]:
    """Put network and optimiser back to where they were.

    Returns
    -------
    The progress and the state of torch's random numbers.

    Raises
    ------
    ModelError
        If the file is damaged or belongs to a run with another recipe.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            description = json.loads((stream.metadata() or {})["state"])
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ModelError(
            f"checkpoint cannot be read: {error}", source=str(path), remedy="delete it, and the one before is used"
        ) from error
    _check_recipe(path, description["recipe"], recipe)
    network.load_state_dict(_part(tensors, "network."))
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _part(tensors, "optimiser.").items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = value
    optimiser.load_state_dict({"state": state, "param_groups": description["parameter_groups"]})
    return Progress(**description["progress"]), tensors["random_state"]


def _check_recipe(path: Path, saved: dict[str, Any], wanted: dict[str, Any]) -> None:
    different = sorted(key for key in {*saved, *wanted} if saved.get(key) != wanted.get(key))
    if different:
        raise ModelError(
            f"the run was begun with another configuration: {', '.join(different)} differ",
            source=str(path),
            remedy="resume with the configuration in config.json of the run, or choose another folder",
        )


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _found(folder: Path) -> dict[Path, tuple[int, int]]:
    matches = {path: NAME.fullmatch(path.name) for path in folder.glob("epoch-*.safetensors")}
    return {path: (int(match[1]), int(match[2])) for path, match in matches.items() if match}
