"""Time the room similarity beside its peers: matrices, searches and transport, on fingerprints of real crystals.

Run ``python benchmarks/similarity.py --data DATA --cache FOLDER``, where DATA holds ``elasticity/elasticity.parquet``
and ``properties/properties.parquet``; fingerprints are kept in the cache. It prints what it measures and writes
results/similarity-speed.json; ``--most 500 --crystals 600 --queries 5 --built 100 --output FILE`` is a trial.

Matrices are of plain histograms and of smeared ones; what is searched, and how an index grows, is smeared, as
``GRID()`` and the commands do it. Times are of one thread: seconds of the processor, so that other work on the
machine does not count, and of the clock. gridrdf is measured in an environment of its own, ``--gridrdf PYTHON``;
scikit-learn and faiss where they can be imported.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from similarity_fingerprints import CHUNK, N_BINS, N_GROUPS, SMEARING, WIDTH, descriptor, packed, unknown

from xtalprint import __version__
from xtalprint.errors import XtalprintError
from xtalprint.io import read_table
from xtalprint.similarity import (
    CompositionEarthMovers,
    CumulativeTable,
    EarthMovers,
    SimilarityIndex,
    composition_fractions,
    distance_matrix,
)
from xtalprint.similarity.approximate import ApproximateSearch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TARGET = Path(__file__).parents[1] / "results" / "similarity-speed.json"
#: Neighbours wanted of each query.
K = 10


def cumulated(table: CumulativeTable) -> NDArray[np.float32]:
    """(n, 10,000) rows for the peers; the same numbers exactly."""
    rows = np.empty((len(table), N_GROUPS * N_BINS), dtype=np.float32)
    for start in range(0, len(table), CHUNK):
        rows[start : start + CHUNK] = table[start : start + CHUNK].unpacked().reshape(-1, rows.shape[1])
    rows /= 2**24
    return rows


class Watch:
    """Seconds of the processor and of the clock."""

    def __init__(self) -> None:
        self.start = time.process_time(), time.perf_counter()

    def stop(self, per: int = 1) -> dict[str, float]:
        """Since the start, for each of ``per``."""
        cpu, wall = time.process_time() - self.start[0], time.perf_counter() - self.start[1]
        return {"cpu_s": float(f"{cpu / per:.4g}"), "wall_s": float(f"{wall / per:.4g}")}


def best(call: Callable[[], object], repeats: int = 3) -> dict[str, float]:
    times = []
    for _ in range(repeats):
        watch = Watch()
        call()
        times.append(watch.stop())
    return min(times, key=lambda seconds: seconds["cpu_s"])


def bandwidth() -> float:
    """Bytes a second that one thread copies (read and written), large arrays."""
    source = np.ones(2**25)
    target = np.zeros_like(source)
    return 2 * source.nbytes / best(lambda: np.copyto(target, source), 5)["cpu_s"]


GRIDRDF = """
import sys, time, numpy as np, numba
from importlib.metadata import version
from gridrdf.earth_mover_distance import super_fast_EMD_matrix, rdf_emd_similarity
grids = np.load(sys.argv[1]).astype(np.float64)
super_fast_EMD_matrix(grids[:3], 0.1)
cpu, wall = time.process_time(), time.perf_counter()
matrix = super_fast_EMD_matrix(grids, 0.1)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
start = time.process_time()
for i in range(20):
    rdf_emd_similarity(grids[0], grids[i])
