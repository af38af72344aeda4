"""``xtalprint train``: a model from data, with everything that is needed to make it again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtalprint.models.checkpoint import Progress
    from xtalprint.models.configuration import RunConfig
    from xtalprint.models.registry import AnyManifest

CELL_FREE = "crystal-class"
PROTOTYPE = "prototype"
ATOMS = "atom-class"
STIFFNESS = "stiffness"
QUESTIONS = "property-classes"
TRAINABLE = (CELL_FREE, "crystal-class-image", PROTOTYPE, ATOMS, STIFFNESS, QUESTIONS)


@click.command(
    short_help="Train a model; an interrupted run can be resumed.",
    epilog="""\b
Examples:
  xtalprint train crystal-class --quick --output /tmp/look
  xtalprint train crystal-class-image --output runs/first
  xtalprint train crystal-class-image --output runs/first --resume
  xtalprint train crystal-class-image --config recipe.toml --seed 1 --threads 2 --output runs/second
  xtalprint train prototype --classes mine.json --output runs/mine
  xtalprint classify Cu.cif --model runs/first
  xtalprint train stiffness --output runs/stiff
  xtalprint predict Cu.cif --model runs/stiff
  xtalprint train property-classes --output runs/classes
""",
)
@click.argument("name", type=click.Choice(TRAINABLE))
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Recipe in TOML or JSON; what it leaves out is as in the default recipe.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Folder of the run; made if it is not there.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), help="Of the start and of the order of the batches.  [default: 0]"
)
@click.option("--epochs", type=click.IntRange(min=1), help="How often each example is seen.  [default: the recipe's]")
@options.threads_option
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where to train.  [default: auto]")
@click.option(
    "--classes",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="For prototype: the class list, one row for each structure.  [default: the package's 38 classes]",
)
@click.option(
    "--allow-download",
    is_flag=True,
    help="For stiffness: let pip fetch the moduli (1.8 MB) if they are neither in the folder of XTALPRINT_DATA nor "
    "in the cache.",
)
@click.option("--resume", is_flag=True, help="Go on from the latest checkpoint in DIR.")
@click.option("--quick", is_flag=True, help="Few crystals and epochs: to see that it runs. The model is of no use.")
@options.quiet_option
def train(
    *,
    name: str,
    config: Path | None,
    output: Path,
    seed: int | None,
    epochs: int | None,
    threads: int | None,
    device: str | None,
    classes: Path | None,
    allow_download: bool,
    resume: bool,
    quick: bool,
    quiet: bool,
) -> None:
    """Train the model NAME and write a folder with weights, card, metrics, pictures and the complete recipe.

    crystal-class sees bond-orientational order and needs no cell; its default recipe is that of the shipped weights.
    crystal-class-image is the network of Ziletti et al. (2018) on diffraction images; its default recipe is the
    published one. prototype tells the elements apart too, and takes its classes from a file; atom-class
    labels every atom. stiffness predicts bulk and shear modulus; property-classes tells crystal system, metal, stable
    and stiff.

    The data are made from a seed; nothing is downloaded. There is a checkpoint after each epoch and every few
    minutes, and a run that was stopped and resumed ends with the same weights as one that was not. stiffness and
    property-classes learn from calculated properties, which are in no package; stiffness goes on after whole folds.
    """
    more = _only_for_some(name, threads=threads, device=device, allow_download=allow_download, quiet=quiet)
    recipe = _recipe(name, config, quick=quick)
    if classes is not None:
        if name != PROTOTYPE:
            raise click.UsageError("--classes is for: xtalprint train prototype")
        given = {"classes": str(classes), "classes_sha256": None}
        recipe = recipe.with_changes(data=recipe.model_dump(mode="json")["data"] | given)
    recipe = recipe.with_changes(seed=seed, epochs=epochs, threads=threads, device=device)
    manifest = _trainer(name)(
        recipe,
        output,
        resume=resume,
        command=_command(name, config, classes, seed=seed, epochs=epochs, quick=quick),
        say=(lambda _: None) if quiet else (lambda text: click.echo(text, err=True)),
        **more,
    )
    click.echo(f"{manifest.name} {manifest.version}: {manifest.headline}")
    click.echo(f"written to {output}; use it with --model {output}", err=True)


def _only_for_some(
    name: str, *, threads: int | None, device: str | None, allow_download: bool, quiet: bool
) -> dict[str, Any]:
    """Refuse options that mean nothing for a model; gives what its training takes beyond the others."""
    if name == STIFFNESS:
        if threads is not None or device is not None:
            option = "--device" if threads is None else "--threads"
            raise click.UsageError(f"stiffness is trained in one thread on the processor; leave {option} out")
        return {"allow_download": allow_download}
    if allow_download:
        raise click.UsageError("--allow-download is for: xtalprint train stiffness; other data are made here")
    return {"report": (lambda _: None) if quiet else _report}


def _recipe(name: str, config: Path | None, *, quick: bool) -> RunConfig:
    from xtalprint.models import atom_configuration as atoms  # noqa: PLC0415 - heavy
    from xtalprint.models import bond_order_configuration as order  # noqa: PLC0415 - heavy
    from xtalprint.models import property_class_configuration as questions  # noqa: PLC0415 - heavy
    from xtalprint.models import stiffness_configuration as stiff  # noqa: PLC0415 - heavy
    from xtalprint.models.configuration import QUICK, TrainingConfig, read_config  # noqa: PLC0415 - as above

    if config is not None and quick:
        raise click.UsageError("--quick is a recipe of its own; leave out --config")
    kinds: dict[str, tuple[type[RunConfig], RunConfig]] = {
        CELL_FREE: (order.BondOrderConfig, order.QUICK_BOND_ORDER),
        PROTOTYPE: (order.PrototypeConfig, order.QUICK_PROTOTYPE),
        ATOMS: (atoms.AtomConfig, atoms.QUICK_ATOMS),
        STIFFNESS: (stiff.StiffnessConfig, stiff.QUICK_STIFFNESS),
        QUESTIONS: (questions.PropertyClassConfig, questions.QUICK_PROPERTY_CLASSES),
    }
    kind, small = kinds.get(name, (TrainingConfig, QUICK))
    if quick:
        return small
    return read_config(config, kind) if config is not None else kind()


def _trainer(name: str) -> Callable[..., AnyManifest]:
    """Import what trains the model: heavy, and --help must be quick."""
    if name in {CELL_FREE, PROTOTYPE}:
        from xtalprint.models.bond_order_training import train_bond_order  # noqa: PLC0415 - see above

        return train_bond_order
    if name == ATOMS:
        from xtalprint.models.atom_training import train_atom_class  # noqa: PLC0415 - see above

        return train_atom_class
    if name == STIFFNESS:
        from xtalprint.models.stiffness_training import train_stiffness  # noqa: PLC0415 - see above

        return train_stiffness
    if name == QUESTIONS:
        from xtalprint.models.property_class_training import train_property_classes  # noqa: PLC0415 - see above

        return train_property_classes
    from xtalprint.models.training import train_crystal_class  # noqa: PLC0415 - see above

    return train_crystal_class


def _report(progress: Progress) -> None:
    """One line for each finished epoch; the log file has the rest."""
    if progress.batch == 0 and progress.epochs:
        line = progress.epochs[-1]
        click.echo(
            f"epoch {line['epoch']:.0f}: loss {line['loss']:.4f}, accuracy {100 * line['accuracy']:.2f} %, "
            f"validation {100 * line['validation_accuracy']:.2f} %, {line['seconds']:.0f} s",
            err=True,
        )


def _command(
    name: str, config: Path | None, classes: Path | None, *, seed: int | None, epochs: int | None, quick: bool
) -> str:
    """What to type to make the same model again; the recipe is in the run folder too."""
    parts = ["xtalprint", "train", name]
    parts += ["--config", str(config)] if config is not None else []
    parts += ["--classes", str(classes)] if classes is not None else []
    parts += ["--seed", str(seed)] if seed is not None else []
    parts += ["--epochs", str(epochs)] if epochs is not None else []
    parts += ["--quick"] if quick else []
    return shlex.join([*parts, "--output", "DIR"])
