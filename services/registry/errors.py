"""What can go wrong in the registry, beyond shared/problems.py."""

from shared.problems import Conflict, Forbidden, NotFound, Problem, Text


class PersonNotFound(NotFound):
    """Also said of a person outside the caller's jurisdiction: existence itself is private."""

    title = Text("没有找到此人", "No such person here")


class AlreadyRegistered(Conflict):
    type = "already-registered"
    title = Text("此证件号码已登记", "This id number is already registered")


class RecordClosed(Conflict):
    type = "record-closed"
    title = Text("记录已注销", "The record is closed")


class RecordKeptElsewhere(Conflict):
    """`keeper` is the node of the county that keeps it, `county` its name."""

    type = "record-kept-elsewhere"
    title = Text(
        "此记录由其他县区管理,请向该县区办理",
        "Another county keeps this record: turn to it for changes",
    )


class ContradictsIdNumber(Problem):
    status = 422
    type = "contradicts-id-number"
    title = Text("性别或出生日期与证件号码不符", "Sex or birth date contradicts the id number")


class RegionNotFound(NotFound):
    title = Text("没有这个区划", "No such region")


class UnknownRegion(Problem):
    status = 422
    type = "unknown-region"
    title = Text("区划代码不存在", "The region code does not exist")


class DwellingExists(Conflict):
    type = "dwelling-exists"
    title = Text("此处已有同号房屋", "The place already has a dwelling of this number")


class OneHousehold(Conflict):
    """Somebody cannot leave a household as its head while others stay in it."""

    type = "head-of-another-household"
    title = Text("此人是另一户的户主", "This person heads another household")


class ExportClosed(Conflict):
    type = "export-closed"
    title = Text(
        "导出未完成、已取消或文件已删除", "The export is not finished, or its file is gone"
    )


class ColumnsNotAllowed(Problem):
    """`allowed` are the columns that the purpose needs; with none allowed, nobody is taken out in
    bulk for this purpose. What was asked for is not repeated: it may be anything."""

    status = 403
    type = "columns-not-allowed"
    title = Text("此目的不需要这些列", "The purpose does not need these columns")


class ImportClosed(Conflict):
    type = "import-closed"
    title = Text("导入已结束", "The import is over")


class CannotMerge(Conflict):
    type = "cannot-merge"
    title = Text("这两条记录不能合并", "These two records cannot be merged")


class SearchClosed(Conflict):
    type = "search-closed"
    title = Text("查重已结束", "The search is over")


class NotMerged(Conflict):
    type = "not-merged"
    title = Text("这两条记录没有合并", "These two records are not merged")


class AlreadyAsked(Conflict):
    """`request_id` is the request that waits."""

    type = "already-asked"
    title = Text("此项更正申请正在处理", "A request to correct this waits already")


class AlreadyDecided(Conflict):
    """`decision` says how."""

    type = "already-decided"
    title = Text("此申请已作出决定", "This request is decided already")


class ContradictoryLimits(Conflict):
    type = "contradictory-limits"
    title = Text("上下限相互矛盾", "The lower standard would not stay below the upper one")


class WorkUnitExists(Conflict):
    type = "work-unit-exists"
    title = Text("此信用代码的单位已登记", "A work unit of this credit code is registered")


class AgreementOverlaps(Conflict):
    """`agreement_id` is the one that runs in that time."""

    type = "agreement-overlaps"
    title = Text("同期已有协议", "An agreement of this kind runs in that time")


class AgreementClosed(Conflict):
    """`state` says what it is now."""

    type = "agreement-closed"
    title = Text("协议已不能这样办理", "The agreement is past that step")


class WrongParty(Conflict):
    """`needed` is the kind of party an agreement of this kind is made with."""

    type = "wrong-party"
    title = Text("协议对方与协议种类不符", "The other party does not fit this kind of agreement")


class RoomNotFound(NotFound):
    """Also said of a room outside the caller's jurisdiction."""

    title = Text("没有这个房间", "No such room here")


class RoomExists(Conflict):
    type = "room-exists"
    title = Text("此房屋已有同号房间", "The dwelling already has a room of this number")


class EstateExists(Conflict):
    type = "estate-exists"
    title = Text("此处已有同名小区", "The place already has an estate of this name")


class HomeClosed(Conflict):
    type = "home-closed"
    title = Text("房屋或房间已停用", "The building or room is closed")


class HomeOpen(Conflict):
    type = "home-open"
    title = Text("房屋或房间没有停用", "The building or room is not closed")


class LeaseExists(Conflict):
    """`lease_id` is the filing that has this reference."""

    type = "lease-exists"
    title = Text("此编号的租赁已备案", "A lease of this reference was filed before")


class LeaseOver(Conflict):
    """The lease ended, or goes on in another one (`renewed_by`)."""

    type = "lease-over"
    title = Text("租赁已结束或已续租", "The lease is over or renewed")


class LeaseWithoutEnd(Conflict):
    type = "lease-without-end"
    title = Text("租赁没有约定终止日,无需续租", "The lease has no end and needs no renewal")


