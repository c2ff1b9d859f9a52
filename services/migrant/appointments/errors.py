"""What can go wrong with appointments."""

from shared.problems import Conflict, Text


class AppointmentClosed(Conflict):
    type = "appointment-closed"
    title = Text("此预约已结束", "This appointment is over")


class ClosedThen(Conflict):
    """`free` are times of that day that can be had, as in SlotFull."""

    type = "closed-then"
    title = Text("该时间不办理此项预约", "The place keeps no appointment of this kind at that time")


class TooFarAhead(Conflict):
    type = "too-far-ahead"
    title = Text("该日期尚未开放预约", "Appointments of that day cannot be booked yet")


class AlreadyBegun(Conflict):
    type = "already-begun"
    title = Text("该时间已过", "That time has begun or is past")


class SlotFull(Conflict):
    type = "slot-full"
    title = Text("该时间已约满", "All places at that time are taken")


class TimesFree(Conflict):
    """`free` are times of that day that can be had."""

    type = "times-free"
    title = Text("当日尚有余号,可直接预约", "There are free times that day: book one")


class AlreadyWaiting(Conflict):
    type = "already-waiting"
    title = Text("此人已在当日候补", "The person waits for that day already")


class TooManyWaits(Conflict):
    type = "too-many-waits"
    title = Text("候补数量已达上限", "No more waiting lists at once")


class NothingOffered(Conflict):
    type = "nothing-offered"
    title = Text(
        "目前没有为此人保留的号,或已过保留时间", "No time is held for her, or not any more"
    )


class DoubleBooked(Conflict):
    type = "double-booked"
    title = Text("此人在该时间已有预约", "The person has another appointment at that time")
