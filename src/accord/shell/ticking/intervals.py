"""The ticker of one machine: APScheduler's interval jobs in memory, each one at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from accord.shell.jobs import Job


def _scheduler() -> AsyncIOScheduler:
    # A tick that was missed is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return AsyncIOScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 30}
    )


@dataclass(slots=True)
class IntervalTicker:
    """The port `Ticker` for one process: every job is its own. `now` is when it begins."""

    jobs: Sequence[Job]
    now: datetime
    scheduler: AsyncIOScheduler = field(default_factory=_scheduler)

    async def begin(self) -> None:
        """Interval jobs alone, beginning at once."""
        for job in self.jobs:
            self.scheduler.add_job(
                job.begin, "interval", seconds=job.every, id=job.name, next_run_time=self.now
            )
        self.scheduler.start()

    def heed(self, now: datetime) -> None:
        """Bring back ticks that lie farther ahead than their interval: the clock was set back meanwhile.

        APScheduler goes by the wall clock, and would be silent until that has caught up.
        """
        for job in self.scheduler.get_jobs():
            if job.next_run_time - now > job.trigger.interval + timedelta(seconds=1):
                job.modify(next_run_time=now)

    async def end(self) -> None:
        """No more ticks; what goes on is waited for."""
        self.scheduler.shutdown(wait=False)
        for job in self.jobs:
            await job.ended()