pair = (time.process_time() - start) / 20
np.savez(sys.argv[2], matrix=matrix, cpu=cpu, wall=wall, pair=pair, version=version("gridrdf"))
"""


def beside_gridrdf(python: str | None, table: CumulativeTable) -> dict[str, Any] | None:
    """The matrix of gridrdf's compiled function over some hundreds of crystals, and how far it is from ours."""
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "grids.npy", Path(folder) / "found.npz"
        # It wants complete groups: what lies beyond 10 Å gets a bin of its own.
        values = table.unpacked() / 2**24
        values = np.concatenate([values, np.ones((*values.shape[:2], 1))], axis=2)
        np.save(given, np.diff(values, axis=2, prepend=0))
        environment = {**os.environ, "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
        run = subprocess.run(  # noqa: S603 - the interpreter that was named
            [python, "-c", GRIDRDF, str(given), str(found)],
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if run.returncode:
            print(run.stderr[-500:])
            return None
        with np.load(found) as arrays:
            metric, n = EarthMovers(bin_width=WIDTH), len(table)
            ours = metric.distances(table, table)
            seconds = best(lambda: metric.distances(table, table))["cpu_s"]
            return {
                "version": str(arrays["version"]),
                "crystals": n,
                "cpu_s": round(float(arrays["cpu"]), 3),
                "wall_s": round(float(arrays["wall"]), 3),
                "ns_a_pair": round(float(arrays["cpu"]) / (n * (n + 1) / 2) * 1e9, 1),
                "ours_cpu_s": seconds,
                "ours_ns_a_pair": round(seconds / (n * (n + 1) / 2) * 1e9, 1),
                "ms_a_pair_by_scipy": round(float(arrays["pair"]) * 1e3, 3),
                "largest_difference_A": float(f"{np.abs(arrays['matrix'] - ours).max():.2g}"),
            }


def matrices(table: CumulativeTable, python: str | None, folder: Path) -> dict[str, Any]:
    """The whole matrix of all crystals, into a file."""
    metric = EarthMovers(bin_width=WIDTH)
    path = folder / "matrix.npy"

    def run(threads: int) -> dict[str, float]:
        for name in ("matrix.npy", "matrix.npy.json"):
            (folder / name).unlink(missing_ok=True)
        watch = Watch()
        distance_matrix(metric, table, path=path, threads=threads)
        return watch.stop()

    distance_matrix(metric, table[:10], path=path)
    n = len(table)
    one = min((run(1) for _ in range(2)), key=lambda seconds: seconds["cpu_s"])
    two = run(2)
    path.unlink()
    path.with_name("matrix.npy.json").unlink()
    some = table.take(np.random.default_rng(0).permutation(n)[:600])
    peer = beside_gridrdf(python, some)
    speed = bandwidth()
    written, packed_bytes, plain = 4 * n * n, table.nbytes, 4 * n * N_GROUPS * N_BINS
    result: dict[str, Any] = {
        "crystals": n,
        "one thread": one,
        "two threads": two,
        "ns_a_pair": round(one["cpu_s"] / (n * (n + 1) / 2) * 1e9, 1),
        "bytes": {"fingerprints packed": packed_bytes, "fingerprints in single precision": plain, "matrix": written},
        "copy_bytes_a_second": float(f"{speed:.3g}"),
        "seconds_of_bytes_over_bandwidth": float(f"{(packed_bytes + written) / speed:.3g}"),
        "seconds_if_each_pair_read_a_row_in_single_precision": float(f"{plain * (n + 1) / 2 / speed:.3g}"),
        "gridrdf": peer,
    }
    result["cpu_s_over_bytes_over_bandwidth"] = round(one["cpu_s"] / result["seconds_of_bytes_over_bandwidth"], 1)
    if peer is not None:
        # Of the same crystals.
        result["ratio_to_gridrdf"] = round(peer["cpu_s"] / peer["ours_cpu_s"], 1)
    print(json.dumps(result, indent=1))
    return result


def smeared(table: CumulativeTable, queries: list[NDArray[np.float32]]) -> dict[str, Any]:
    """The same crystals with smeared fingerprints, which vary in more bins."""
    metric = EarthMovers(bin_width=WIDTH)
    some = table[:4096]
    metric.distances(some[:5], some[:5])
    n = len(some)
    result = {
        "fingerprints": f"histograms of Gaussians of {SMEARING} Å",
        "crystals": len(table),
        "kB_a_crystal": round(table.nbytes / len(table) / 1e3, 2),
        "ns_a_pair": round(best(lambda: metric.distances(some, some), 2)["cpu_s"] / (n * (n + 1) / 2) * 1e9, 1),
        "exact": asked(SimilarityIndex.build(table, bin_width=WIDTH), queries),
    }
    print(result, flush=True)
    return result


def asked(index: SimilarityIndex, queries: list[NDArray[np.float32]]) -> dict[str, Any]:
    """Times and work of exact queries, one at a time."""
    index.query(queries[0], K)
    times, looked_at, measured = [], [], []
    for query in queries:
        watch = Watch()
        found = index.query(query, K)
        times.append(watch.stop()["cpu_s"])
        looked_at.append(found.looked_at)
        measured.append(found.measured)
    return {
        "queries": len(queries),
        "ms_mean": round(1e3 * float(np.mean(times)), 4),
        "ms_percentile_50_99_100": [round(1e3 * float(x), 4) for x in np.percentile(times, [50, 99, 100])],
        "bounds_computed_mean": round(float(np.mean(looked_at)), 1),
        "distances_computed_mean": round(float(np.mean(measured)), 1),
    }


def from_crystals(path: Path, n: int) -> dict[str, Any]:
    """Build an index from crystals, fingerprints and all, on one thread."""
    crystals = read_table(path).crystals[:n]
    SimilarityIndex.build(crystals[:10], threads=1)
    watch = Watch()
    index = SimilarityIndex.build(crystals, threads=1)
    seconds = watch.stop()
    result = {"crystals": len(crystals), "failed": len(index.failures), **seconds}
    result["ms_a_crystal"] = float(f"{1e3 * seconds['cpu_s'] / len(crystals):.3g}")
    print("from crystals", result, flush=True)
    return result


def growth(table: CumulativeTable, queries: list[NDArray[np.float32]], folder: Path) -> list[dict[str, Any]]:
    """Build, save, load and query, from a thousand crystals on."""
    rows = []
    order = np.random.default_rng(0).permutation(len(table))
    for n in sorted({1000, 3000, 10_000, 30_000, 100_000, len(table)}):
        if n > len(table):
            continue
        some = table.take(np.sort(order[:n]))
        watch = Watch()
        index = SimilarityIndex.build(some, bin_width=WIDTH)
        built = watch.stop()
        index.save(folder / "index", overwrite=True)
        watch = Watch()
        SimilarityIndex.load(folder / "index")
        row = {
            "crystals": n,
            "build_cpu_s": built["cpu_s"],
            "load_wall_s": watch.stop()["wall_s"],
            "load_unverified_wall_s": best(lambda: SimilarityIndex.load(folder / "index", verify=False))["wall_s"],
            "memory_MB": round(index.ordered.nbytes / 1e6, 1),
            **asked(index, queries),
        }
        print(row, flush=True)
        rows.append(row)
    return rows


def searches(table: CumulativeTable, queries: list[NDArray[np.float32]]) -> dict[str, Any]:
    """Nearest ten: exact, approximate, and by the peers."""
    index = SimilarityIndex.build(table, bin_width=WIDTH)
    result: dict[str, Any] = {"crystals": len(table), "k": K, "exact": asked(index, queries)}
    watch = Watch()
    index.query_many(queries, K, threads=2)
    result["exact, two threads, ms of the clock"] = round(1e3 * watch.stop(len(queries))["wall_s"], 4)
    result["approximate"] = {kind: approximate(index, queries, kind) for kind in ("hnsw", "ivf")}
    peers_ = peers(index, table, queries)
    result |= peers_
    ours = result["exact"]["ms_mean"]
    result["ratio"] = {name: round(row["ms_mean"] / ours, 1) for name, row in peers_.items() if row is not None}
    groups = {}
    for tolerance in (0.001, 0.01, 0.03):
        watch = Watch()
        found = index.groups(tolerance)
        groups[f"{tolerance} Å"] = {"groups": int(found.max() + 1), **watch.stop()}
    result["groups"] = groups
    return result


def approximate(index: SimilarityIndex, queries: list[NDArray[np.float32]], kind: Any) -> dict[str, Any] | None:  # noqa: ANN401 - a literal
    try:
        watch = Watch()
        search = ApproximateSearch.of(index, kind=kind)
    except XtalprintError as error:
        print(error)
        return None
    built = watch.stop()
    search.query(queries[0], K)
    watch = Watch()
    for query in queries:
        search.query(query, K)
    row = {"build_cpu_s": built["cpu_s"], "candidates": search.candidates}
    row |= {"ms_mean": round(1e3 * watch.stop(len(queries))["cpu_s"], 4), "recall": search.recall(queries, K)}
    print(kind, row, flush=True)
    return row


def peers(index: SimilarityIndex, table: CumulativeTable, queries: list[NDArray[np.float32]]) -> dict[str, Any]:
    """Brute force of scikit-learn and of faiss, over the cumulated rows in single precision."""
    rows = cumulated(table)
    asked_, some = cumulated(CumulativeTable.of(queries)), min(5, len(queries))
    exact = np.array([index.query(query, K).distances for query in queries])

    def row(version: str, find: Callable[[NDArray[np.float32]], NDArray[np.float64]], n: int) -> dict[str, Any]:
        find(asked_[:1])
        watch = Watch()
        found = np.concatenate([find(asked_[i : i + 1]) for i in range(n)])
        seconds = watch.stop(n)["cpu_s"]
        far = np.abs(np.sort(found, axis=1) * WIDTH / N_GROUPS - exact[:n]).max()
        shown = {
            "version": version,
            "queries": n,
            "ms_mean": round(1e3 * seconds, 2),
            "largest_difference_A": float(f"{far:.2g}"),
        }
        print(shown, flush=True)
        return shown

    result: dict[str, Any] = {"scikit-learn": None, "faiss flat": None}
    try:
        import sklearn  # noqa: PLC0415 - a peer
        from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - a peer

        brute = NearestNeighbors(n_neighbors=K, algorithm="brute", metric="manhattan", n_jobs=1).fit(rows)
        result["scikit-learn"] = row(sklearn.__version__, lambda q: brute.kneighbors(q)[0], some)
    except ImportError as error:
        print(error)
    try:
        import faiss  # noqa: PLC0415 - a peer

        faiss.omp_set_num_threads(1)
        flat = faiss.IndexFlat(rows.shape[1], faiss.METRIC_L1)
        flat.add(rows)
        del rows
        result["faiss flat"] = row(faiss.__version__, lambda q: flat.search(q, K)[0], some)
    except ImportError as error:
        print(error)
    return result


def compositions(path: Path, most: int | None) -> dict[str, Any]:
    """Nanoseconds a pair of compositions of real crystals, in each form."""
    crystals = read_table(path).crystals[:most]
    rows = []
    for i in range(0, len(crystals), 8):
        try:
            rows.append(composition_fractions(crystals[i]))
        except XtalprintError:
            continue
    fractions = np.array(rows)
    result: dict[str, Any] = {"compositions": len(fractions)}
    for stays in (True, False):
        distance = CompositionEarthMovers(common_stays=stays)
        table = distance.table(fractions)
        distance.distances(table[:3], table[:3])
        seconds = best(lambda d=distance, t=table: d.distances(t, t), 2)["cpu_s"]  # type: ignore[misc] # bound now
        result[f"ns_a_pair, common {'stays' if stays else 'may move'}"] = round(
            seconds / len(fractions) ** 2 * 1e9, 1
        )
    print(result)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--gridrdf", help="interpreter of an environment with gridrdf")
    parser.add_argument("--crystals", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--built", type=int, default=10_000, help="crystals of the index built from crystals")
    parser.add_argument("--most", type=int, help="at most so many crystals of each table, for a trial")
    parser.add_argument("--output", type=Path, default=TARGET)
    options = parser.parse_args()
    elastic = options.data / "elasticity" / "elasticity.parquet"
    small = packed(elastic, options.cache, most=options.most)
    soft = packed(elastic, options.cache, smeared=True, most=options.most)
    path = options.data / "properties" / "properties.parquet"
    real = packed(path, options.cache, smeared=True, most=options.most)
    lacking = max(0, options.crystals - len(real))
    relatives = packed(path, options.cache, relatives=lacking, smeared=True, most=options.most) if lacking else None
    table = real if relatives is None else CumulativeTable.joined([real, relatives])
    queries = list(descriptor(smeared=True).compute_many(unknown(path, options.queries), threads=1).array)
    with tempfile.TemporaryDirectory(dir=options.cache) as folder:
        result = {
            "command": "python benchmarks/similarity.py --data DATA --cache FOLDER --gridrdf PYTHON",
            "cores": os.cpu_count(),
            "load_average": os.getloadavg(),
            "versions": {
                "xtalprint": __version__,
                "numpy": np.__version__,
                "numba": numba.__version__,
                "python": platform.python_version(),
            },
            "fingerprints": f"plain histograms, {N_GROUPS} groups of {N_BINS} bins of {WIDTH} Å",
            "searched": f"histograms smeared by {SMEARING:g} Å, as `GRID()` and the commands make them",
            "crystals": {"real": len(real), "made-up relatives": lacking, "queries": "other relatives of real ones"},
            "matrix": matrices(small, options.gridrdf, Path(folder)),
            "smeared": smeared(soft, queries),
            "from_crystals": from_crystals(path, min(options.built, options.most or options.built)),
            "growth": growth(table, queries, Path(folder)),
            "search": searches(table, queries),
            "compositions": compositions(elastic, options.most),
        }
    result["peak_memory_MB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
