"""Sizes of the network of Ziletti et al. (2018), shared by the torch module and the ONNX graph."""

from __future__ import annotations

#: Channels, height and width of the diffraction image.
IMAGE_SHAPE = (3, 64, 64)
#: Filters of the six convolutions, and after which of them the map is halved.
FILTERS = (32, 32, 16, 16, 8, 8)
POOLED = (2, 4)
KERNEL = 7
#: Size of the penultimate layer, and the share of its input that is dropped in training.
FEATURES = 128
DROPOUT = 0.25
#: Batch normalisation as in Keras, which the authors used: ε = 1e-3, the running mean keeps 0.99 of itself.
NORM_EPSILON = 1e-3
NORM_MOMENTUM = 0.01
