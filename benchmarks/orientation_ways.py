"""Compare ways to answer without the axes of the cell, on the same structures; comparison models are trained here.

Run ``python benchmarks/orientation_ways.py``; it writes results/orientation-ways/results.json. ``--quick`` is for a
look that it runs; ``--crystals FILE`` takes the made crystals from the run folder of the cell-free model (the same as
are made without it). The ways:

(a) own axes: lattice and mean cell from the atoms' own repeats, then the shipped image network, or a symmetry search;
(b) power spectrum of the 3D intensity and a small ConvNet, trained here;
(c) the image network trained here on randomly turned pieces, its probabilities averaged over turned copies;
(d) bond-orientational order: the shipped model with its symmetry search and without, and one network trained here on
    the samples of (b);
(a) where simple, else (d): the own axes where the mean cell is simple, else (d).
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import nn

from xtalprint.datasets import ElementalSolids, elemental_solids
from xtalprint.descriptors.bond_orientational_order import BondOrientationalOrder
from xtalprint.descriptors.scattering_power_spectrum import ScatteringPowerSpectrum
from xtalprint.errors import XtalprintError
from xtalprint.geometry import (
    compact_piece,
    random_rotation,
    rotated,
    standard_cell,
    supercell_to,
    to_cluster,
)
from xtalprint.geometry.own_axes import own_axes
from xtalprint.models import load_model
from xtalprint.models.bond_order_input import network_input
from xtalprint.models.bond_order_network import BondOrderNetwork
from xtalprint.models.classes import CLASSES
from xtalprint.models.convnet import ConvNet, n_parameters
from xtalprint.models.ensemble import of_classes
from xtalprint.models.presentations import present
from xtalprint.models.versions import versions
from xtalprint.studies.orientation import DEFECTS, FORMS, STRUCTURES_SEED, bring
from xtalprint.studies.statistics import accuracy
from xtalprint.studies.symmetry_answers import by_symmetry, class_of_mean_cell, combined, tolerances

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.diffraction_image import DiffractionImage
    from xtalprint.geometry.own_axes import OwnAxes
    from xtalprint.models.answering import AnsweringModel

Answer = TypeVar("Answer")

TARGET = Path(__file__).parents[1] / "results" / "orientation-ways" / "results.json"
#: The set that the cell-free model learned from, and how many of its crystals, twice each, are learned from here.
MADE, MADE_SEED, ORBITS = 40_000, 2, 0.4
CRYSTALS, PRESENTATIONS = 2500, 2
#: Structures that no network has learned from; epochs of the spectra and of the images; orientations averaged.
STRUCTURES, EPOCHS, IMAGE_EPOCHS, TURNS = 40, 15, 5, (1, 8, 32)
PIECE = 256
SYMPRECS = (0.01, 0.03, 0.1, 0.2)
SHIPPED = "(d) with symmetry search and own lattice, shipped"


def spectrum_network() -> nn.Module:
    """Three convolutions over (l, |s|) and two dense layers."""
    shells = len(ScatteringPowerSpectrum().shells)
    return nn.Sequential(
        nn.BatchNorm2d(1),
        *(nn.Conv2d(1, 24, (3, 5), padding=(1, 2)), nn.ReLU()),
        *(nn.Conv2d(24, 32, (3, 5), padding=(1, 2)), nn.ReLU(), nn.MaxPool2d((1, 2))),
        *(nn.Conv2d(32, 32, (3, 5), padding=(1, 2)), nn.ReLU(), nn.MaxPool2d((1, 2))),
        *(nn.Flatten(), nn.Dropout(0.2), nn.Linear(32 * 7 * (shells // 4), 128), nn.ReLU(), nn.BatchNorm1d(128)),
        nn.Linear(128, len(CLASSES)),
    )


def as_picture(spectra: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """(n, 1, 7, m): signed ln(1 + |…|), because peaks are high."""
    return (np.sign(spectra) * np.log1p(np.abs(spectra))).astype(np.float32)[:, None]


def turned(crystal: Crystal, rng: np.random.Generator) -> Crystal:
    """A piece without a cell in a random orientation."""
    piece = to_cluster(crystal) if crystal.cell is None else compact_piece(crystal, n_atoms=PIECE)
    return rotated(piece, random_rotation(rng))


def fit(
    network: nn.Module, inputs: NDArray[np.float32], labels: NDArray[np.int64], epochs: int
) -> tuple[float, float]:
    """Adam with a cosine; returns processor seconds, and the share of right answers while the last epoch learned."""
    start = time.process_time()
    rng, batch, rate = np.random.default_rng(0), min(64, len(labels) // 2), 1e-3
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    steps = epochs * (len(labels) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    network.train()
    share = 0.0
    for epoch in range(epochs):
        order, right = rng.permutation(len(labels)), 0
        for k in range(len(labels) // batch):
            rows = order[k * batch : (k + 1) * batch]
            logits, truth = network(torch.from_numpy(inputs[rows])), torch.from_numpy(labels[rows])
            right += int((logits.argmax(1) == truth).sum())
            loss = nn.functional.cross_entropy(logits, truth)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        share = right / (len(labels) // batch * batch)
        print(f"epoch {epoch + 1}: {share:.3f} right, {time.process_time() - start:.0f} s", flush=True)
    network.eval()
    return time.process_time() - start, share


def probabilities(network: nn.Module, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, classes)."""
    with torch.inference_mode():
        return network(torch.from_numpy(inputs)).softmax(1).double().numpy()


