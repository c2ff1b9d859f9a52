"""What a node of the federation is (节点级别). Pure."""

from enum import StrEnum


class Level(StrEnum):
    """Only county and city nodes answer for regions."""

    COUNTY = "county"
    CITY = "city"
    DEPARTMENT = "department"
    EMPLOYER = "employer"
