"""A real Dask scheduler with worker processes on loopback, for tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class Cluster:
    """Scheduler and two workers, each a process of its own that a test may kill."""

    def __init__(self, folder):
        self.folder = folder
        self._file = folder / "scheduler.json"
        self.processes = []
        self.environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "compute"), str(ROOT / "src")]),
            # The first worker that a piece of work kills is enough for Dask to give it up.
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
            "OMP_NUM_THREADS": "1",
        }
        self.scheduler = self._start("scheduler", "--port", "0")
        deadline = time.monotonic() + 60
        # It may be there before it is written.
        while not (self._file.exists() and self._file.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.address = json.loads(self._file.read_text())["address"]
        self.workers = [self.worker() for _ in range(2)]

    def worker(self):
        return self._start("worker", "--nthreads", "1", "--no-nanny", "--local-directory", self.folder)

    def _start(self, what, *options):
        options = (*options, "--scheduler-file", self._file, "--host", "127.0.0.1", "--no-dashboard")
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *map(str, options)]
        with (self.folder / f"{what}-{len(self.processes)}.log").open("w") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, cwd=self.folder)
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
