"""How work is spread over workers. The only room that knows about them: everything else hands it a function.

Today the workers are threads of this process. Processes and clusters come behind the same seam: whatever offers the
interface of `concurrent.futures.Executor` can be passed to `map_ordered`.
"""

from __future__ import annotations

from xtalprint.compute.ordered import available_cores, map_ordered

__all__ = ["available_cores", "map_ordered"]
