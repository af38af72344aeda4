"""How work is spread over workers. The only room that knows about them: everything else hands it work.

`map_ordered` applies a function to a stream with any executor. `Engine` names the executor: this thread, threads,
processes, or a Dask cluster. `answers` and `fill` do a `Job` part by part, in memory or into a folder of shards that
a killed run goes on with.
"""

from __future__ import annotations

from xtalprint.compute.engine import ENGINES, Engine, Pool, open_pool
from xtalprint.compute.job import Job, Part
from xtalprint.compute.ordered import available_cores, map_ordered
from xtalprint.compute.shard_folder import ShardFolder, cut_of
from xtalprint.compute.spreading import Shard, Share, answers, fill
from xtalprint.compute.together import together

__all__ = [
    "ENGINES",
    "Engine",
    "Job",
    "Part",
    "Pool",
    "Shard",
    "ShardFolder",
    "Share",
    "answers",
    "available_cores",
    "cut_of",
    "fill",
    "map_ordered",
    "open_pool",
    "together",
]
