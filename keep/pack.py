import json, glob, lzma, numpy as np, sys, os

src = sys.argv[1]
out = sys.argv[2]
os.makedirs(out, exist_ok=True)
arr = {}
fig = {}
for f in sorted(glob.glob(src + "/*/network-*.json")):
    p, g = json.load(open(f))
    n = os.path.basename(f)[:-5]
    p = np.array(p)
    arr[n] = p[:, :-1]
    fig[n] = g
np.savez_compressed(out + "/probabilities.npz", **arr)
with lzma.open(out + "/figures.json.xz", "wt", preset=9) as h:
    json.dump(fig, h)
print(len(arr))
