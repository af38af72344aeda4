"""Descriptors as transformers of scikit-learn: crystals in, one row of features for each out."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from xtalprint.descriptors.base import Descriptor, listed
from xtalprint.errors import MissingExtraError, UnsupportedInputError, WrongUsageError

try:
    from sklearn.base import BaseEstimator, TransformerMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise MissingExtraError.of("scikit-learn", "train", "descriptors in a pipeline") from error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from sklearn.utils import Tags

    from xtalprint.crystal import Crystal
    from xtalprint.descriptors.base import Failure, FingerprintBatch
    from xtalprint.errors import XtalprintError

#: Before the name of a parameter of the descriptor.
DEEPER = "descriptor__"


class DescriptorTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """A step of a scikit-learn pipeline that turns crystals into rows of features.

    Its parameters for a grid search are ``descriptor``, ``threads`` and those of the descriptor itself, such as
    ``descriptor__n_groups``. Nothing is learnt; fitting computes the first crystal, to know the number of features.

    Parameters
    ----------
    descriptor
        Any descriptor of this package.
    threads
        How many work at a time; None means all cores.

    Attributes
    ----------
    n_features_out_ : int
        Features of a crystal, known once it is fitted.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from xtalprint import Crystal
    >>> from xtalprint.descriptors.rdf import RDF
    >>> cubes = [Crystal([[0, 0, 0]], ["Po"], cell=edge * np.eye(3)) for edge in (3.0, 3.2, 3.4, 3.6)]
    >>> pipeline = make_pipeline(DescriptorTransformer(RDF(r_max=10.0)), Ridge())
    >>> volumes = pipeline.fit(cubes, [27.0, 32.8, 39.3, 46.7]).predict(cubes)
    >>> volumes.shape
    (4,)
    >>> pipeline.set_params(descriptortransformer__descriptor__r_max=5.0)[0].fit_transform(cubes).shape
    (4, 50)
    """

    def __init__(self, descriptor: Descriptor, *, threads: int | None = None) -> None:
        self.descriptor = descriptor
        self.threads = threads

    def fit(self, X: Iterable[Crystal], y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's names
        """Find out how many features a crystal has.

        Parameters
        ----------
        X
            Crystals, at least one. Only the first is looked at.
        y
            Not used.

        Raises
        ------
        XtalprintError
            If there is no crystal, or the descriptor cannot be computed for the first.
        """
        crystals = listed(X)
        if not crystals:
            raise WrongUsageError("there is no crystal to fit to", remedy="give at least one")
        self.n_features_out_ = self._rows(crystals[:1]).shape[1]
        return self

    def fit_transform(self, X: Iterable[Crystal], y: object = None) -> NDArray[np.float32]:
        """`fit`, then `transform` of the same crystals, which may come from an iterator."""
        crystals = listed(X)
        found: NDArray[np.float32] = self.fit(crystals, y).transform(crystals)
        return found

    def transform(self, X: Iterable[Crystal]) -> NDArray[np.float32]:
        """Compute the features of crystals.

        Parameters
        ----------
        X
            Any number of crystals.

        Returns
        -------
        (n, n_features_out_) array, in the order of the crystals. A fingerprint of several axes becomes one row.

        Raises
        ------
        XtalprintError
            If the descriptor cannot be computed for a crystal, or has another number of features than at the fitting:
            a pipeline needs a row for each. `compute_many` of the descriptor gives those that work.
        """
        check_is_fitted(self)
        crystals = listed(X)
        if not crystals:
            return np.empty((0, self.n_features_out_), dtype=np.float32)
        rows = self._rows(crystals)
        if rows.shape[1] != self.n_features_out_:
            raise WrongUsageError(
                "these crystals have another number of features than the one fitted to",
                value=f"{rows.shape[1]} instead of {self.n_features_out_}",
                remedy="choose a descriptor of one size, such as a cloud on a box instead of a sphere",
            )
        return rows

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:  # noqa: ARG002
        """Names of the columns: that of the descriptor in small letters and a number."""
        check_is_fitted(self)
        stem = type(self.descriptor).__name__.lower()
        return np.array([f"{stem}{number}" for number in range(self.n_features_out_)], dtype=object)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters by name; with ``deep``, also those of the descriptor."""
        inner = _named(self.descriptor) if deep else {}
        return {"descriptor": self.descriptor, "threads": self.threads} | inner

    def set_params(self, **params: Any) -> Self:  # noqa: ANN401 - of all kinds
        """Set parameters; one of the descriptor makes a new descriptor, as they are frozen.

        Raises
        ------
        ValueError
            If there is no such parameter.
        XtalprintError
            If the descriptor refuses the value. Nothing is changed then.
        """
        descriptor = params.pop("descriptor", self.descriptor)
        threads = params.pop("threads", self.threads)
        known = _named(descriptor)
        for name in params:
            if name not in known:
                raise ValueError(f"no such parameter: {name}; there are {['descriptor', 'threads', *known]}")
        if params:
            descriptor = replace(descriptor, **{name.removeprefix(DEEPER): value for name, value in params.items()})
        self.descriptor, self.threads = descriptor, threads
        return self

    def __sklearn_tags__(self) -> Tags:
        """Say that it takes crystals, no table, and learns nothing from them."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags

    def _rows(self, crystals: list[Crystal]) -> NDArray[np.float32]:
        if not isinstance(self.descriptor, Descriptor) or isinstance(self.descriptor, type):
            raise WrongUsageError(
                "this is no descriptor", value=repr(self.descriptor), remedy="give one such as xtalprint.GRID()"
            )
        batch: FingerprintBatch = self.descriptor.compute_many(crystals, threads=self.threads)
        if batch.failures:
            raise _refusal(batch.failures, len(crystals))
        return batch.array.reshape(len(crystals), -1)


def _named(descriptor: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass; `parameters` would unfold those within
    """Parameters of a descriptor, by the names they have here; of anything else, none."""
    if isinstance(descriptor, type) or not is_dataclass(descriptor):
        return {}
    return {f"{DEEPER}{one.name}": getattr(descriptor, one.name) for one in fields(descriptor) if one.init}


def _refusal(failures: tuple[Failure, ...], n: int) -> XtalprintError:
    """Error for crystals that have no row: the first of them, and how many there are."""
    first = failures[0].error
    return UnsupportedInputError(
        f"{len(failures)} of {n} crystals have no features, the first is number {failures[0].index}: {first.problem}",
        source=first.source,
        frame=first.frame,
        atom=first.atom,
        value=first.value,
        remedy="; or ".join(filter(None, (first.remedy, "leave them out: compute_many says which work"))),
    )
