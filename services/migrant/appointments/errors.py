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


class DoubleBooked(Conflict):
    type = "double-booked"
    title = Text("此人在该时间已有预约", "The person has another appointment at that time")
