"""What many structures cost: time, memory and room of three commands that write into a folder of shards.

Run ``python benchmarks/spreading.py`` with XTALPRINT_DATA set to the data sets; it writes results/spreading.json and
docs/images/spreading.png after each step. The structures are rows of properties/properties.parquet, evenly spread
over it; for more than it has, it is read several times. Each run is a command of its own with two workers at most.
Seconds of the processor are those of the command and all its workers; memory is the largest sum over them, in which
what they share is counted several times. Needs the extra ``dask``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pyarrow.parquet as pq

from xtalprint import __version__
from xtalprint.io import read_run

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "results" / "spreading.json"
PAGE = ROOT / "docs" / "many.md"
#: The tables stand between these in the page.
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"
PICTURE = ROOT / "docs" / "images" / "spreading.png"
TABLE = Path(os.environ.get("XTALPRINT_DATA", "")) / "properties" / "properties.parquet"
COLUMNS = ["id", "cell", "numbers", "frac", "source"]
COMMANDS = {
    "classify": ["classify"],
    "describe": ["describe", "--descriptor", "bond-orientational-order"],
    "index": ["index"],
}
ENGINES = {
    "serial": ["--engine", "serial"],
    "threads": ["--engine", "threads", "--workers", "2"],
    "processes": ["--engine", "processes", "--workers", "2"],
}
#: Structures for the comparison of engines, and for the growth, whose last two give the cost of a million.
FEW = 500
#: Ids may not repeat in an index, so that it has no more than the table.
GROWTH = {"classify": (300, 3000), "describe": (1000, 10_000, 100_000), "index": (1000, 10_000, 50_000)}
#: Rows of a row group, as `xtalprint convert` writes them.
ROW_GROUP = 2000
#: ``--per-shard`` of the growth.
PER_SHARD = 250
EVERY = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=TARGET)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    parser.add_argument("--page", type=Path, default=PAGE, help="where the tables are put")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the structures, for a trial")
    arguments = parser.parse_args()
    result: dict[str, Any] = {
        "command": "python benchmarks/spreading.py",
        "versions": {name: version(name) for name in ("numpy", "pyarrow", "distributed", "onnxruntime")}
        | {"xtalprint": __version__, "python": platform.python_version()},
        "cores": len(os.sched_getaffinity(0)),
        "load_before": os.getloadavg()[0],
        "scale": arguments.scale,
        "engines": [],
        "growth": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for row in steps(place, arguments.scale):
            result[row.pop("step")].append(row)
            print(json.dumps(row), flush=True)
            arguments.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw(result, arguments.picture)
    if arguments.page.is_file():
        text = arguments.page.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        arguments.page.write_text(f"{before}{BEGIN}{tables(result)}{END}{rest.partition(END)[2]}", encoding="utf-8")


def steps(place: Path, scale: float) -> Iterator[dict[str, Any]]:
    """Each run, one after the other."""
    few = int(FEW * scale)
    table = take(place / "few.parquet", few)
    for command in COMMANDS:
        names = {}
        for engine in [*ENGINES, "dask"]:
            row, names[engine] = spread(command, engine, [table], place, shards=8, again=engine == "processes")
            yield {"step": "engines", "n": few} | row | {"same_bytes": names[engine] == names["serial"]}
    for command, numbers in GROWTH.items():
        for n in (int(n * scale) for n in numbers):
            starts = range(0, n, ROWS)
            tables = [take(place / f"growth-{start}.parquet", min(n - start, ROWS)) for start in starts]
            row, _ = spread(command, "processes", tables, place)
            yield {"step": "growth", "n": n} | row


ROWS = pq.read_metadata(TABLE).num_rows if TABLE.is_file() else 0


def take(path: Path, n: int) -> Path:
    """A table of n rows, evenly spread over the whole."""
    whole = pq.read_table(TABLE, columns=COLUMNS)
    pq.write_table(whole.take(np.linspace(0, len(whole) - 1, n).astype(int)), path, row_group_size=ROW_GROUP)
    return path


def spread(
    command: str, engine: str, tables: list[Path], place: Path, *, shards: int | None = None, again: bool = False
) -> tuple[dict[str, Any], list[str]]:
    """Run a command into a fresh folder; figures, and names of the shards, which hold the hashes of their content."""
    into = place / "into"
    shutil.rmtree(into, ignore_errors=True)
    rows = sum(pq.read_metadata(path).num_rows for path in tables)
    per_shard = -(-rows // shards) if shards else PER_SHARD
    arguments = [*COMMANDS[command], *map(str, tables), "--into", str(into), "--per-shard", str(per_shard)]
    if command == "index":
        arguments += ["--output", str(place / "index"), "--overwrite"]
    with dask_cluster(place) if engine == "dask" else nothing() as cluster:
        options = ENGINES.get(engine) or ["--engine", "dask", "--scheduler", cluster.address]
        figures = measured([*arguments, *options], cluster)
        names = sorted(path.name for path in into.glob("*.parquet"))
        records = sum(1 for _ in read_run(into))
        row = {"what": command, "engine": engine, **figures, "records": records, "shards": len(names)}
        row["megabytes"] = round(sum(path.stat().st_size for path in into.glob("*.parquet")) / 1e6, 3)
        if again:
            row["again"] = measured([*arguments, *options], cluster)
    return row, names


class Cluster:
    """A Dask scheduler and two workers on loopback."""

    def __init__(self, place: Path) -> None:
        self._file = place / "scheduler.json"
        self._file.unlink(missing_ok=True)
        common = ["--scheduler-file", str(self._file), "--host", "127.0.0.1", "--no-dashboard"]
        worker = ["worker", *common, "--nthreads", "1", "--no-nanny", "--local-directory", str(place)]
        started = [self._start("scheduler", *common, "--port", "0")]
        while not self._file.exists():
            time.sleep(EVERY)
        self.processes = [*started, self._start(*worker), self._start(*worker)]
        self.address: str = json.loads(self._file.read_text())["address"]
        time.sleep(5)

    def _start(self, what: str, *options: str) -> psutil.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *options]
        return psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=one_thread())

    def stop(self) -> None:
        """End all three."""
        for process in self.processes:
            process.kill()
            process.wait()


@contextmanager
def dask_cluster(place: Path) -> Iterator[Cluster]:
    cluster = Cluster(place)
    try:
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def nothing() -> Iterator[Any]:
    yield None


def one_thread() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def measured(arguments: list[str], cluster: Cluster | None) -> dict[str, float]:
    """Seconds, processor seconds and most memory (MiB) of a command with its workers."""
    others = cluster.processes if cluster else []
    before = sum(busy(process) for process in others)
    start = time.perf_counter()
    command = [sys.executable, "-m", "xtalprint", *arguments, "--quiet"]
    process = psutil.Popen(command, env=one_thread(), stdout=subprocess.DEVNULL)
    most, seconds = 0.0, {}
    while process.poll() is None:
        tree = [*family(process), *(member for other in others for member in family(other))]
        most = max(most, sum(memory(member) for member in tree))
        for member in family(process):
            seconds[member.pid] = busy(member)
        time.sleep(EVERY)
    wall = time.perf_counter() - start
    if process.returncode not in {0, 1}:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return {
        "seconds": round(wall, 2),
        "processor_seconds": round(sum(seconds.values()) + sum(busy(other) for other in others) - before, 2),
        "mebibytes": round(most / 2**20, 1),
    }


def family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def busy(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def memory(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.Error:
        return 0.0


def cost_of_a_million(result: dict[str, Any], command: str) -> dict[str, float]:
    """Hours of a core and gigabytes, from the difference of the two largest runs: without what it costs to begin."""
    small, large = [row for row in result["growth"] if row["what"] == command][-2:]
    more = large["n"] - small["n"]
    return {
        "milliseconds": 1e3 * (large["processor_seconds"] - small["processor_seconds"]) / more,
        "core_hours": 1e6 * (large["processor_seconds"] - small["processor_seconds"]) / more / 3600,
        "gigabytes": 1e3 * (large["megabytes"] - small["megabytes"]) / more,
    }


def tables(result: dict[str, Any]) -> str:
    """The tables of the page."""
    lines = [
        "| command | engine, two workers | seconds | processor seconds | memory (MiB) | same bytes |",
        "|---|---|---|---|---|---|",
    ]
    for row in result["engines"]:
        figures = f"{row['seconds']:.0f} | {row['processor_seconds']:.1f} | {row['mebibytes']:.0f}"
        lines.append(f"| {row['what']} | {row['engine']} | {figures} | {'yes' if row['same_bytes'] else 'no'} |")
    n, again = result["engines"][0]["n"], [row["again"] for row in result["engines"] if "again" in row]
    started = " and ".join(f"{figures['processor_seconds']:.1f}" for figures in again)
    told = (
        f"{n:,} structures in {result['engines'][0]['shards']} shards. Started again, when all was finished: "
        f"{started} seconds of the processor. The load of the machine of {result['cores']} cores was "
        f"{result['load_before']:.1f} before the benchmark began."
    )
    lines += [
        "",
        told,
        "",
        "| command | structures | seconds | processor seconds | memory (MiB) | shards | MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in result["growth"]:
        figures = f"{row['seconds']:.0f} | {row['processor_seconds']:.1f} | {row['mebibytes']:.0f}"
        lines.append(f"| {row['what']} | {row['n']:,} | {figures} | {row['shards']} | {row['megabytes']:.1f} |")
    lines += [
        "",
        "| command | ms of a core for one | core hours for a million | GB for a million | core hours for 10⁸ |",
        "|---|---|---|---|---|",
    ]
    for command in dict.fromkeys(row["what"] for row in result["growth"]):
        cost = cost_of_a_million(result, command)
        figures = f"{cost['milliseconds']:.1f} | {cost['core_hours']:.2f} | {cost['gigabytes']:.2f}"
        lines.append(f"| {command} | {figures} | {100 * cost['core_hours']:,.0f} |")
    return "\n".join(lines) + "\n"


def draw(result: dict[str, Any], path: Path) -> None:
    """Time and memory over the number of structures."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only at the end

    rows = [row for row in result["growth"] if row["what"] == "describe"]
    n = [row["n"] for row in rows]
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.loglog(n, [row["processor_seconds"] for row in rows], "o-", color="tab:blue", label="measured")
    slope = rows[-1]["processor_seconds"] / n[-1]
    left.loglog(n, [slope * value for value in n], "--", color="0.6", label="proportional")
    left.set(xlabel="structures", ylabel="processor time (s)", title="describe, two processes")
    left.legend(frameon=False)
    right.semilogx(n, [row["mebibytes"] for row in rows], "o-", color="tab:orange")
    right.set(xlabel="structures", ylabel="memory of all processes (MiB)", title="describe, two processes")
    right.set_ylim(0, 1.25 * max(row["mebibytes"] for row in rows))
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
