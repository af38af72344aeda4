"""``xtalprint describe``: the descriptor of each structure as an array and, where it is one, a picture."""

from __future__ import annotations

import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xtalprint.cli import options
from xtalprint.cli.arrays import ArrayFolder
from xtalprint.cli.group import ALL_WELL, SOME_FAILED
from xtalprint.cli.inputs import InputStream
from xtalprint.cli.records import RECORD_ENDINGS, Format, Record, chosen_format, error_record, record_writer
from xtalprint.cli.spreading import SPREADING, Spreading, spreading_options
from xtalprint.cli.summary import summary
from xtalprint.cli.tables import FileTable
from xtalprint.errors import XtalprintError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtalprint.descriptors.base import Descriptor, Fingerprint
    from xtalprint.descriptors.fingerprint_job import FingerprintJob

#: Every descriptor of the command line: its module and class. Add one line for a new one.
DESCRIPTORS: dict[str, tuple[str, str]] = {
    "diffraction-image": ("xtalprint.descriptors.diffraction_image", "DiffractionImage"),
    "bond-orientational-order": ("xtalprint.descriptors.bond_orientational_order", "BondOrientationalOrder"),
    "grid": ("xtalprint.descriptors.grid", "GRID"),
    "rdf": ("xtalprint.descriptors.rdf", "RDF"),
    "momentum-cloud": ("xtalprint.descriptors.momentum_cloud", "MomentumCloud"),
    "fourier-box": ("xtalprint.descriptors.fourier_box", "FourierBox"),
    "powder-pattern": ("xtalprint.descriptors.powder_pattern", "PowderPattern"),
    "reflection-power-spectrum": ("xtalprint.descriptors.reflection_power_spectrum", "ReflectionPowerSpectrum"),
    "reflection-bispectrum": ("xtalprint.descriptors.reflection_bispectrum", "ReflectionBispectrum"),
    "pairs-of-reflections": ("xtalprint.descriptors.pairs_of_reflections", "PairsOfReflections"),
}
DEFAULT_DESCRIPTOR = "diffraction-image"
COLUMNS = ["source", "frame", "status", "path", "shape", "picture", "descriptor", "warnings", "error"]