class DatesOutOfOrder(Conflict):
    type = "dates-out-of-order"
    title = Text("终止日早于起始日", "It would end before it began")


class NotYourRoom(Forbidden):
    """A person files what she lets herself."""

    type = "not-your-room"
    title = Text("只能备案本人出租的房间", "A person files only what she lets herself")


class CardDoesNotFit(Conflict):
    """`fits` lists the cards that can be printed of this person."""

    type = "card-does-not-fit"
    title = Text("此人不适用这种卡", "This card is not for this person")


class HouseholdClosed(Conflict):
    type = "household-closed"
    title = Text("此户已注销", "The household is closed")


class HouseholdNotEmpty(Conflict):
    type = "household-not-empty"
    title = Text("此户仍有成员", "The household still has members")


class NotInHousehold(Conflict):
    """`person_ids` are those who are not."""

    type = "not-in-household"
    title = Text("有人不在此户", "Somebody named is not in this household")


class InAnotherHousehold(Conflict):
    type = "in-another-household"
    title = Text("此人已在另一户", "This person is in another household")


class NeedsHead(Conflict):
    """A household without a head: say who heads those who stay."""

    type = "household-without-head"
    title = Text("户主离开,须指定新户主", "The head leaves: name who heads those who stay")


class SecondHead(Conflict):
    type = "second-head"
    title = Text("此户已有户主", "The household already has a head")


class RelationsNeeded(Conflict):
    """`person_ids` are those whose relation to the new head has to be said."""

    type = "relations-needed"
    title = Text("须说明与新户主的关系", "Say how these members are related to the new head")


class LaterChange(Conflict):
    """`since` is the day of a later change; this one cannot come before it."""

    type = "later-change-known"
    title = Text("此后已有户内变动", "A later change of the household is recorded")


class ImpossibleDay(Conflict):
    """`reason` says against what in the register: before-birth, before-a-later-change,
    before-it-began."""

    type = "impossible-day"
    title = Text("此日期与登记内容不符", "That day contradicts the register")


class OverlappingStays(Conflict):
    """Somebody lives in one place at a time. A stay that was recorded wrong is corrected; a new one
    begins when the last one known had begun. `residence_id`, `since` and `until` are of the stay in
    the way, where the caller may see it."""

    type = "overlapping-stays"
    title = Text("居住时间重叠", "The stays overlap")


class NotThen(NotFound):
    """`reason` says why the register has no answer: not-known-yet (at `known_at`), not-born-yet
    (on `on`)."""

    type = "not-then"
    title = Text("当时没有此人的登记", "There was no such person then")


class WrongReviewer(Problem):
    """`reason` says why: decided-it-first, or not-of-the-county."""

    status = 403
    type = "wrong-reviewer"
    title = Text("此复核应由县级的另一人办理", "Somebody else, of the county level, decides this")


class NotRefused(Conflict):
    type = "not-refused"
    title = Text("此申请未被拒绝,无需复核", "The request was not refused: nothing to appeal")


class HomeTooLarge(Conflict):
    """More rooms than one drawing shows (`most`)."""

    type = "home-too-large"
    title = Text("房间过多,无法绘在一张图上", "Too many rooms for one drawing")


class ImpossibleChange(Conflict):
    """`reason` says why the change of the map makes no sense, `areas` which codes it is about."""

    type = "impossible-change"
    title = Text("此项区划调整不能办理", "This change of the map cannot be made")


class AnotherChange(Conflict):
    """`change_id` is the change of the same areas that is not finished."""

    type = "another-change"
    title = Text("该区划另有调整正在办理", "Another change of these areas is under way")


class ZoneNotThere(Conflict):
    """`zone_status` says where the blind zone stands; what was asked for does not follow on it."""

    type = "zone-not-there"
    title = Text("盲区的办理进度不符", "The blind zone is not at that point")


class AlreadyFound(Conflict):
    """`zone_id` is the blind zone that was found before."""

    type = "already-found"
    title = Text("此盲区已登记", "This blind zone is known already")


class ForbiddenField(Problem):
    """A profile of a feed names what is never held (design §1); it does not say which."""

    status = 422
    type = "never-held"
    title = Text("对照表中有不得收集的内容", "The profile names something that is never held here")


class UnknownProfile(NotFound):
    title = Text("没有这个对照表", "No such profile here")


class ProfileExists(Conflict):
    """`version` is the newest; send the next."""

    type = "profile-exists"
    title = Text("对照表已有此版本", "The profile has this version already")


class AlreadyReceived(Conflict):
    """`feed_id` is the batch that this file is."""

    type = "already-received"
    title = Text("此文件已作为批次接收", "This file was received as a batch before")


class FeedClosed(Conflict):
    """`status_of_feed` says how far it has come."""

    type = "feed-closed"
    title = Text("批次已不能这样办理", "The batch is past that step")


class CannotTake(Conflict):
    """`reason` says what has to be done first."""

    type = "cannot-take"
    title = Text("不能直接采用部门数据", "What the department says cannot be taken as it is")
