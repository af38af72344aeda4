"""Parts of docs/predict.md that have figures, from the shipped manifest and results/predict-speed.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pages import SPLITS, committed, table, wrapped
from stiffness_figures import manifest, per_cent, signed, with_error

if TYPE_CHECKING:
    from collections.abc import Callable


def _n() -> str:
    return f"{manifest().training.data['n']:,}"


def meaning() -> str:
    """What the columns of the table are."""
    below = manifest().metrics["bulk-modulus"]["random"]["by_distance"][1]["to"]
    return wrapped(
        f"""
        "90 % interval" is made to hold nine of ten true values. "known" is "no" where the structure is far from all
        known crystals; the value is then a guess at best. In brackets stands how far a known crystal is, in the
        numbers that the model sees: 0 is the same crystal, and half of the crystals that the model was measured on
        had a known one within {below:.2f}. Where the structure is probably one of the known ones, a line below says
        what a model predicted that had not learned from it."""
    )


def how() -> str:
    """What it learned from, and its files."""
    found, config = manifest(), manifest().training.config
    weights, known = (record.bytes / 1e6 for record in (found.files.weights, found.files.known))
    return "\n\n".join(
        (
            wrapped(
                f"""
                A crystal is described by 150 numbers with names and the shares of its elements, the same for any
                cell, supercell and orientation; [Bulk and shear modulus](bulk-modulus.md) says which and what each is
                worth. Two ways learn log10 of both moduli from the {_n()} crystals of the
                [elasticity](cards/elasticity.md) set whose moduli are sound: a kernel, which is a sum over all known
                crystals that falls with their distance, and {config["members"]} small networks. The answer is the
                mean of the kernel's and that of the networks. Boosted trees, which the study has too, made the
                mean no
                better and are not shipped."""
            ),
            wrapped(
                f"""
                The folder of weights has two files of NumPy arrays without pickle: the weights, {weights:.1f} MB, and
                the known crystals, {known:.1f} MB, with their numbers in half precision. The kernel was fitted to the
                rounded numbers."""
            ),
        )
    )


def training() -> str:
    """How long it took."""
    minutes = sum(manifest().training.seconds.values()) / 60
    return wrapped(
        f"""
        The moduli are looked for in the folder that `XTALPRINT_DATA` names and in the cache; with `--allow-download`
        pip may fetch them. It took {minutes:.0f} minutes on two cores that had other work beside."""
    )


def errors() -> str:
    """Of both moduli in both kinds of folds."""
    rows = []
    for name in manifest().properties:
        for split in SPLITS:
            found = manifest().metrics[name][split]["errors"]["both"]
            rows.append(
                (
                    name.replace("-", " "),
                    split,
                    with_error(found, "MAE, GPa", 1),
                    f"{found['median error, GPa']:.1f}",
                    with_error(found, "MAE of log10", 3),
                )
            )
    told = f"""
        Each of the {_n()} crystals was predicted by models of the same recipe that had learned from the other of five
        folds, parted at random and so that no formula is in two folds. Mean and standard error over the folds:"""
    titles = ("modulus", "folds", "MAE, GPa", "median error, GPa", "MAE of log10")
    return "\n\n".join((wrapped(told), table(titles, rows)))


def intervals() -> str:
    """What the intervals hold."""
    whole, fifths = [], []
    for name in manifest().properties:
        for split in SPLITS:
            held: dict[str, Any] = manifest().metrics[name][split]["intervals"]
            cells = (name.replace("-", " "), split)
            factor = f"{10 ** held['median_half_width_of_log10']:.2f}"
            whole.append((*cells, f"{100 * held['coverage']:.1f}", factor))
            keys = ("by_width", "by_distance", "by_predicted_value", "by_true_value")
            bias = signed(held["mean_error_of_log10_by_true_value"])
            fifths.append((*cells, *(per_cent(held[key]) for key in keys), bias))
    told = """
        The intervals are fitted to the errors of the random folds. Measured is how many true values they hold with
        the same rule, fitted without the crystals whose intervals are measured: for the random folds it is
        near 90 % by
        construction, for the folds by formula it need not be. The factor is that by which the ends of the middle
        interval are off the value:"""
    more = """
        In fifths of the crystals, each time from the least to the largest: by width of the interval, by distance of
        the nearest known crystal, by predicted value, and by true value. The last column is the mean error of
        log10 in
        the fifths by true value; above 0 the answers are too high:"""
    return "\n\n".join(
        (
            wrapped(told),
            table(("modulus", "folds", "held, %", "factor"), whole),
            wrapped(more),
            table(
                (
                    *("modulus", "folds", "by width, %", "by distance, %"),
                    *("by predicted value, %", "by true value, %", "mean error of log10 by true value"),
                ),
                fifths,
            ),
        )
    )


def distance() -> str:
    """Errors by distance."""
    rows = [
        (
            f"{one['from']:.2f} to {one['to']:.2f}",
            f"{one['n']:,}",
            f"{one['MAE, GPa']:.1f}",
            f"{one['MAE of log10']:.3f}",
        )
        for one in manifest().metrics["bulk-modulus"]["random"]["by_distance"]
    ]
    far = manifest().far
    titles = ("nearest known crystal at", "crystals", "MAE, GPa", "MAE of log10")
    told = f"""
        "known" is "no" beyond {far.distance:.2f}: {100 * far.share:g} % of the known crystals have another
        within that
        distance."""
    return "\n\n".join((table(titles, rows), wrapped(told)))


def speed() -> str:
    """Times of the whole and of its parts."""
    found = committed("predict-speed")
    whole, numbers, answer, checks, near = (
        f"{found[f'{what}, ms a structure']:.1f} ms"
        for what in (
            "in a batch, 1 thread",
            "numbers alone, 1 thread",
            "kernel and networks alone",
            "checks and warnings alone",
            "nearest known crystals alone",
        )
    )
    large = found["against size, ms"]["32000"] / 1e3
    return wrapped(
        f"""
        In a batch an answer takes {whole} on one core (median {found["structures"]["median atoms"]} atoms).
        Alone, the
        numbers take {numbers}, kernel and networks {answer}, checks and warnings {checks}, and naming the
        nearest known
        crystals {near}; the rest of the time was not parted. A cell of 32,000 atoms takes {large:.1f} s
        (`python benchmarks/predict.py`)."""
    )


#: By the name of the part.
PREDICT: dict[str, Callable[[], str]] = {
    one.__name__: one for one in (meaning, how, training, errors, intervals, distance, speed)
}
