"""The data tracker's shapes (Andmejälgija 2.1.0), naming services that did not answer."""

from shared.datatracker import FindUsageResponse, HeartbeatResponse, UsagePeriodResponse


class JoinedUsageResponse(FindUsageResponse):
    """Looks of all services, newest first. What `unavailableSystems` names is missing."""

    unavailable_systems: list[str]


class JoinedPeriodResponse(UsagePeriodResponse):
    unavailable_systems: list[str]


class JoinedHeartbeatResponse(HeartbeatResponse):
    """`status` is FAIL as long as a service is away."""

    unavailable_systems: list[str]
