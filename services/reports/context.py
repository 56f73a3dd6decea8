"""What every handler and job of reports works with: the shared parts, organisation names, and wake-ups of jobs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.reports.store.feeds import SOURCES, Source
from shared.context import ServiceContext
from shared.organisations import OrganisationNames


@dataclass(frozen=True, kw_only=True)
class ReportsContext(ServiceContext):
    """`work` is set when a report is requested. `news` holds one event per source, set when it has changed."""

    organisations: OrganisationNames
    work: asyncio.Event = field(default_factory=asyncio.Event)
    news: Mapping[Source, asyncio.Event] = field(default_factory=lambda: {each: asyncio.Event() for each in SOURCES})
