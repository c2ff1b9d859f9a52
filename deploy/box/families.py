"""Invented families whose ages, surnames and relations make sense.

Everything is drawn from the ``random.Random`` given, so a seed fixes the result. A family is a list
of members whose first is the head (户主). Any beginning of that list is a family too: a list may be
cut where a total must be met.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from deploy.box import names
from shared.codes import FamilyRelation, Sex

AS_OF: Final = date(2026, 6, 30)  # the day the roster is drawn up; nobody is born after it
_DAYS: Final = 365.2425  # in a year
_BOYS: Final = 0.512  # of births
_YOUNGEST_WORKER: Final = 17.0  # years, like every age below
_OLDEST_WORKER: Final = 59.0
_OLDEST_CHILD_AT_HOME: Final = 27.0
_OLDEST_PERSON: Final = 98.0


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a household. ``nationality`` is a GB/T 3304 code."""

    relation: FamilyRelation
    surname: str
    name: str
    sex: Sex
    birth_date: date
    nationality: str

    @property
    def age(self) -> float:
        """Years on the day of the roster."""
        return (AS_OF - self.birth_date).days / _DAYS

    @property
    def works(self) -> bool:
        """Whether the age is one at which most people have a job."""
        return _YOUNGEST_WORKER <= self.age <= _OLDEST_WORKER


class Families:
    """Draws families whose members come from one province (two digits)."""

    def __init__(self, rng: random.Random) -> None:
        """Draw from ``rng`` and nothing else."""
        self._rng = rng

    def resident(self, province: str) -> list[Member]:
        """A family as a village knows it: one to six members of up to three generations."""
        shapes = (self._alone, self._pair, self._parents, self._generations, self._left_behind)
        return self._rng.choices(shapes, (15, 18, 42, 18, 7))[0](province)

    def migrant(self, province: str, size: int) -> list[Member]:
        """A household of exactly ``size`` (1 to 4) that came for work."""
        if size == 1:
            return [self.worker(province)]
        if size == 2 and self._rng.random() < 0.15:
            return self._siblings(province)
        return self._with_children(province, size - 2, oldest=16.0)

    def crew(self, province: str, size: int, *, men_only: bool) -> list[Member]:
        """Colleagues of one sex who share a room; the first answers for it as head."""
        sex = Sex.MALE if men_only else self._sex()
        workers = [self.worker(province, sex) for _ in range(size)]
        others = [replace(worker, relation=FamilyRelation.OTHER) for worker in workers[1:]]
        return [workers[0], *others]

    def worker(self, province: str, sex: Sex | None = None) -> Member:
        """One head of a household of working age, most often in the late twenties."""
        age = self._rng.triangular(_YOUNGEST_WORKER, _OLDEST_WORKER, 28)
        return self._person(FamilyRelation.HEAD, sex or self._sex(), age, province)

    def _alone(self, province: str) -> list[Member]:
        elderly = self._rng.random() < 0.45
        age = self._rng.triangular(62, 94, 70) if elderly else self._rng.triangular(20, 62, 32)
        return [self._person(FamilyRelation.HEAD, self._sex(), age, province)]

    def _pair(self, province: str) -> list[Member]:
        return self._couple(province, self._rng.triangular(22, 86, 58))

    def _parents(self, province: str) -> list[Member]:
        count = self._rng.choices((1, 2, 3), (52, 42, 6))[0]
        family = self._with_children(province, count, _OLDEST_CHILD_AT_HOME)
        if self._rng.random() < 0.1:  # a mother on her own is the head
            return [replace(family[1], relation=FamilyRelation.HEAD), *family[2:]]
        return family

    def _generations(self, province: str) -> list[Member]:
        family = self._with_children(province, self._rng.choices((1, 2), (6, 4))[0], 18.0)
        head = family[0]
        mother_age = head.age + self._rng.triangular(18.5, 37, 25)
        parents = self._couple(province, mother_age, son=head)
        alive = [one for one in parents if one.age < _OLDEST_PERSON and self._rng.random() < 0.8]
        return family + [replace(one, relation=FamilyRelation.PARENT) for one in alive]

    def _left_behind(self, province: str) -> list[Member]:
        """Grandparents who raise the child of a grown son (留守儿童); its mother is not listed."""
        child_age = self._rng.uniform(0.5, 14)
        father_age = child_age + self._rng.triangular(22, 33, 25)
        couple = self._couple(province, father_age + self._rng.triangular(19.5, 32, 23))
        surname, people = couple[0].surname, couple[0].nationality
        father = self._person(FamilyRelation.SON, Sex.MALE, father_age, province, surname, people)
        child = self._person(
            FamilyRelation.GRANDCHILD, self._sex(), child_age, province, surname, people
        )
        return [*couple, father, child]

    def _siblings(self, province: str) -> list[Member]:
        head = self.worker(province)
        age = min(max(head.age + self._rng.uniform(-6, 6), _YOUNGEST_WORKER), _OLDEST_WORKER)
        sibling = self._person(
            FamilyRelation.SIBLING, self._sex(), age, province, head.surname, head.nationality
        )
        return [head, sibling]

    def _with_children(self, province: str, count: int, oldest: float) -> list[Member]:
        """A couple with children at home, the oldest of them at most ``oldest`` years."""
        if not count:
            return self._couple(province, self._rng.triangular(20, 54, 27))
        ages = [self._rng.uniform(0, oldest - 5 * (count - 1))]
        for _ in range(count - 1):
            ages.insert(0, ages[0] + self._rng.uniform(1.2, 5))
        # At most 37 at the first birth and five years between two: below 50 at the third.
        couple = self._couple(province, ages[0] + self._rng.triangular(19.5, 37, 25.5))
        return couple + self._children(province, couple, ages)

    def _children(
        self, province: str, couple: Sequence[Member], ages: Sequence[float]
    ) -> list[Member]:
        named_after = couple[1 if self._rng.random() < names.MOTHERS_SURNAME else 0]
        people = self._rng.choice(couple).nationality
        children = []
        for age in ages:
            sex = self._sex()
            relation = FamilyRelation.SON if sex is Sex.MALE else FamilyRelation.DAUGHTER
            surname = named_after.surname
            children.append(self._person(relation, sex, age, province, surname, people))
        return children

    def _couple(self, province: str, woman_age: float, son: Member | None = None) -> list[Member]:
        """Husband as head and wife; a ``son`` already drawn has the father's name and people."""
        difference = min(max(self._rng.gauss(2.0, 2.5), -4.0), 10.0)
        man_age = max(woman_age + difference, 22.0)
        surname, people = (son.surname, son.nationality) if son else (None, None)
        man = self._person(FamilyRelation.HEAD, Sex.MALE, man_age, province, surname, people)
        return [man, self._person(FamilyRelation.SPOUSE, Sex.FEMALE, woman_age, province)]

    def _person(
        self,
        relation: FamilyRelation,
        sex: Sex,
        age: float,
        province: str,
        surname: str | None = None,
        people: str | None = None,
    ) -> Member:
        born = AS_OF - timedelta(days=int(age * _DAYS))
        people = people or names.nationality(self._rng, province)
        family = surname or names.surname(self._rng)
        name = names.full_name(self._rng, family, sex, born.year, people)
        return Member(relation, family, name, sex, born, people)

    def _sex(self) -> Sex:
        return Sex.MALE if self._rng.random() < _BOYS else Sex.FEMALE
