"""What a change of the map does, decided without any I/O: which areas begin and end, where what
lies in them goes, and which changes make no sense."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.registry.errors import ImpossibleChange
from shared.codes import parent_of
from shared.problems import Text


class ChangeKind(StrEnum):
    """What happens to the areas (区划调整)."""

    RENAME = "rename"  # 更名
    MERGE = "merge"  # 合并
    SPLIT = "split"  # 拆分
    MOVE = "move"  # 划转: to another township, or to another code
    ESTABLISH = "establish"  # 设立
    ABOLISH = "abolish"  # 撤销
    REVERSAL = "reversal"  # 撤回: undoes a wrong change


class ChangeStatus(StrEnum):
    PLANNED = "planned"  # decided, its day has not come
    APPLYING = "applying"  # the map is changed, people are being re-coded
    APPLIED = "applied"
    CANCELLED = "cancelled"
    FAILED = "failed"  # on its day the map was no longer the one it was decided for


class Fault(StrEnum):
    """Why a change of the map makes no sense."""

    LEAVES_COUNTY = "leaves-county"
    ABOVE_VILLAGES = "above-townships"
    UNKNOWN_AREA = "unknown-area"
    EXISTS = "exists"
    NAME_NEEDED = "name-needed"
    NOTHING_CHANGES = "nothing-changes"
    LEVELS_DIFFER = "levels-differ"
    CIRCLE = "circle"
    GIVEN_TWICE = "given-twice"
    NO_PARENT = "no-parent"
    NOT_THAT_KIND = "not-that-kind"
    PART_WITHOUT_PLACE = "part-without-place"
    BEFORE_IT_EXISTED = "before-it-existed"
    IN_USE = "in-use"
    UNKNOWN_DWELLING = "unknown-dwelling"
    CHANGED_SINCE = "changed-since"
    NOT_FINISHED = "not-finished"
    DAY_TO_COME = "day-to-come"
    ALREADY_BEGUN = "already-begun"


FAULT_TEXT: dict[Fault, Text] = {
    Fault.LEAVES_COUNTY: Text(
        "跨县调整须由两县移交人口档案,不能只改代码",
        "Across counties the records are handed from one register to the other, not re-coded",
    ),
    Fault.ABOVE_VILLAGES: Text("只能调整乡级和村级区划", "Only townships and villages change here"),
    Fault.UNKNOWN_AREA: Text("该日没有此区划", "There is no such area on that day"),
    Fault.EXISTS: Text("此代码已有区划", "The code is an area already"),
    Fault.NAME_NEEDED: Text("请写明新区划的名称", "Give the name of the new area"),
    Fault.NOTHING_CHANGES: Text("调整前后相同", "Before and after are the same"),
    Fault.LEVELS_DIFFER: Text("调整前后级别不同", "Before and after are of different levels"),
    Fault.CIRCLE: Text("同一区划既撤销又接收", "An area both ends and takes in others"),
    Fault.GIVEN_TWICE: Text("同一区划写了两次", "An area is given twice"),
    Fault.NO_PARENT: Text("上级区划不存在", "There is no area around it"),
    Fault.NOT_THAT_KIND: Text("内容与调整种类不符", "The lines do not fit the kind of change"),
    Fault.PART_WITHOUT_PLACE: Text("下级区划未写明去向", "A part of it has no place to go"),
    Fault.BEFORE_IT_EXISTED: Text("生效日早于该区划的设立", "The day lies before the area began"),
    Fault.IN_USE: Text("仍有人口或房屋", "People or dwellings are still registered there"),
    Fault.UNKNOWN_DWELLING: Text(
        "房屋不在被拆分的村", "A dwelling is not in the area that is split"
    ),
    Fault.CHANGED_SINCE: Text("此后又有调整", "The areas were changed again since"),
    Fault.NOT_FINISHED: Text("调整尚未完成", "The change is still being applied"),
    Fault.DAY_TO_COME: Text("生效日尚未到", "The day is still to come"),
    Fault.ALREADY_BEGUN: Text("已经生效,请用撤回", "It is in force or over: undo it instead"),
}


def impossible(fault: Fault, *areas: str | None) -> ImpossibleChange:
    """The problem to raise; `areas` are the codes it is about."""
    return ImpossibleChange(
        FAULT_TEXT[fault], reason=fault.value, areas=sorted({each for each in areas if each})
    )


@dataclass(frozen=True, slots=True)
class Step:
    """`from_region` becomes `to_region`: both the same where the area goes on, without the first
    where one is established, without the second where one is abolished. Two steps from one area
    split it, two into one merge. `begins`: the second is no area before."""

    from_region: str | None
    to_region: str | None
    from_name: str | None = None
    to_name: str | None = None
    begins: bool = False

    @property
    def moves(self) -> bool:
        """Whether people change their code by it."""
        return None not in (self.from_region, self.to_region) and (
            self.from_region != self.to_region
        )


@dataclass(frozen=True, slots=True)
class Area:
    """A place on the map before the change."""

    name: str
    valid_from: date | None


def plan_steps(
    kind: ChangeKind,
    lines: Sequence[Step],
    areas: Mapping[str, Area],
    used: Iterable[str],
    day: date,
) -> list[Step]:
    """All steps of a change: the given lines, and one for each village of a township that ends,
    which keeps the last three digits of its code where they are free. `areas` is the map of the
    county on the day, `used` every code it ever gave. Raises ImpossibleChange."""
    _check_codes(lines, areas, day)
    lines = _with_renamed_targets(lines, areas)
    ended = ended_by(lines)
    _check_targets(lines, areas, ended)
    _check_kind(kind, lines, areas, ended)
    every = [*lines, *_parts(lines, areas, ended, {*used})]
    begun = {each.to_region for each in every if each.to_region} - areas.keys()
    _check_parents(begun, areas, ended_by(every))
    return _named(every, areas)


def ended_by(steps: Iterable[Step]) -> set[str]:
    """The areas that are no more afterwards."""
    steps = list(steps)
    stay = {each.from_region for each in steps if each.from_region == each.to_region}
    return {each.from_region for each in steps if each.from_region and each.from_region not in stay}


def _check_codes(lines: Sequence[Step], areas: Mapping[str, Area], day: date) -> None:
    codes = {code for each in lines for code in (each.from_region, each.to_region) if code}
    if len({code[:6] for code in codes}) > 1:
        raise impossible(Fault.LEAVES_COUNTY, *codes)
    if short := [code for code in codes if len(code) < 9]:
        raise impossible(Fault.ABOVE_VILLAGES, *short)
    pairs = [(each.from_region, each.to_region) for each in lines]
    if twice := [pair for pair in pairs if pairs.count(pair) > 1]:
        raise impossible(Fault.GIVEN_TWICE, *twice[0])
    for each in lines:
        if each.from_region is None:
            continue
        area = areas.get(each.from_region)
        if area is None:
            raise impossible(Fault.UNKNOWN_AREA, each.from_region)
        if area.valid_from is not None and day < area.valid_from:
            raise impossible(Fault.BEFORE_IT_EXISTED, each.from_region)
        if each.to_region and len(each.to_region) != len(each.from_region):
            raise impossible(Fault.LEVELS_DIFFER, each.from_region, each.to_region)


def _check_targets(lines: Sequence[Step], areas: Mapping[str, Area], ended: set[str]) -> None:
    for each in lines:
        to = each.to_region
        if to is None:
            continue
        if to in ended:
            raise impossible(Fault.CIRCLE, to)
        if to not in areas and not _name_of(to, lines, areas):
            raise impossible(Fault.NAME_NEEDED, to)


def _with_renamed_targets(lines: Sequence[Step], areas: Mapping[str, Area]) -> list[Step]:
    """An area that takes in others and is to be called otherwise is renamed in a step of its own,
    so that undoing the change gives its name back."""
    named = {
        each.to_region: each.to_name
        for each in lines
        if each.moves and each.to_region in areas and each.to_name
    }
    kept = [
        replace(each, to_name=None) if each.moves and each.to_region in areas else each
        for each in lines
    ]
    own = {each.from_region for each in lines if each.from_region == each.to_region}
    return kept + [
        Step(code, code, to_name=name)
        for code, name in named.items()
        if code is not None and code not in own and areas[code].name != name
    ]


def _check_kind(
    kind: ChangeKind, lines: Sequence[Step], areas: Mapping[str, Area], ended: set[str]
) -> None:
    """The lines about whole areas must be of the kind; lines about the villages of a township
    among them only say where those go."""
    froms = {each.from_region for each in lines}
    top = [
        each
        for each in lines
        if len(each.from_region or "") != 12 or parent_of(str(each.from_region)) not in froms
    ]
    moving = [each for each in top if each.from_region != each.to_region]
    staying = [each for each in top if each.from_region == each.to_region]
    sources = {each.from_region for each in top}
    targets = {each.to_region for each in top}
    renamed = [
        each for each in staying if each.to_name not in (None, areas[str(each.from_region)].name)
    ]
    if not moving and not renamed:
        raise impossible(Fault.NOTHING_CHANGES, *targets)
    taken = [each.to_region for each in moving if each.to_region in areas]
    if taken and kind is not ChangeKind.MERGE:
        raise impossible(Fault.EXISTS, *taken)
    one_to_one = len(sources) == len(targets) == len(top)
    whole = None not in sources | targets
    fits = {
        ChangeKind.RENAME: whole
        and one_to_one
        and renamed == staying
        and all(each.to_name for each in moving),
        ChangeKind.MOVE: whole and one_to_one and not staying,
        ChangeKind.MERGE: whole and len(targets) == 1 and len(sources | set(taken)) > 1,
        ChangeKind.SPLIT: whole and len(sources) == 1 and len(targets) == len(top) > 1,
        ChangeKind.ESTABLISH: sources == {None} and None not in targets,
        ChangeKind.ABOLISH: targets == {None} and None not in sources,
    }
    if not fits.get(kind, False):
        raise impossible(Fault.NOT_THAT_KIND, *ended)


def _parts(
    lines: Sequence[Step], areas: Mapping[str, Area], ended: set[str], used: set[str]
) -> Iterator[Step]:
    """Where the villages go that no line names, of townships that end."""
    used |= areas.keys() | {each.to_region for each in lines if each.to_region}
    given = {each.from_region for each in lines}
    for township in sorted(each for each in ended if len(each) == 9):
        targets = {each.to_region for each in lines if each.from_region == township}
        for village in sorted(areas):
            if parent_of(village) != township or village in given:
                continue
            if len(targets) != 1:
                raise impossible(Fault.PART_WITHOUT_PLACE, village)
            (target,) = targets
            if target is None:
                yield Step(village, None)
                continue
            code = free_code(target, village[9:], used)
            used.add(code)
            yield Step(village, code)


def free_code(township: str, wanted: str, used: set[str]) -> str:
    """The code of a village in a township: its own three digits where free, otherwise the first
    free ones of its class: 001–199 residents' committees (居委会), 200–399 villagers' committees
    (村委会), 400–599 places like them. Raises ImpossibleChange when none is free."""
    number = int(wanted)
    first, last = next(
        ((low, high) for low, high in ((0, 199), (200, 399), (400, 599)) if low <= number <= high),
        (600, 999),
    )
    for each in (number, *range(max(first, 1), last + 1)):
        if f"{township}{each:03}" not in used:
            return f"{township}{each:03}"
    raise impossible(Fault.PART_WITHOUT_PLACE, township)


def _check_parents(begun: set[str], areas: Mapping[str, Area], ended: set[str]) -> None:
    after = (areas.keys() - ended) | begun
    for code in begun:
        if parent_of(code) not in after:
            raise impossible(Fault.NO_PARENT, code)
    # a village of a township that ends has to go somewhere: nothing is left behind in it
    for code in areas.keys() - ended:
        if parent_of(code) in ended:
            raise impossible(Fault.PART_WITHOUT_PLACE, code)


def _named(steps: Sequence[Step], areas: Mapping[str, Area]) -> list[Step]:
    return [
        Step(
            each.from_region,
            each.to_region,
            areas[each.from_region].name if each.from_region else None,
            _name_of(each.to_region, steps, areas) if each.to_region else None,
            each.to_region is not None and each.to_region not in areas,
        )
        for each in steps
    ]


def _name_of(to: str, steps: Sequence[Step], areas: Mapping[str, Area]) -> str | None:
    """The name given for it; or the one it has; or that of the only area that becomes it."""
    into = [each for each in steps if each.to_region == to]
    given = next((each.to_name for each in into if each.to_name), None)
    if given or to in areas:
        return given or areas[to].name
    if len(into) == 1 and into[0].from_region in areas:
        source = into[0].from_region
        alone = len([each for each in steps if each.from_region == source]) == 1
        return areas[str(source)].name if alone else None
    return None


def reversed_steps(steps: Sequence[Step]) -> list[Step]:
    """The steps that undo these. What was merged into an area that there was before is taken out
    of it again, and the area goes on."""
    back = []
    goes_on: set[str] = set()
    for each in steps:
        same = each.from_region == each.to_region
        back.append(
            Step(
                each.to_region,
                each.from_region,
                each.to_name,
                each.from_name,
                begins=each.from_region in ended_by(steps),
            )
        )
        if each.moves and not each.begins and each.to_region and not same:
            goes_on.add(each.to_region)
    goes_on -= {each.from_region for each in back if each.from_region == each.to_region}
    names = {each.to_region: each.to_name for each in steps}
    return back + [Step(code, code, names[code], names[code]) for code in sorted(goes_on)]


def touches(first: Iterable[str], second: Iterable[str]) -> bool:
    """Whether two sets of areas overlap: an area, or one inside another."""
    others = list(second)
    return any(a.startswith(b) or b.startswith(a) for a in first for b in others)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where what lies in an area goes. One that becomes several is told apart by dwelling;
    `remainder` takes what no dwelling tells of; `fixed` is where a clerk says it goes. With
    `rest_stays` what nothing tells of keeps the code, where that goes on."""

    targets: Mapping[str, tuple[str, ...]]
    dwellings: Mapping[UUID, str] = field(default_factory=dict)
    remainder: str | None = None
    fixed: str | None = None
    rest_stays: bool = False

    @property
    def splits(self) -> bool:
        """Whether some area becomes several, so that the dwelling decides."""
        return any(len(each) > 1 for each in self.targets.values())

    def of(self, code: str, dwelling_id: UUID | None, before: str | None = None) -> str | None:
        """Where something of that code goes: the code itself when it is not concerned, None when
        nothing tells. `before` is the code it had before the change that is undone."""
        targets = self.targets.get(code)
        if targets is None:
            return code
        if len(targets) == 1:
            return targets[0]
        named = self.dwellings.get(dwelling_id) if dwelling_id else None
        # a building that the decision does not name stays where it is, or goes with the rest
        unnamed = (self.remainder, code) if dwelling_id and self.dwellings else ()
        rest = (self.remainder, code if self.rest_stays else None)
        told = (self.fixed, named, *unnamed, before, *rest)
        return next((each for each in told if each in targets), None)


def placement_of(
    steps: Sequence[Step],
    dwellings: Mapping[UUID, str] | None = None,
    remainder: str | None = None,
    fixed: str | None = None,
    *,
    rest_stays: bool = False,
) -> Placement:
    """How a change's steps place people."""
    targets: dict[str, tuple[str, ...]] = {}
    for each in steps:
        if each.from_region and each.to_region:
            targets[each.from_region] = (*targets.get(each.from_region, ()), each.to_region)
    moving = {code: tos for code, tos in targets.items() if tos != (code,)}
    return Placement(moving, dwellings or {}, remainder, fixed, rest_stays)
