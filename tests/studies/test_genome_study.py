"""The study of property classes on a small made table: all models, tasks and splits, and going on after a stop."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

import torch

from xtalprint.models import genome_training
from xtalprint.models.ensemble import ensemble_probabilities, fitted_temperature
from xtalprint.models.genome_ablations import ABLATIONS
from xtalprint.models.genome_data import make_case, rows_of
from xtalprint.models.genome_inputs import prepare_input
from xtalprint.studies import genome, genome_ablation, genome_reasons, genome_runs, kept
from xtalprint.studies.base import run_study
from xtalprint.studies.genome_baselines import BASELINES, MAJORITY, SYMMETRY, Baselines
from xtalprint.studies.stiffness_ways import TreeSettings

REFERENCE = Path(__file__).parents[1] / "reference" / "property_table.py"
TABLE = runpy.run_path(str(REFERENCE))["property_table"]()
ROWS = np.arange(len(TABLE))


@pytest.fixture
def made(monkeypatch, tmp_path):
    for study in (genome, genome_ablation, genome_reasons):
        monkeypatch.setattr(study, "data_file", Path)
        monkeypatch.setattr(study, "properties", lambda _: TABLE)
        monkeypatch.setattr(
            study, "TASKS", ("crystal-system", "shear-stiff", "stiff"), raising=study is not genome_reasons
        )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


def test_all_models_tasks_and_splits(made):
    result = run_study("genome", made / "out", quick=True)
    written = json.loads((made / "out" / "results.json").read_text(encoding="utf-8"))
    models = (*BASELINES, *genome.NETWORKS)
    assert [(row["task"], row["split"], row["model"]) for row in result.table] == [
        (task, split, model)
        for task in ("crystal-system", "shear-stiff", "stiff")
        for split in ("random", "by formula")
        for model in models
        if not (task == "crystal-system" and model == SYMMETRY) and task in genome.ASKED.get(model, (task,))
    ]
    assert all(not messages for messages in written["failures"].values())
    assert set(written["knows_the_elements"]) == {
        "composition, boosted",
        "composition, invariants and distances, boosted",
    }
    for case in written["tasks"]:
        shared = case["share_of_test_with_formula_in_training"]
        assert (shared == 0) == case["split"]["by_formula"], "each formula is there twice"
        for name in genome.NETWORKS:
            if case["task"] not in genome.ASKED.get(name, (case["task"],)):
                assert name not in case["models"]
                continue
            figures = case["models"][name]
            assert len(figures["members"]) == 2
            one, other = (
                (member["temperature"], member["expected_calibration_error"]) for member in figures["members"]
            )
            assert one != other
            assert {member["epochs"] for member in figures["members"]} == {1}
            assert figures["temperature"] > 0
        for figures in case["models"].values():
            assert sum(b["n"] for b in figures["reliability"]) == figures["n"]
    assert (made / "out" / "genome.png").stat().st_size > 10_000
    assert not (made / "cache" / "xtalprint").exists(), "a quick run keeps nothing"


def test_a_stopped_run_goes_on_and_ends_the_same(made, monkeypatch):
    monkeypatch.setattr(genome, "FULL", genome.QUICK)
    monkeypatch.setattr(genome, "TASKS", ("stiff",))
    whole = genome.run(seed=1)
    trained = []
    original = genome_training.GenomeFit._learn
    monkeypatch.setattr(
        genome_training.GenomeFit, "_learn", lambda self, index: trained.append(1) or original(self, index)
    )
    again = genome.run(seed=1)
    assert not trained
    assert again.table == whole.table
    run_folders = sorted(
        (made / "cache" / "xtalprint" / "genome" / "seed-1").glob("networks-*/stiff-random-points-cloud-*")
    )
    assert len(run_folders) == 2
    for path in (run_folders[1] / "checkpoints").iterdir():
        path.unlink()
    # In this process, where it can be watched.
    every = genome.all_answers
    monkeypatch.setattr(genome, "all_answers", lambda *given, **how: every(*given, **how | {"quick": True}))
    assert genome.run(seed=1).table == whole.table
    assert trained


def test_baselines_are_kept_where_a_run_stopped(made, monkeypatch):
    monkeypatch.setattr(genome, "FULL", genome.QUICK)
    monkeypatch.setattr(genome, "TASKS", ("stiff",))

    class StopError(Exception):
        pass

    def stop(*_given, **_how):
        raise StopError

    with monkeypatch.context() as patch:
        patch.setattr(genome, "all_answers", stop)
        with pytest.raises(StopError):
            genome.run(seed=1)
    asked = []
    original = Baselines.answers
    monkeypatch.setattr(Baselines, "answers", lambda *given: asked.append(given[1]) or original(*given))
    resumed = genome.run(seed=1)
    assert not asked
    assert not any((made / "cache" / "xtalprint" / "studies" / "genome").iterdir())
    assert genome.run(seed=1).table == resumed.table
    assert set(asked) == set(BASELINES)


def test_answers_of_networks_are_kept_where_a_run_stopped(made, monkeypatch):
    monkeypatch.setattr(genome_ablation, "FULL", genome.QUICK)
    monkeypatch.setattr(genome_ablation, "TASKS", ("stiff",))
    monkeypatch.setattr(genome_ablation, "CLAIMED", ())
    monkeypatch.setattr(genome_ablation, "KINDS", {"whole": "invariants-whole"})

    row = genome_ablation._row

    def stop_at_the_last(unit, *given):
        if unit.case.by_formula:
            raise KeyboardInterrupt
        return row(unit, *given)

    with monkeypatch.context() as patch:
        patch.setattr(genome_ablation, "_row", stop_at_the_last)
        with pytest.raises(KeyboardInterrupt):
            genome_ablation.run(seed=1)
    networks = made / "cache" / "xtalprint" / "genome" / "seed-1" / "ablation"
    shutil.rmtree(next(networks.glob("networks-*")))
    resumed = genome_ablation.run(seed=1)
    assert not list(networks.glob("networks-*")), "none was trained again"
    assert not any((made / "cache" / "xtalprint" / "studies" / "genome-ablation").iterdir())
    assert genome_ablation.run(seed=1).table == resumed.table


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    kinds = ("size", "composition", "invariants", "distances")
    return {kind: prepare_input(TABLE, kind, ROWS, folder) for kind in kinds}


def accuracy_of(inputs, name, task, **options):
    case = make_case(TABLE, task, among=rows_of(list(inputs.values())), by_formula=False, **options)
    answers = Baselines(TABLE, inputs, 0, TreeSettings(max_iter=40, min_samples_leaf=2)).answers(name, case)
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1)
    assert answers.probabilities.shape == (len(case.rows["test"]), len(case.names))
    return (answers.probabilities.argmax(axis=1) == case.classes["test"]).mean()


def test_baselines_know_what_they_see(inputs):
    assert accuracy_of(inputs, "volume and density, boosted", "stiff") > 0.8
    assert accuracy_of(inputs, "GRID, boosted", "stiff") > 0.8
    assert accuracy_of(inputs, "composition, boosted", "metal") > 0.9
    assert accuracy_of(inputs, "invariants, boosted", "crystal-system") == 1
    assert accuracy_of(inputs, SYMMETRY, "metal") < 0.9
    metals = accuracy_of(inputs, MAJORITY, "metal")
    assert 0.4 < metals < 0.9


def test_every_network_has_as_many_epochs():
    case = make_case(TABLE, "stiff", among=ROWS, by_formula=True)
    for n, epochs in ((84, genome_runs.MOST_EPOCHS), (20_000, 15), (1_000_000, genome_runs.LEAST_EPOCHS)):
        case.rows["training"] = np.arange(n)
        for network in ("points", "attention", "invariants"):
            assert genome_runs.config_for(network, 3, case, genome.FULL).epochs == epochs


def test_networks_of_other_code_are_not_taken(tmp_path, monkeypatch):
    here = genome_runs.networks_folder(tmp_path)
    assert genome_runs.networks_folder(tmp_path) == here
    monkeypatch.setattr(kept, "SOURCE", tmp_path)
    assert genome_runs.networks_folder(tmp_path) != here


def test_probabilities_of_an_ensemble_are_calibrated_together(tmp_path):
    case = make_case(TABLE, "stiff", among=ROWS, by_formula=True)
    given = prepare_input(TABLE, "invariants", ROWS, tmp_path)
    config = genome_runs.config_for("invariants", 1, case, genome.QUICK)
    found = genome_runs.trained(config, case, given, tmp_path / "run", extent=genome.QUICK, seed=0)
    logits = {part: [] for part in ("validation", "test")}
    for number in range(genome.QUICK.seeds):
        recipe = config.model_copy(update={"seed": number})
        again = genome_training.train_genome(case, given, recipe, tmp_path / f"run-{number}", resume=True)
        for part, lines in logits.items():
            lines.append(again.logits[part])
    temperature = fitted_temperature(np.stack(logits["validation"], axis=1), case.classes["validation"])
    expected = ensemble_probabilities(np.stack(logits["test"], axis=1), temperature)
    np.testing.assert_array_equal(found.probabilities, expected)
    assert found.figures["temperature"] == temperature


def test_ablation_of_all_inputs(made):
    result = run_study("genome-ablation", made / "out", quick=True)
    written = json.loads((made / "out" / "results.json").read_text(encoding="utf-8"))
    assert [(row["task"], row["split"], row["model"], row["variant"]) for row in result.table] == [
        (task, split, model, taken)
        for task in ("crystal-system", "shear-stiff", "stiff")
        for split in ("random", "by formula")
        for model, names in (
            ("invariants", genome_ablation.KINDS),
            ("PointNet", (*ABLATIONS, *genome_ablation.VARIANTS)),
        )
        for taken in names
        if model != "PointNet" or (task in genome_ablation.CLAIMED and split == "by formula")
        if taken not in genome_ablation.LONG or task == "stiff"
    ]
    for case in written["tasks"]:
        for variants in case["models"].values():
            for name, figures in variants.items():
                assert list(figures["less"]) == ["whole", *genome_ablation.BESIDE.get(name, ())]
                for other, less in figures["less"].items():
                    for metric in ("auc", "accuracy"):
                        expected = figures[metric] - variants[other][metric]
                        assert less[metric] == pytest.approx(expected, abs=1e-12)
    assert set(written["meaning"]) == {*ABLATIONS, *genome_ablation.VARIANTS}
    assert (made / "out" / "genome-ablation.png").stat().st_size > 10_000
    assert not (made / "cache" / "xtalprint").exists()


def test_reasons(made):
    run_study("genome-reasons", made / "out", quick=True)
    written = json.loads((made / "out" / "results.json").read_text(encoding="utf-8"))
    critical, idle = (written["deletion"][way] for way in (genome_reasons.CRITICAL, genome_reasons.IDLE))
    assert idle[1] == pytest.approx(idle[0], abs=1e-6), "what contributes nothing is not missed"
    assert max(abs(np.subtract(critical, critical[0]))) > max(abs(np.subtract(idle[:3], idle[0])))
    counted = written["critical_points"]
    assert 1 <= counted["mean_that_make_half"] < counted["mean_with_a_contribution"] <= counted["points"] == 27
    correlations = counted["rank_correlation_with_random_weights"]
    assert len(set(correlations)) == genome_reasons.RANDOM_NETWORKS
    assert all(-1 < one < 1 for one in correlations)
    for key in ("points", "contribution", "gradient_of_intensity"):
        assert sum(written["by_length"][key]) == pytest.approx(1)
    assert (made / "out" / "genome-reasons.png").stat().st_size > 10_000


def test_networks_of_random_weights_are_not_the_start_of_the_trained_one(tmp_path):
    case = make_case(TABLE, "stiff", among=ROWS, by_formula=True)
    given = prepare_input(TABLE, "cloud", ROWS, tmp_path)
    for seed in (0, 2):
        config = genome_runs.config_for("points", 1, case, genome.QUICK, seed=seed, learning_rate=1e-12)
        start = genome_training.train_genome(case, given, config, tmp_path / f"run-{seed}").network.network
        compared = genome_reasons.random_networks(seed)
        weights = [network.output.weight.detach() for network in (start, *compared)]
        for number, one in enumerate(weights):
            assert not any(torch.allclose(one, other, atol=1e-6) for other in weights[:number])
        same = genome_training.make_network(config, 1, 4, torch.Generator().manual_seed(seed)).network
        assert torch.allclose(weights[0], same.output.weight, atol=1e-6), "this is how it starts"


def test_failures_name_the_table_and_not_the_folders_of_this_machine():
    table = SimpleNamespace(path=Path("/data/sets/properties.parquet"), ids=np.array(["mp-1", "mp-2"]))
    failed = SimpleNamespace(failures={1: "/data/sets/properties.parquet, frame 1: too many atoms"})
    found = genome_runs.failures_of(table, {"cloud": failed})
    assert found == {"cloud": ["mp-2: properties.parquet, frame 1: too many atoms"]}
