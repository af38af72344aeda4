"""Order, failures, warnings, provenance, and the same bits whatever the company."""

import numpy as np
import pytest

from xtalprint import __version__
from xtalprint.crystal import Crystal
from xtalprint.errors import UnreadableFileError
from xtalprint.models import Classifier, CrystalClassifier, load_model
from xtalprint.models.evaluation import softmax
from xtalprint.models.manifest import Manifest


@pytest.fixture(scope="module")
def model(untrained_run):
    return load_model(untrained_run)


def single_atom():
    return Crystal([[0, 0, 0]], ["Ar"], source="lonely.xyz", frame=3)


def test_it_is_a_classifier(model):
    assert isinstance(model, Classifier)
    assert "crystal-class-image" in repr(model)


def test_one_and_many_come_back_as_a_list_in_order(model, simple_crystals):
    assert [p.source for p in model.predict(simple_crystals)] == ["fcc.cif", "bcc.cif", "sc.cif"]
    assert [p.source for p in model.predict(simple_crystals[0])] == ["fcc.cif"]
    assert model.predict([]) == []


def test_probabilities_add_up_and_name_the_answer(model, simple_crystals):
    for prediction in model.predict(simple_crystals):
        assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-12)
        assert prediction.probability == max(prediction.probabilities.values())
        assert prediction.probabilities[prediction.crystal_class] == prediction.probability
        assert tuple(prediction.probabilities) == model.classes


def test_a_failure_is_a_record_between_the_others(model, simple_crystals):
    unreadable = UnreadableFileError("truncated", source="broken.cif", frame=0)
    found = model.predict([simple_crystals[0], unreadable, single_atom(), simple_crystals[1]])
    assert [p.status for p in found] == ["ok", "error", "error", "ok"]
    assert (found[1].source, found[1].error) == ("broken.cif", "broken.cif, frame 0: truncated.")
    assert (found[2].source, found[2].frame) == ("lonely.xyz", 3)
    assert found[2].error.startswith("lonely.xyz, frame 3: ")
    assert dict(found[2].provenance) == dict(found[0].provenance)


def test_warnings_of_the_descriptor_are_carried_over(model):
    cell = 3.6 * np.eye(3)
    rows = [[0, 0, 0], [0, 0, 0], [0, 1.8, 1.8], [1.8, 0, 1.8], [1.8, 1.8, 0]]
    alloy = Crystal(rows, ["Cu", "Au", "Cu", "Cu", "Cu"], cell=cell, occupancies=[0.5, 0.5, 1, 1, 1])
    (prediction,) = model.predict(alloy)
    assert any("disordered" in warning for warning in prediction.warnings)


def test_the_answer_carries_what_made_it(model, simple_crystals):
    (prediction,) = model.predict(simple_crystals[0])
    assert dict(prediction.provenance) == {
        "model": "crystal-class-image",
        "model_version": model.manifest.version,
        "weights_sha256": model.manifest.weights.onnx.sha256,
        "package_version": __version__,
    }


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_bits_whatever_threads_order_and_company(model, simple_crystals, threads):
    alone = {c.source: model.predict(c, threads=1)[0].probabilities for c in simple_crystals}
    many = [simple_crystals[i % 3] for i in (2, 0, 1, 1, 0, 2, 2, 1, 0, 0)] * 2
    for prediction in model.predict(many, threads=threads):
        assert dict(prediction.probabilities) == dict(alone[prediction.source])


def test_a_stream_is_read_only_a_little_ahead(model, simple_crystals):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield simple_crystals[0]

    stream = model.predict_iter(endless(), threads=2)
    for _ in range(3):
        next(stream)
    stream.close()
    assert len(taken) < 20


def test_far_from_everything_is_not_known(untrained_run, model, simple_crystals):
    assert all(p.known for p in model.predict(simple_crystals))
    content = (untrained_run / "model.onnx").read_bytes()
    for criterion in ("distance", "diffuse"):
        plain = model.manifest.model_dump()
        plain["known"][criterion] = 1e-6
        strict = CrystalClassifier(Manifest.model_validate(plain), content)
        assert not any(p.known for p in strict.predict(simple_crystals))


def test_temperature_softens(untrained_run, model):
    image = np.random.default_rng(0).random((3, 64, 64), dtype=np.float32)
    content = (untrained_run / "model.onnx").read_bytes()
    soft = CrystalClassifier(model.manifest.model_copy(update={"temperature": 2.0}), content)
    probabilities = model.predict_image(image)[0]
    np.testing.assert_allclose(soft.predict_image(image)[0], softmax(np.log(probabilities)[None], 2.0)[0], rtol=1e-12)
    assert model.features(image).shape == (128,)


@pytest.mark.parametrize("given", ["copper.cif", ["copper.cif"], [None]])
def test_what_is_no_crystal_is_a_record(given):
    [prediction] = load_model("crystal-class-image").predict(given)
    assert prediction.status == "error"
    assert "this is no Crystal" in prediction.error


SHORTENED = Crystal([[0, 0, 0]], ["Cu"], cell=1.8 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * [1, 1, 0.8])
TRICLINIC = Crystal([[0, 0, 0], [0.9, 1.0, 1.7]], ["Se", "Te"], cell=[[2.4, 0, 0], [0.7, 3.1, 0], [0.3, 0.9, 4.2]])
MONOCLINIC = Crystal([[0, 0, 0]], ["Se"], cell=[[2.4, 0, 0], [0, 3.1, 0], [0.8, 0, 4.2]])


def test_the_symmetry_search_is_a_second_opinion():
    model = load_model("crystal-class-image")
    [prediction] = model.predict(MONOCLINIC)
    assert prediction.warnings[-1] == (
        "the symmetry search at 0.1 Å finds space group 10, which belongs to none of the classes"
    )
    [prediction] = model.predict(TRICLINIC)
    assert prediction.warnings[0].startswith("cell in an unusual setting: no symmetry was found")
    assert not any("space group" in warning for warning in prediction.warnings)
    [prediction] = model.predict(SHORTENED)
    assert (prediction.crystal_class, prediction.warnings) == ("bct_139", ())


def test_an_answer_against_the_symmetry_names_the_other_class(monkeypatch):
    model = load_model("crystal-class-image")
    answer = np.eye(7)[model.classes.index("sc")]
    monkeypatch.setattr(model, "predict_image", lambda _: (answer, 1.0))
    [prediction] = model.predict(SHORTENED)
    assert prediction.warnings == ("the symmetry search at 0.1 Å finds space group 139, that of class bct_139",)


def test_several_elements_are_worth_a_warning():
    cell = 2.82 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    salt = Crystal([[0, 0, 0], [2.82, 2.82, 2.82]], ["Na", "Cl"], cell=cell)
    [prediction] = load_model("crystal-class-image").predict(salt)
    assert prediction.warnings[0].startswith("several elements: the class is that of the lattice")
