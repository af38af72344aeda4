"""python keep/unpack.py FOLDER: write the kept answers again as network-*.json (all probabilities; the last is 1 minus the others)."""

import json, lzma, sys, os, numpy as np

here = os.path.dirname(os.path.abspath(__file__))
out = sys.argv[1]
os.makedirs(out, exist_ok=True)
for a, b in (("probabilities.npz", "figures.json.xz"), ("more.npz", "more.json.xz")):
    if not os.path.exists(f"{here}/{a}"):
        continue
    arr = np.load(f"{here}/{a}")
    fig = json.load(lzma.open(f"{here}/{b}", "rt"))
    for n, g in fig.items():
        p = arr[n]
        p = np.concatenate([p, 1 - p.sum(axis=1, keepdims=True)], axis=1)
        json.dump([p.tolist(), g], open(f"{out}/{n}.json", "w"))