def samples(made: ElementalSolids, rows: Sequence[int]) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.int64]]:
    """What (b), (c) and (d) learn from: the same presentations."""
    order, spectrum, image = BondOrientationalOrder(), ScatteringPowerSpectrum(), image_descriptor()
    inputs: dict[str, list[NDArray[np.float32]]] = {"b": [], "c": [], "d": []}
    labels = []
    for turn in range(PRESENTATIONS):
        for row in rows:
            rng = np.random.default_rng([MADE_SEED, turn, row])
            brought = present(made.crystals[row], rng).crystal
            try:
                arrays = [m.compute(x).array for m, x in ((spectrum, brought), (order, brought))]
                arrays.append(image.compute(turned(brought, rng)).array)
            except XtalprintError:
                continue  # too few pairs: the same samples are left out of all
            for key, array in zip("bdc", arrays, strict=True):
                inputs[key].append(array)
            labels.append(CLASSES.index(str(made.labels[row])))
    return {key: np.stack(arrays).astype(np.float32) for key, arrays in inputs.items()}, np.array(labels)


def image_descriptor() -> DiffractionImage:
    """That of the shipped image network."""
    return load_model("crystal-class-image").descriptor  # type: ignore[no-any-return, attr-defined]


class Ways:
    """All ways, and the processor seconds that each has taken."""

    def __init__(self, networks: dict[str, nn.Module]) -> None:
        self.networks = networks
        self.image, self.order = load_model("crystal-class-image"), load_model("crystal-class")
        self.descriptors = {"b": ScatteringPowerSpectrum(), "d": BondOrientationalOrder()}
        self.picture = image_descriptor()
        self.seconds: dict[str, float] = {}

    def answers(self, crystal: Crystal, rng: np.random.Generator) -> dict[str, str | None]:
        """Ask every way about one crystal."""
        result: dict[str, str | None] = {}

        def timed(name: str, ask: Callable[[], Answer]) -> Answer:
            start = time.process_time()
            answer = ask()
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start
            return answer

        def class_of(model: AnsweringModel, x: Crystal) -> str | None:
            return model.predict([x], threads=1)[0].crystal_class

        result["image network, axes as found"] = timed(
            "image network, axes as found", lambda: class_of(self.image, crystal)
        )
        result[SHIPPED] = timed(SHIPPED, lambda: class_of(self.order, crystal))
        result["(d) alone"] = timed("(d) alone", lambda: self._without_search(crystal))
        found = timed("(a) own axes alone", lambda: own_axes(crystal))
        searched = timed("(a) symmetry search", lambda: None if found is None else class_of_mean_cell(found))
        result["(a) own axes, symmetry search"] = searched
        result["(a) own axes, image network"] = timed(
            "(a) image network", lambda: None if found is None else class_of(self.image, in_standard_axes(found))
        )
        result["(a) where simple, else (d)"] = combined(found, result["(d) alone"])
        if not self.networks:
            return result
        for key, name in (("b", "(b) power spectrum"), ("d", "(d) on the samples of (b)")):
            result[name] = timed(name, lambda key=key: self._small(key, crystal))
        turns = [random_rotation(rng) for _ in range(max(TURNS))]
        piece = to_cluster(crystal) if crystal.cell is None else compact_piece(crystal, n_atoms=PIECE)
        parts = timed(f"(c) k = {max(TURNS)}", lambda: self._turned(piece, turns))
        for k in TURNS:
            result[f"(c) k = {k}"] = CLASSES[int(parts[:k].mean(axis=0).argmax())]
        return result

    def _without_search(self, crystal: Crystal) -> str:
        members = self.order.predict_order(self.descriptors["d"].compute(crystal).array)  # type: ignore[attr-defined]
        return CLASSES[int(of_classes(members.mean(axis=0)).argmax())]

    def _small(self, key: str, crystal: Crystal) -> str:
        array = self.descriptors[key].compute(crystal).array[None]
        inputs = as_picture(array) if key == "b" else network_input(array)
        return CLASSES[int(probabilities(self.networks[key], inputs).argmax())]

    def _turned(self, piece: Crystal, turns: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        images = [self.picture.compute(rotated(piece, turn)).array for turn in turns]
        return probabilities(self.networks["c"], np.stack(images).astype(np.float32))


def in_standard_axes(found: OwnAxes) -> Crystal:
    """A piece of the mean crystal in its standard axes, as the image network likes it."""
    return to_cluster(supercell_to(standard_cell(found.crystal, symprec=tolerances(found)[0]), min_atoms=PIECE))


def compared(
    networks: dict[str, nn.Module], n: int, workers: int, kept: Path | None
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Accuracy of every way for every form and defect, the structures of the study ``orientation``; and seconds.

    What is done of them is kept in a file, so that a run that was stopped goes on from there.
    """
    whiches = list(product(enumerate(DEFECTS), FORMS))
    done = (
        [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()] if kept and kept.exists() else []
    )
    made = elemental_solids(seed=STRUCTURES_SEED, n=n)
    # Forked, so that the trained networks need not be sent; one thread each.
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        for one in pool.map(partial(_compared, networks, made), whiches[len(done) :]):
            done.append(one)
            if kept:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(one, ensure_ascii=False) + "\n")
    seconds: dict[str, float] = {}
    for _, taken in done:
        for name, value in taken.items():
            seconds[name] = seconds.get(name, 0.0) + value
    return [row for rows, _ in done for row in rows], seconds


def _compared(
    networks: dict[str, nn.Module], made: ElementalSolids, which: tuple[tuple[int, str], str]
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    (number, defect), form = which
    torch.set_num_threads(1)
    ways, (sigma, share) = Ways(networks), DEFECTS[defect]
    brought = [
        bring(crystal, form, sigma, share, np.random.default_rng([0, number, row]))
        for row, crystal in enumerate(made.crystals)
    ]
    asked = [ways.answers(c, np.random.default_rng([1, number, row])) for row, c in enumerate(brought)]
    answers: dict[str, list[str | None]] = {way: [one[way] for one in asked] for way in asked[0]}
    if "piece" not in form:
        answers |= {f"moyopy, {s:g} d_nn": by_symmetry(s, brought) for s in SYMPRECS}
    truth = made.labels.tolist()
    rows = [{"defects": defect, "form": form, "way": w} | accuracy(truth, a) for w, a in answers.items()]
    print(defect, form, {row["way"]: row["right"] for row in rows}, flush=True)
    return rows, ways.seconds


def over_all(rows: Sequence[dict[str, Any]], structures: int) -> dict[str, dict[str, Any]]:
    """Right answers of each way over everything that it was asked, about so many structures."""
    result = {}
    for way in dict.fromkeys(row["way"] for row in rows):
        right, n = (sum(row[key] for row in rows if row["way"] == way) for key in ("right", "n"))
        result[way] = accuracy(["right"] * n, ["right"] * right + [None] * (n - right), structures=structures)
    return result


def small_networks() -> dict[str, nn.Module]:
    """The networks of (b), (d) and (c) before training."""
    descriptor = BondOrientationalOrder()
    n_inputs = network_input(np.zeros((1, len(descriptor.channels), len(descriptor.distances)))).shape[1]
    return {
        "b": spectrum_network(),
        "d": BondOrderNetwork(n_inputs, len(CLASSES), width=384, dropout=0.2),
        "c": ConvNet(),
    }


def trained(given: argparse.Namespace) -> tuple[dict[str, nn.Module], dict[str, Any]]:
    """Networks of (b), (c) and (d) on the same samples, and what is to be recorded about them."""
    networks, record = small_networks(), given.networks and given.networks / "training.json"
    if record and record.exists():
        for key, network in networks.items():
            network.load_state_dict(torch.load(given.networks / f"{key}.pt", weights_only=True))
            network.eval()
        return networks, json.loads(record.read_text(encoding="utf-8"))
    training = train(networks, given)
    if record:
        given.networks.mkdir(parents=True, exist_ok=True)
        for key, network in networks.items():
            torch.save(network.state_dict(), given.networks / f"{key}.pt")
        record.write_text(json.dumps(training), encoding="utf-8")
    return networks, training


def train(networks: dict[str, nn.Module], given: argparse.Namespace) -> dict[str, Any]:
    """Train all of them in place."""
    if given.crystals:
        made = ElementalSolids.load(given.crystals)
    else:
        made = elemental_solids(seed=MADE_SEED, n=60 if given.quick else MADE, orbits=ORBITS)
    wanted = min(len(made), 30 if given.quick else given.learn)
    rows = np.sort(np.random.default_rng(0).choice(len(made), wanted, replace=False)).tolist()
    start = time.process_time()
    inputs, labels = samples(made, rows)
    seconds = {"samples": time.process_time() - start}
    inputs["b"], inputs["d"] = as_picture(inputs["b"]), network_input(inputs["d"])
    epochs = {key: 1 if given.quick else IMAGE_EPOCHS if key == "c" else EPOCHS for key in networks}
    right = {}
    for key, network in networks.items():
        print("training", key, flush=True)
        seconds[key], right[key] = fit(network, inputs[key], labels, epochs[key])
    return {
        "seed": 0,
        "set": {"n": len(made), "seed": made.seed, "sha256": made.data_hash},
        "crystals": len(rows),
        "samples": len(labels),
        "epochs": epochs,
        "parameters": {key: n_parameters(network) for key, network in networks.items()},
        "right_in_last_epoch": {key: round(share, 4) for key, share in right.items()},
        "processor_seconds": {key: round(value, 1) for key, value in seconds.items()},
    }


def main() -> None:
    """Train, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--learn", type=int, default=CRYSTALS, help="crystals that are learned from")
    parser.add_argument("--structures", type=int, default=STRUCTURES, help="structures that are asked about")
    parser.add_argument("--crystals", type=Path, help="crystals.npz of a training run of the cell-free model")
    parser.add_argument("--networks", type=Path, help="folder to keep the trained networks in, and to take them from")
    parser.add_argument("--without-training", action="store_true", help="leave out the ways that are trained here")
    parser.add_argument("--output", type=Path, default=TARGET)
    parser.add_argument("--workers", type=int, default=1, help="processes that ask, of one thread each")
    given = parser.parse_args()
    start = time.perf_counter()
    given.output.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    networks, training = ({}, None) if given.without_training else trained(given)
    n = 2 if given.quick else given.structures
    kept = given.networks / f"rows-{n}.jsonl" if given.networks and not given.without_training else None
    compared_rows, taken = compared(networks, n, given.workers, kept)
    n_asked = sum(row["n"] for row in compared_rows if row["way"] == SHIPPED)
    record = {
        "command": f"python benchmarks/orientation_ways.py --structures {given.structures}"
        + (" --without-training" if given.without_training else f" --learn {given.learn}")
        + (" --quick" if given.quick else ""),
        "quick": given.quick,
        "seconds": round(time.perf_counter() - start, 1),
        "versions": versions(),
        "models": {name: dict(load_model(name).provenance) for name in ("crystal-class-image", "crystal-class")},
        "training": training,
        "structures": n,
        "structures_seed": STRUCTURES_SEED,
        "ms_per_structure": {name: round(1000 * value / n_asked, 1) for name, value in taken.items()},
        "over_all": over_all(compared_rows, n),
        "rows": compared_rows,
    }
    given.output.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