class DescribeCommand(click.Command):
    """A command with the options of its descriptor, made from the descriptor's parameters."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for the descriptor first: the other options depend on it."""
        ctx.meta["descriptor"] = _named_descriptor(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options of the command and those of the descriptor."""
        return [*super().get_params(ctx), *_descriptor_options(ctx)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of the descriptor under a heading of their own."""
        for title, parameters in (
            ("Options", super().get_params(ctx)),
            (f"Parameters of {ctx.meta.get('descriptor', DEFAULT_DESCRIPTOR)}", _descriptor_options(ctx)),
        ):
            lines = [p.get_help_record(ctx) for p in parameters if isinstance(p, click.Option)]
            with formatter.section(title):
                formatter.write_dl([line for line in lines if line is not None])


def _descriptor_options(ctx: click.Context) -> list[click.Option]:
    from xtalprint.cli.parameters import parameter_options  # noqa: PLC0415 - not for --help of the group

    return parameter_options(descriptor_class(ctx.meta.get("descriptor", DEFAULT_DESCRIPTOR)))


def descriptor_class(name: str) -> type[Descriptor]:
    """Import the class of a descriptor."""
    module, class_name = DESCRIPTORS[name]
    found: type[Descriptor] = getattr(import_module(module), class_name)
    return found


def _named_descriptor(args: Sequence[str]) -> str:
    named = DEFAULT_DESCRIPTOR
    for argument, following in zip(args, [*args[1:], ""], strict=True):
        if argument == "--":
            break
        if argument == "--descriptor":
            named = following
        elif argument.startswith("--descriptor="):
            named = argument.partition("=")[2]
    return named if named in DESCRIPTORS else DEFAULT_DESCRIPTOR


@click.command(
    cls=DescribeCommand,
    short_help="Write the descriptor of each structure as an array and a picture.",
    epilog="""\b
Examples:
  xtalprint describe Cu.cif --output images
  xtalprint describe "run/**/CONTCAR" --output images --no-picture --format csv
  xtalprint describe melt.dump --elements Cu --descriptor bond-orientational-order --output order
  xtalprint describe library.parquet --engine processes --into images
  xtalprint describe quartz.cif --inner-mask 10 --output-dir images --output records.json
""",
)
@options.files_argument
@click.option(
    "--descriptor",
    type=click.Choice(list(DESCRIPTORS)),
    default=DEFAULT_DESCRIPTOR,
    show_default=True,
    help="What to compute; its parameters are listed below.",
)
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for the arrays and pictures. [default: --output, if that is a folder, else the current folder]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR or FILE",
    help=f"Folder for the arrays and pictures; or, if it ends in {', '.join(RECORD_ENDINGS)} or --output-dir is "
    "given too, the file for the records.",
)
@click.option("--picture/--no-picture", default=True, help="Whether to write a .png beside each .npz. [default: yes]")
@options.elements_option
@options.format_option
@options.threads_option
@spreading_options
@options.quiet_option
@click.pass_context
def describe(
    ctx: click.Context,
    /,
    *,
    files: Sequence[str],
    descriptor: str,
    output_dir: Path | None,
    output: Path | None,
    picture: bool,
    elements: Sequence[str] | None,
    format_: Format | None,
    threads: int | None,
    quiet: bool,
    **parameters: Any,  # noqa: ANN401 - those of spreading_options, and the descriptor's own, checked by it
) -> None:
    """Write the descriptor of each structure as an array and a picture.

    FILES are paths, patterns in quotes ("data/**/*.cif"), or - for a list of paths on stdin. For each structure an
    .npz is written, with the array, all parameters, source, frame and version; and where the descriptor is a picture,
    a .png. Files are named after the input and the frame; inputs of the same name get different files.
    """
    start = time.perf_counter()
    spread = {name: parameters.pop(name) for name in SPREADING}
    maker = _made(descriptor, parameters)
    elsewhere = {"--output": output, "--output-dir": output_dir, "--format": format_}
    spreading = Spreading.of(spread, threads=threads, elsewhere=elsewhere)
    inputs = InputStream(files, elements)
    job = _job(maker, descriptor, elements)
    if spreading.into is not None:
        tally = spreading.fill(job, inputs, quiet=quiet)
    else:
        folder, record_file = places(output_dir, output)
        arrays = ArrayFolder(folder, name=descriptor, pictures=picture)
        format_ = chosen_format(format_, record_file)
        with record_writer(format_, record_file, table=FileTable(inputs.paths), columns=COLUMNS) as write:
            tally = spreading.each(job, inputs, lambda result: write(_record(result, arrays)), quiet=quiet)
    if not quiet:
        click.echo(summary("described", tally, time.perf_counter() - start), err=True)
    ctx.exit(SOME_FAILED if tally.failed else ALL_WELL)


def places(output_dir: Path | None, output: Path | None) -> tuple[Path, Path | None]:
    """Folder of the arrays, and file of the records or None for stdout.

    Examples
    --------
    >>> places(None, Path("images"))
    (PosixPath('images'), None)
    >>> places(Path("images"), Path("list"))
    (PosixPath('images'), PosixPath('list'))
    >>> places(None, Path("records.json"))
    (PosixPath('.'), PosixPath('records.json'))
    """
    if output is None or output_dir is not None:
        return output_dir or Path(), output
    if output.suffix.lower() in RECORD_ENDINGS and not output.is_dir():
        return Path(), output
    return output, None


def _record(result: Fingerprint | XtalprintError, arrays: ArrayFolder) -> Record:
    return error_record(result) if isinstance(result, XtalprintError) else arrays.write(result)


def _job(descriptor: Descriptor, name: str, elements: Sequence[str] | None) -> FingerprintJob:
    from xtalprint.descriptors.fingerprint_job import FingerprintJob  # noqa: PLC0415 - NumPy is not needed for --help

    return FingerprintJob(descriptor, name, elements)


def _made(name: str, parameters: dict[str, Any]) -> Descriptor:
    try:
        return descriptor_class(name)(**parameters)
    except (XtalprintError, ValueError, TypeError) as error:
        raise click.UsageError(str(error)) from error
